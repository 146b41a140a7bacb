"""The book of a buyer or a seller laid beside ours: brought, looked at, compared. Nothing is booked by that."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from exchange import limits
from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.people_sold import contact_indexes, hashes_of_lead
from exchange.flows.small_files import CannotRead, Samples, cells_of, open_file, seal_file, take_file
from exchange.model.actor import Actor
from exchange.model.batch import Batch
from exchange.model.ledger import seller_account
from exchange.model.reconciling import Difference, Ours, Standing, Theirs
from exchange.stages.book_columns import MEANINGS, BookRow, guess_meanings, lacking, read_book_row
from exchange.stages.file_columns import BadColumns, said_columns
from exchange.stages.personal import looks_personal
from exchange.stages.reconcile import DAY_MS, Span, compare
from exchange.stages.suppression.forms import digest_hex, hash_named
from exchange.storage.database import Row
from exchange.storage.our_book import NAMED_AT_ONCE, OURS_MOST, our_book, our_named, sealed_leads
from exchange.storage.reconciliations import BookFile, Outcome, add_book, keep_outcome, read_book

UNREADABLE = "unreadable"
_PLACE = "reconciliation"
_BEYOND_MS = 4 * DAY_MS  # so far beyond its span a line of a wrong day is still found
_LEADS_AT_ONCE = 512
_HEX_LENGTHS = (32, 40, 64)


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
    theirs = await asyncio.to_thread(lambda: [_theirs(market, row) for row in rows if not row.problem])
    ours = await _our_lines(market, file, theirs, (since - _BEYOND_MS, until + _BEYOND_MS))
    lines = await asyncio.to_thread(_lines, file, rows, theirs, ours, Span(since, until, zone))
    outcome = Outcome(file.id, chosen, since, until, *lines, market.clock.now())
    if not await market.db.write(keep_outcome, outcome):
        raise CannotReconcile("Some differences are decided already: what was compared stands.")


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


async def _our_lines(market: Market, file: BookFile, theirs: Sequence[Theirs], span: tuple[int, int]) -> Sequence[Ours]:
    """Our sales of a time and, whatever their time, those that a row names by an id or a reference, or by its consumer
    where it is a credit: what was sold earlier comes back later. Raises `CannotReconcile`."""
    whose = file.party, file.currency, file.id
    found = await market.db.read(our_book, *whose, *span)
    if len(found) >= OURS_MOST:
        raise CannotReconcile("Our book has more lines than can be laid beside it at once. Take a shorter time.")
    ours = [_ours(row, file.party) for row in found]
    known = {name for line in ours for name in (*line.ids, *line.their_ids)}
    people = {person for line in ours for person in line.people}
    names = sorted({name for row in theirs for name in (row.id, row.reference) if name} - known)
    whom = sorted({each for row in theirs if (row.units or 0) < 0 for each in row.people} - people)
    have = {line.attempt_id for line in ours}
    for start in range(0, max(len(names), len(whom)), NAMED_AT_ONCE):
        part = slice(start, start + NAMED_AT_ONCE)
        for row in await market.db.read(our_named, *whose, names[part], whom[part]):
            if row["attempt_id"] not in have:
                have.add(row["attempt_id"])
                ours.append(_ours(row, file.party))
    return await _with_hashes(market, theirs, ours)


async def _with_hashes(market: Market, theirs: Sequence[Theirs], ours: Sequence[Ours]) -> Sequence[Ours]:
    """Where rows name consumers by plain hashes, which are kept nowhere: ours are opened and hashed to find them."""
    wanted = {person for row in theirs for person in row.people if _hash_of(person)}
    kinds = sorted({name for person in wanted if (name := _hash_of(person))})
    if not wanted:
        return ours
    said: dict[str, frozenset[bytes]] = {}
    leads = sorted({line.lead_id for line in ours})
    for start in range(0, len(leads), _LEADS_AT_ONCE):
        rows = await market.db.read(sealed_leads, leads[start : start + _LEADS_AT_ONCE])
        said |= await asyncio.to_thread(_hashed, market, rows, kinds, wanted)
    nobody: frozenset[bytes] = frozenset()
    return [line._replace(people=line.people | said.get(line.lead_id, nobody)) for line in ours]


def _hashed(
    market: Market, rows: Sequence[Row], kinds: Sequence[str], wanted: Set[bytes]
) -> dict[str, frozenset[bytes]]:
    """In a thread: what is opened is hashed and let go."""
    return {
        row["lead_id"]: frozenset(digest.encode() for digest in hashes_of_lead(market, row, kinds)) & wanted
        for row in rows
    }


def _hash_of(person: bytes) -> str | None:
    """The hash that this is, in hex; None for a keyed hash of ours."""
    return hash_named(person.decode("ascii")) if len(person) in _HEX_LENGTHS and person.isalnum() else None


Lines = tuple[int, int, int, tuple[tuple[object, ...], ...]]


def _lines(
    file: BookFile, rows: Sequence[BookRow], theirs: Sequence[Theirs], ours: Sequence[Ours], span: Span
) -> Lines:
    """In a thread: how many lines agree, the sums of both books, and the differences as they are kept."""
    compared = compare(ours, theirs, span)
    kept: list[tuple[object, ...]] = [
        _unreadable(file.id, number, row) for number, row in enumerate((row for row in rows if row.problem), start=1)
    ]
    kept += [_kept(file.id, number, each) for number, each in enumerate(compared.differences, start=len(kept) + 1)]
    return compared.agreed, compared.ours_units, compared.theirs_units, tuple(kept)


def _ours(row: Row, party: str) -> Ours:
    buyers = party.startswith("buyer:")
    back = row["units"] <= 0 and (row["whole_units"] > 0 or row["reversed_at"] is not None)
    standing = Standing.UNCLEAR if row["state"] == "unclear" else Standing.RETURNED if back else Standing.SOLD
    names = (row["buyer_reference"], row["bid_reference"]) if buyers else (row["seller_lead_id"],)
    people = frozenset(bytes(row[name]) for name in ("phone_index", "email_index") if row[name] is not None)
    known = tuple(name for name in names if name)
    sale = row["sale_id"], row["attempt_id"], row["lead_id"]
    own = (*sale, row["reference"])
    return Ours(*sale, own, known, people, row["at"], row["units"], standing, row["whole_units"] - row["units"])


def _theirs(market: Market, row: BookRow) -> Theirs:
    people = frozenset(person for text in (row.phone, row.email) if text for person in _people(market, text))
    return Theirs(row.number, row.id, row.reference, people, row.at, row.units, row.whole_day)


def _people(market: Market, text: str) -> Iterable[bytes]:
    """The keyed hashes of a phone or an email; a plain hash of one as it is, in hex."""
    name = hash_named(text)
    if name is None:
        return contact_indexes(market, text)
    digest = digest_hex(text, name)
    return (digest.encode(),) if digest is not None else ()


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
