"""The book of a buyer or a seller laid beside ours: brought, compared, and each difference decided, once.

A decision that takes the other side's word books what its book says more, against the house's margin, or settles the
post that nobody knew the end of. Nothing is booked by comparing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from exchange import limits
from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.people_sold import contact_indexes
from exchange.flows.settle import CannotSettle, Decision, settle
from exchange.flows.small_files import CannotRead, Samples, cells_of, open_file, seal_file, take_file
from exchange.model.actor import Actor
from exchange.model.audit import AuditLine
from exchange.model.batch import Batch
from exchange.model.ledger import MARGIN, Posting, Transaction, TransactionKind, seller_account
from exchange.model.money import Money
from exchange.model.reconciling import Difference, DifferenceKind, Ours, Standing, Theirs
from exchange.stages.book_columns import MEANINGS, BookRow, guess_meanings, lacking, read_book_row
from exchange.stages.file_columns import BadColumns, said_columns
from exchange.stages.normalize import looks_personal
from exchange.stages.reconcile import DAY_MS, Span, compare
from exchange.storage.database import Row
from exchange.storage.reconciliations import (
    OURS_MOST,
    BookFile,
    BookMoved,
    Outcome,
    add_book,
    decide_line,
    keep_outcome,
    our_book,
    read_book,
    read_line,
    settled_as,
)

UNREADABLE = "unreadable"
OURS, THEIRS = "ours", "theirs"
_PLACE = "reconciliation"
_BEYOND_MS = 4 * DAY_MS  # so far beyond its span a line of a wrong day is still found
_UNCLEAR = (DifferenceKind.UNCLEAR.value, DifferenceKind.UNCLEAR_ABSENT.value)
_NOTE_MOST = 300


class CannotReconcile(CannotRead):
    """Nothing was done; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Look:
    """A file: its columns with samples of what stands in them, and what it lacks."""

    file: BookFile
    samples: Mapping[str, tuple[str, ...]]
    lacks: str | None


async def bring_book(market: Market, party: str, currency: str, name: str, data: bytes, actor: Actor) -> str:
    """Keep a file and guess its columns. Returns its id; the same bytes are the same file.

    Raises `CannotRead`, and the `BadFile` of the door.
    """
    if account_of_party(market, party) is None:
        raise CannotReconcile("Choose whose book it is.")
    taken = await take_file(market, name, data)
    now = market.clock.now()
    file_id, columns = market.ids.new("rcn", now), guess_meanings(taken.columns)
    sealed = seal_file(market, _PLACE, taken)
    file = BookFile(file_id, month_of(now), party, currency, taken.hash, taken.name, columns, *sealed, now, actor.name)
    after = {"file": file_id, "rows": str(taken.rows)}
    line = audit_line(market.ids, now, actor, "reconciliation.brought", party, after=after)
    return await market.db.write(add_book, file, line)


async def look_at_book(market: Market, file_id: str) -> Look | None:
    """None when there is no such file; without samples when it is no longer kept."""
    file = await market.db.read(read_book, file_id)
    if file is None:
        return None
    samples = await asyncio.to_thread(_samples, market, file) if file.sealed is not None else {}
    return Look(file, samples, lacking(file.columns))


async def compare_book(
    market: Market, file_id: str, columns: Mapping[str, str] | None = None, span: tuple[int, int] | None = None
) -> None:
    """Lay the file beside our book and keep what differs. `columns` and `span` (epoch ms) replace what was guessed.

    Raises `CannotReconcile`; also once something was decided, since the decisions would lose what they are about.
    """
    file = await market.db.read(read_book, file_id)
    if file is None or file.sealed is None:
        raise CannotReconcile("The file is no longer kept. Bring it again.")
    chosen = _checked(columns) if columns is not None else file.columns
    if (lacks := lacking(chosen)) is not None:
        raise CannotReconcile(lacks)
    rows = await asyncio.to_thread(_book_rows, market, file, chosen)
    zone = ZoneInfo(market.zone)
    since, until = span or _span_of([row.at for row in rows if row.at is not None and not row.problem], zone)
    found = await market.db.read(our_book, file, since - _BEYOND_MS, until + _BEYOND_MS)
    if len(found) >= OURS_MOST:
        raise CannotReconcile("Our book has more lines than can be laid beside it at once. Take a shorter time.")
    lines = await asyncio.to_thread(_lines, market, file, rows, found, Span(since, until, zone))
    outcome = Outcome(file.id, chosen, since, until, *lines, market.clock.now())
    if not await market.db.write(keep_outcome, outcome):
        raise CannotReconcile("Some differences are decided already: what was compared stands.")


