"""The answer of the explorer as a table: rows in their order, a pivot, what it is compared with, and where it leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from exchange.flows.analysis import PAGE_PATIENCE_MS, Found, Key, count_on, explore
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.analysis import MEASURES, PLACES, TIMES, Measure, Unit
from exchange.model.money import Money
from exchange.storage.hours import HOUR_MS
from exchange.web import words
from exchange.web.analytics.asked import Asked, currencies, shifted
from exchange.web.analytics.opens import opened
from exchange.web.analytics.values import OTHERS, Figure, figure, value_name
from exchange.web.words import Times

COLUMNS = 8  # of a pivot; the others are one


class Told(NamedTuple):
    """One cell: the figure, where it leads, and how it moved since what it is compared with."""

    figure: Figure
    href: str = ""
    moved: str = ""
    before: Figure | None = None


class Line(NamedTuple):
    """One row: its values, their names, and a cell for each measure, or for each column of a pivot."""

    key: Key
    names: tuple[str, ...]
    cells: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """`old` is what it is compared with, under the keys of now. `keys` are all rows in their order."""

    market: Market
    asked: Asked
    times: Times
    found: Found
    old: Found | None
    keys: tuple[Key, ...]
    many_currencies: bool
    missing: int = 0

    @property
    def measures(self) -> tuple[Measure, ...]:
        return tuple(MEASURES[name] for name in self.asked.measures)

    @property
    def shown(self) -> Measure:
        return MEASURES[self.asked.show]

    @property
    def placed(self) -> bool:
        return self.asked.question.placed

    def figure(self, measure: Measure, key: Key, found: Found | None = None) -> Figure:
        found = found or self.found
        base = found.base.get(tuple(value for name, value in self._pairs(key) if name not in PLACES), 0)
        return figure(measure, found.rows.get(key, Counter()), self.asked.currency, placed=self.placed, base=base)

    def _pairs(self, key: Key) -> list[tuple[str, str]]:
        return list(zip(self.asked.groups, key, strict=True))

    def total_figure(self, measure: Measure, found: Found | None = None) -> Figure:
        found = found or self.found
        base = sum(found.base.values())
        return figure(measure, found.total, self.asked.currency, placed=self.placed, base=base)

    def cell(self, measure: Measure, key: Key) -> Told:
        now = self.figure(measure, key)
        href = opened(self.asked, measure, key, many_currencies=self.many_currencies) if now.hits else ""
        if self.old is None:
            return Told(now, href)
        before = self.figure(measure, key, self.old)
        return Told(now, href, moved(measure, now, before), before)

    def total(self) -> tuple[Told, ...]:
        """The sum of all rows, those that are not shown too."""
        found = []
        for measure in self.measures:
            now = self.total_figure(measure)
            href = opened(self.asked, measure, (), many_currencies=self.many_currencies) if now.hits else ""
            before = self.total_figure(measure, self.old) if self.old is not None else None
            found.append(Told(now, href, moved(measure, now, before) if before is not None else "", before))
        return tuple(found)

    def lines(self) -> list[Line]:
        """The rows of the table, at most as many as were asked for."""
        return [
            Line(key, self.names(key), tuple(self.cell(measure, key) for measure in self.measures))
            for key in self.keys[: self.asked.rows]
        ]

    def names(self, key: Key) -> tuple[str, ...]:
        return tuple(value_name(self.market, self.times, *pair) for pair in zip(self.asked.groups, key, strict=False))

    def rest(self) -> tuple[str, str] | None:
        """Money that no single sale brought: revenue and payout."""
        if not any(self.found.rest):
            return None
        revenue, payout = (words.money(Money(units, self.asked.currency)) for units in self.found.rest)
        return revenue, payout

    def axis(self) -> list[str]:
        """Every time of the period, those without a lead too, where the first group is one."""
        period, name = self.asked.period, self.asked.groups[0]
        if name == "hour":
            first = period.begin
            return [str(at) for at in range(first, period.until, HOUR_MS)]
        step = timedelta(days=7 if name == "week" else 1)
        day, last = period.first, min(period.last, self.times.local(period.until - 1).date())
        day -= timedelta(days=day.weekday() if name == "week" else 0)
        found: list[date] = []
        while day <= last:
            found.append(day)
            day += step
        return [each.isoformat() for each in found]

    def ranked(self, place: int) -> list[str]:
        """The values of one group, those with most of the measure shown first; times in their order."""
        if self.asked.groups[place] in TIMES:
            return sorted({key[place] for key in self.found.rows})
        sums: dict[str, Counter[str]] = {}
        for key, each in self.found.rows.items():
            sums.setdefault(key[place], Counter()).update(each)
        order = {value: self._rank(each) for value, each in sums.items()}
        return sorted(order, key=lambda value: (-order[value], value))

    def _rank(self, sums: Counter[str]) -> float:
        under = self.shown.parts(placed=self.placed)[1]
        most = figure(self.shown, sums, self.asked.currency, placed=self.placed, base=1)
        return float(sums[under]) if self.shown.unit in (Unit.SHARE, Unit.EACH, Unit.MS) else most.value or 0.0


def moved(measure: Measure, now: Figure, before: Figure) -> str:
    """`+6.2%` against before; shares in points."""
    if now.value is None or before.value is None:
        return ""
    if measure.unit is Unit.SHARE:
        if now.few or before.few:
            return ""
        points = now.value - before.value
        return f"{'+' if points >= 0 else words.MINUS}{abs(points):.1f} pt"
    return words.change(now.value, before.value) if before.value > 0 else ""


async def answer(
    market: Market, actor: Actor, asked: Asked, times: Times, main: str, patience_ms: int | None = None
) -> Answer:
    """`main` is the exchange's own currency. What a page has no patience for a job counts on."""
    found = await explore(market, actor, asked.question, patience_ms)
    old, missing = None, found.missing
    if asked.before is not None:
        old = await explore(market, actor, asked.before, patience_ms)
        missing += old.missing
        days = (asked.period.first - times.local(asked.period.old_begin).date()).days
        old.rows = {_shift(asked, key, days, times): sums for key, sums in old.rows.items()}
        old.base = {_shift_base(asked, key, days, times): leads for key, leads in old.base.items()}
    if patience_ms is not None:
        for question, part in ((asked.question, found), (asked.before, old)):
            if question is not None and part is not None and part.missing:
                await count_on(market, question)
    many = len(currencies(market, main)) > 1
    made = Answer(market, asked, times, found, old, (), many, missing)
    return replace(made, keys=tuple(_ordered(made)))


