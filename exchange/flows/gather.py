"""What a document is made of, read from the ledger in slices: the same now and whenever somebody counts again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from exchange.model.statement import Line, Movement, Period
from exchange.stages.statement import added, home_of, is_line, is_payment, tally
from exchange.storage.database import Db
from exchange.storage.movements import first_movement_at, movements, slices


class Gathered(NamedTuple):
    """A period's movements as lines. `corrections` are of earlier periods, each with the period that they go back to;
    `moved` is what the account gained in all, in units."""

    lines: tuple[Line, ...] = ()
    payments: tuple[Line, ...] = ()
    corrections: tuple[tuple[Period, tuple[Line, ...]], ...] = ()
    moved: int = 0

    @property
    def all_lines(self) -> tuple[Line, ...]:
        """With the corrections, for documents that do not part them."""
        return added(self.lines, (line for _, lines in self.corrections for line in lines))


async def read_period(db: Db, period: Period, now: int) -> AsyncIterator[list[Movement]]:
    """The movements of a period, a day at a time."""
    begun = period.since.at or await db.read(first_movement_at, period.account, period.currency)
    if not begun:
        return
    for since, until in slices(period, begun, now):
        if found := await db.read(movements, period, since, until):
            yield found


async def gather(db: Db, period: Period, earlier: Sequence[Period], now: int) -> Gathered:
    """Count a period. `earlier` are the account's closed periods, from which corrections are told apart."""
    lines: tuple[Line, ...] = ()
    payments: tuple[Line, ...] = ()
    back: dict[Period, tuple[Line, ...]] = {}
    moved = 0
    async for page in read_period(db, period, now):
        moved += sum(each.units for each in page)
        homes = [(home_of(each, earlier), each) for each in page if is_line(each)]
        lines = added(lines, tally((each for home, each in homes if home is None), sign=-1))
        payments = added(payments, tally((each for each in page if is_payment(each)), sign=1))
        for home in {home for home, _ in homes if home is not None}:
            part = tally((each for its, each in homes if its == home), sign=-1)
            back[home] = added(back.get(home, ()), part)
    corrections = tuple(sorted(back.items(), key=lambda pair: pair[0].until))
    return Gathered(lines, payments, corrections, moved)