async def decide_difference(
    market: Market, file_id: str, number: int, decision: str, note: str, actor: Actor, ip: str = ""
) -> bool:
    """Whose word counts for one difference: `ours` books nothing, `theirs` books or settles what theirs says.

    False when it was decided before. Raises `CannotReconcile`, and `CannotSettle` for a post that cannot be settled.
    """
    note = note.strip()[:_NOTE_MOST]
    file, row = await market.db.read(read_book, file_id), await market.db.read(read_line, file_id, number)
    if file is None or row is None:
        raise CannotReconcile("There is no such difference.")
    if decision not in (OURS, THEIRS):
        raise CannotReconcile("Say whose word counts: ours or theirs.")
    if not note:
        raise CannotReconcile("Say why: the reason stays with the decision.")
    if row["decided_at"] is not None:
        return False
    if decision == THEIRS and row["kind"] == UNREADABLE:
        raise CannotReconcile("The row cannot be read: correct the file and bring it again.")
    if decision == THEIRS and row["kind"] in _UNCLEAR:
        await _settle(market, file, row, note, actor, ip)
    booking = _booking(market, file, row, note, actor) if decision == THEIRS else None
    line = _decided_line(market, file, row, decision, note, actor, ip)
    try:
        return await market.db.write(decide_line, file_id, number, decision, note, booking, line)
    except BookMoved as error:
        raise CannotReconcile(f"Nothing is booked for row {row['number']}: {error}. Keep ours.") from None


async def _settle(market: Market, file: BookFile, row: Row, note: str, actor: Actor, ip: str) -> None:
    """The other side's book says how an unclear post ended. One that was settled meanwhile the same way is no error."""
    accepted = row["kind"] == DifferenceKind.UNCLEAR.value
    price = None
    if accepted and row["theirs_units"] is not None and file.party.startswith("buyer:"):
        price = Money(row["theirs_units"], file.currency)
    why = f"{file.name}, row {row['row_number']}: {note}" if accepted else f"not in {file.name}: {note}"
    try:
        await settle(market, row["attempt_id"], Decision(accepted, why[:_NOTE_MOST], price), actor, ip)
    except CannotSettle as error:
        if not await market.db.read(settled_as, row["attempt_id"], accepted, price.units if price else None):
            raise CannotReconcile(str(error)) from error


def _booking(market: Market, file: BookFile, row: Row, note: str, actor: Actor) -> Transaction | None:
    """What their book says more, taken from or given to their account, under one reference for one difference."""
    more = row["more_units"]
    if not more:
        return None
    account = account_of_party(market, file.party)
    if account is None:
        raise CannotReconcile("Whose book it is no longer has an account.")
    gains = (more > 0) is file.party.startswith("seller:")  # a seller is given what it says more, a buyer owes it
    source, destination = (MARGIN, account) if gains else (account, MARGIN)
    now, money = market.clock.now(), Money(abs(more), file.currency)
    cause = f"{actor.role.value} {actor.name}: {file.name}: {note}"
    reference = f"adjustment:{account}:{file.id}:{row['number']}"
    postings = (Posting(source, destination, money),)
    return Transaction(reference, TransactionKind.ADJUSTMENT, postings, now, month_of(now), cause)


def _decided_line(
    market: Market, file: BookFile, row: Row, decision: str, note: str, actor: Actor, ip: str
) -> AuditLine:
    after = {"file": file.id, "difference": str(row["number"]), "kind": row["kind"], "word": decision, "why": note}
    line = audit_line(market.ids, market.clock.now(), actor, "reconciliation.decided", file.party, after=after)
    return replace(line, ip=ip)


def account_of_party(market: Market, party: str) -> str | None:
    """The account that a party's sales are booked on; None when there is no such party."""
    role, _, name = party.partition(":")
    if role == "buyer" and name in market.deals.buyers:
        return market.deals.buyers[name].account
    return seller_account(name) if role == "seller" and name in market.deals.sellers else None


def _checked(columns: Mapping[str, str]) -> dict[str, str]:
    try:
        return said_columns(columns, MEANINGS)
    except BadColumns as error:
        raise CannotReconcile(str(error)) from None