async def quick_answer(market: Market, actor: Actor, asked: Asked, times: Times, main: str) -> Answer:
    """For a page."""
    return await answer(market, actor, asked, times, main, PAGE_PATIENCE_MS)


def _shift(asked: Asked, key: Key, days: int, times: Times) -> Key:
    return tuple(
        shifted(value, name, days, times) if name in TIMES else value
        for name, value in zip(asked.groups, key, strict=True)
    )


def _shift_base(asked: Asked, key: Key, days: int, times: Times) -> Key:
    names = [name for name in asked.groups if name not in PLACES]
    return tuple(
        shifted(value, name, days, times) if name in TIMES else value for name, value in zip(names, key, strict=True)
    )


def _ordered(made: Answer) -> Sequence[Key]:
    asked, keys = made.asked, list(made.found.rows)
    if not asked.groups:
        return keys
    if asked.sort:
        measure, falling = MEASURES[asked.sort.removeprefix("-")], asked.sort.startswith("-")
        values = {key: made.figure(measure, key).value for key in keys}
        known = sorted((key for key in keys if values[key] is not None), key=lambda key: (values[key], key))
        return [*(reversed(known) if falling else known), *sorted(key for key in keys if values[key] is None)]
    rank = {key: made.figure(made.shown, key) for key in keys}
    return sorted(keys, key=_order(made, rank))


def _order(made: Answer, rank: dict[Key, Figure]) -> Callable[[Key], tuple[object, ...]]:
    """Times go on as they do; else what is most stands first, shares by how many they are of."""
    shares = made.shown.unit in (Unit.SHARE, Unit.EACH, Unit.MS)

    def order(key: Key) -> tuple[object, ...]:
        size = -(rank[key].of if shares else rank[key].value or 0.0)
        if made.asked.timed:
            return (key[0], size, key)
        return (size, key)

    return order


class Pivot(NamedTuple):
    """The measure shown: rows of the first group by columns of the second. `columns` are values and their names."""

    columns: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    foot: tuple[Told, ...]
    rows: int


def pivot(made: Answer) -> Pivot:
    """Columns beyond the eighth, and rows beyond those asked for, are one. Shares are of what they hold together."""
    rows, columns = made.ranked(0), made.ranked(1)
    if made.asked.sort.startswith("-") or not made.asked.timed:
        rows = rows[: made.asked.rows]
    shown = columns[:COLUMNS] if len(columns) > COLUMNS + 1 else columns
    kept = [*shown, *([OTHERS] if len(shown) < len(columns) else [])]
    sums: dict[Key, Counter[str]] = {}
    for (first, second), each in made.found.rows.items():
        sums.setdefault((first, second if second in shown else OTHERS), Counter()).update(each)
    lines = [
        Line((row,), (value_name(made.market, made.times, made.asked.groups[0], row),),
             tuple(_cell(made, sums.get((row, column), Counter()), (row, column)) for column in kept))
        for row in rows
    ]  # fmt: skip
    foot = tuple(_cell(made, _column(made, shown, column), ("", column), total=True) for column in kept)
    names = tuple((each, value_name(made.market, made.times, made.asked.groups[1], each)) for each in kept)
    return Pivot(names, tuple(lines), foot, len({key[0] for key in made.found.rows}))


def _column(made: Answer, shown: Sequence[str], column: str) -> Counter[str]:
    found = Counter[str]()
    for (_, second), each in made.found.rows.items():
        if second == column or (column == OTHERS and second not in shown):
            found.update(each)
    return found


def _cell(made: Answer, sums: Counter[str], key: Key, *, total: bool = False) -> Told:
    pairs = list(zip(made.asked.groups, key, strict=True))
    base = made.found.base
    if total:
        leads = sum(base.values())
    else:
        leads = base.get(tuple(value for name, value in pairs if name not in PLACES), 0)
    now = figure(made.shown, sums, made.asked.currency, placed=made.placed, base=leads)
    linked = now.hits and not total
    return Told(now, opened(made.asked, made.shown, key, many_currencies=made.many_currencies) if linked else "")