def _opened(market: Market, file: BookFile) -> Batch:
    assert file.sealed is not None and file.wrapped is not None
    return open_file(market, _PLACE, file.name, file.hash, file.wrapped, file.sealed)


def _samples(market: Market, file: BookFile) -> dict[str, tuple[str, ...]]:
    """In a thread: the first values that differ of each column."""
    batch = _opened(market, file)
    samples = Samples(batch.layout.columns)
    for number, cells in cells_of(market, batch):
        if number > limits.DISPOSITIONS_AT_ONCE:
            break
        samples.add(cells)
    return samples.by_column()


def _book_rows(market: Market, file: BookFile, columns: Mapping[str, str]) -> list[BookRow]:
    batch = _opened(market, file)
    return [read_book_row(number, cells, columns, file.currency) for number, cells in cells_of(market, batch)]


def _span_of(times: Sequence[int], zone: ZoneInfo) -> tuple[int, int]:
    """The whole days of the zone that a file speaks of."""
    if not times:
        raise CannotReconcile("The rows have no time: say from which day to which the book goes.")
    first, last = (datetime.fromtimestamp(at / 1000, UTC).astimezone(zone) for at in (min(times), max(times)))
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    end = last.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() + DAY_MS // 1000
    return int(midnight.timestamp()) * 1000, int(end) * 1000


Lines = tuple[int, int, int, tuple[tuple[object, ...], ...]]


def _lines(market: Market, file: BookFile, rows: Sequence[BookRow], found: Sequence[Row], span: Span) -> Lines:
    """In a thread: how many lines agree, the sums of both books, and the differences as they are kept."""
    buyers = file.party.startswith("buyer:")
    theirs = [_theirs(market, row) for row in rows if not row.problem]
    compared = compare([_ours(row, buyers) for row in found], theirs, span)
    kept: list[tuple[object, ...]] = [
        _unreadable(file.id, number, row) for number, row in enumerate((row for row in rows if row.problem), start=1)
    ]
    kept += [_kept(file.id, number, each) for number, each in enumerate(compared.differences, start=len(kept) + 1)]
    return compared.agreed, compared.ours_units, compared.theirs_units, tuple(kept)


def _ours(row: Row, buyers: bool) -> Ours:
    back = row["units"] <= 0 and (row["whole_units"] > 0 or row["reversed_at"] is not None)
    standing = Standing.UNCLEAR if row["state"] == "unclear" else Standing.RETURNED if back else Standing.SOLD
    names = (row["buyer_reference"], row["bid_reference"]) if buyers else (row["seller_lead_id"],)
    people = frozenset(bytes(row[name]) for name in ("phone_index", "email_index") if row[name] is not None)
    known = tuple(name for name in names if name)
    sale = row["sale_id"], row["attempt_id"], row["lead_id"]
    return Ours(*sale, (*sale, row["reference"]), known, people, row["at"], row["units"], standing)


def _theirs(market: Market, row: BookRow) -> Theirs:
    people = frozenset(index for text in (row.phone, row.email) if text for index in contact_indexes(market, text))
    return Theirs(row.number, row.id, row.reference, people, row.at, row.units, row.whole_day)


def _unreadable(file_id: str, number: int, row: BookRow) -> tuple[object, ...]:
    name = _name(row.id or row.reference)
    nothing = (None,) * 3
    return file_id, number, UNREADABLE, *nothing, row.number, name, None, None, row.units, 0, None, row.at, row.problem


def _kept(file_id: str, number: int, each: Difference) -> tuple[object, ...]:
    """In the order of `LINE`."""
    ours, theirs = each.ours, each.theirs
    return (
        file_id,
        number,
        each.kind.value,
        ours.sale_id if ours is not None and ours.standing is not Standing.UNCLEAR else None,
        ours.attempt_id if ours is not None else None,
        ours.lead_id if ours is not None else None,
        theirs.number if theirs is not None else None,
        _name(theirs.name) if theirs is not None else "",
        each.other.number if each.other is not None else None,
        ours.units if ours is not None else None,
        theirs.units if theirs is not None else None,
        each.more_units,
        ours.at if ours is not None else None,
        theirs.at if theirs is not None else None,
        "",
    )


def _name(text: str) -> str:
    """As it is kept in clear: a phone or an email in the wrong column is not."""
    return "" if looks_personal(text) else text[:80]
