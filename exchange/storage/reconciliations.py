"""Books of others beside ours: their files, what differs, and what was decided, with its money, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from exchange.model.audit import AuditLine
from exchange.model.ledger import Transaction
from exchange.model.work import Closing, LeadState, Settlement, Sums
from exchange.storage.audit import record
from exchange.storage.database import Row, StorageError, Tx
from exchange.storage.ledger import book
from exchange.storage.our_book import units_of
from exchange.storage.rows import inserted
from exchange.storage.selling import settle_once

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class BookFile:
    """A file of a party. `columns` gives its columns their meaning; `sealed` is None once it was forgotten."""

    id: str
    month: str
    party: str
    currency: str
    hash: bytes
    name: str
    columns: Mapping[str, str]
    wrapped: bytes | None
    sealed: bytes | None
    made_at: int
    made_by: str
    since_at: int | None = None
    until_at: int | None = None
    lines: int = 0
    agreed: int = 0
    ours_units: int = 0
    theirs_units: int = 0
    compared_at: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A comparison as it is kept. `lines` are tuples in the order of `LINE`, after the id of the file."""

    file_id: str
    columns: Mapping[str, str]
    since_at: int
    until_at: int
    agreed: int
    ours_units: int
    theirs_units: int
    lines: tuple[tuple[object, ...], ...]
    at: int


LINE = (
    "reconciliation_id",
    "number",
    "kind",
    "sale_id",
    "attempt_id",
    "lead_id",
    "row_number",
    "row_name",
    "other_row",
    "ours_units",
    "theirs_units",
    "more_units",
    "ours_at",
    "theirs_at",
    "note",
)


async def add_book(tx: Tx, file: BookFile, line: AuditLine) -> str:
    """Keep a file. Returns its id, or that of the same bytes that came before: those are one file."""
    rows = await tx.fetch(
        """INSERT INTO reconciliations (id, month, party, currency, file_hash, name, columns, wrapped, sealed, made_at,
               made_by)
           VALUES (:id, :month, :party, :currency, :hash, :name, :columns, :wrapped, :sealed, :at, :by)
           ON CONFLICT (party, file_hash) DO UPDATE SET wrapped = :wrapped, sealed = :sealed RETURNING id""",
        id=file.id,
        month=file.month,
        party=file.party,
        currency=file.currency,
        hash=file.hash,
        name=file.name,
        columns=orjson.dumps(dict(file.columns)).decode(),
        wrapped=file.wrapped,
        sealed=file.sealed,
        at=file.made_at,
        by=file.made_by,
    )
    if rows[0]["id"] == file.id:
        await record(tx, line)
    return str(rows[0]["id"])


async def read_book(tx: Tx, file_id: str) -> BookFile | None:
    rows = await tx.fetch("SELECT * FROM reconciliations WHERE id = :id", id=file_id)
    return book_of(rows[0]) if rows else None


async def book_head(tx: Tx, file_id: str) -> BookFile | None:
    """As `read_book`, without what is in it."""
    rows = await tx.fetch(f"SELECT {HEAD} FROM reconciliations r WHERE r.id = :id", id=file_id)
    return book_of(rows[0]) if rows else None


HEAD = """r.id, r.month, r.party, r.currency, r.file_hash, r.name, r.columns, NULL AS wrapped, NULL AS sealed,
    r.made_at, r.made_by, r.since_at, r.until_at, r.line_count, r.agreed, r.ours_units, r.theirs_units, r.compared_at"""


async def keep_outcome(tx: Tx, outcome: Outcome) -> bool:
    """Keep what a comparison found. False once something was decided: then the earlier one stands.

    The file's row is locked first, as by whoever decides.
    """
    await tx.fetch(f"SELECT id FROM reconciliations WHERE id = :id {tx.for_update}", id=outcome.file_id)
    decided = await tx.fetch(
        """SELECT number FROM reconciliation_lines
           WHERE reconciliation_id = :id AND decided_at IS NOT NULL LIMIT 1""",
        id=outcome.file_id,
    )
    if decided:
        return False
    await tx.execute("DELETE FROM reconciliation_lines WHERE reconciliation_id = :id", id=outcome.file_id)
    await tx.execute(
        """UPDATE reconciliations SET columns = :columns, since_at = :since, until_at = :until, agreed = :agreed,
               ours_units = :ours, theirs_units = :theirs, line_count = :lines, compared_at = :at WHERE id = :id""",
        id=outcome.file_id,
        columns=orjson.dumps(dict(outcome.columns)).decode(),
        since=outcome.since_at,
        until=outcome.until_at,
        agreed=outcome.agreed,
        ours=outcome.ours_units,
        theirs=outcome.theirs_units,
        lines=len(outcome.lines),
        at=outcome.at,
    )
    for start in range(0, len(outcome.lines), _AT_ONCE):
        sql, params = inserted("reconciliation_lines", LINE, list(outcome.lines[start : start + _AT_ONCE]))
        await tx.execute(sql, **params)
    return True


async def lines_of(
    tx: Tx, file_id: str, kind: str = "", *, open_only: bool = False, after: int = 0, most: int = 1 << 31
) -> list[Row]:
    """The differences of a file in their order, of one kind when it is named; those after a number."""
    which = "AND l.kind = :kind" if kind else ""
    waiting = "AND l.decided_at IS NULL" if open_only else ""
    return await tx.fetch(
        f"""SELECT l.*, d.initials, d.city, d.us_state FROM reconciliation_lines l LEFT JOIN leads d ON d.id = l.lead_id
            WHERE l.reconciliation_id = :id AND l.number > :after {which} {waiting} ORDER BY l.number LIMIT :most""",
        id=file_id,
        after=after,
        most=most,
        **({"kind": kind} if kind else {}),
    )


async def read_line(tx: Tx, file_id: str, number: int) -> Row | None:
    rows = await tx.fetch(
        "SELECT * FROM reconciliation_lines WHERE reconciliation_id = :id AND number = :number",
        id=file_id,
        number=number,
    )
    return rows[0] if rows else None


class BookMoved(StorageError):
    """Our book is not what theirs was compared with: the money of this difference may have moved already."""


class DecidedBefore(StorageError):
    """Somebody decided this difference meanwhile."""


class Decided(NamedTuple):
    """All that deciding one difference stores. `booking` None: no money moves. `compared_at` is when what was looked at
    was compared."""

    file_id: str
    party: str
    compared_at: int | None
    number: int
    decision: str
    note: str
    booking: Transaction | None
    line: AuditLine


async def decide_line(tx: Tx, wanted: Decided) -> bool:
    """Decide one difference, and book its money in the same breath. False when it was decided before.

    Raises `BookMoved` when the books were compared anew, or money would be booked that a return, or a decision on
    another file, has moved since.
    """
    booking, line = wanted.booking, wanted.line
    whose = "party = :party" if booking is not None else "party = :party AND id = :id"
    files = await tx.fetch(
        f"SELECT id, compared_at FROM reconciliations WHERE {whose} ORDER BY id {tx.for_update}",
        party=wanted.party,
        **({} if booking is not None else {"id": wanted.file_id}),
    )
    if (wanted.file_id, wanted.compared_at) not in [(each["id"], each["compared_at"]) for each in files]:
        raise BookMoved("the books were compared anew meanwhile")
    changed = await tx.execute(
        """UPDATE reconciliation_lines SET decision = :decision, note = :note, reference = :reference,
               decided_at = :at, decided_by = :by
           WHERE reconciliation_id = :id AND number = :number AND decided_at IS NULL""",
        id=wanted.file_id,
        number=wanted.number,
        decision=wanted.decision,
        note=wanted.note,
        reference=booking.reference if booking is not None else None,
        at=line.at,
        by=line.actor.name,
    )
    if not changed:
        return False
    if booking is not None:
        await _require_unmoved(tx, wanted.file_id, wanted.number)
        await book(tx, booking)
    await record(tx, line)
    return True


async def settle_line(
    tx: Tx, wanted: Decided, settlement: Settlement, before: Sums, closings: tuple[Closing, ...], line: AuditLine
) -> LeadState | None:
    """Settle an unclear post and decide its difference, both or neither. None when the post was settled before.

    Raises `DecidedBefore`, and `LeadMoved` as `settle_once` does.
    """
    state = await settle_once(tx, settlement, before, closings, line)
    if state is not None and not await decide_line(tx, wanted):
        raise DecidedBefore
    return state


async def _require_unmoved(tx: Tx, file_id: str, number: int) -> None:
    """A sale must still be what the line says; of a row without a sale no other file's may be booked."""
    (line,) = await tx.fetch(
        """SELECT l.*, r.party FROM reconciliation_lines l JOIN reconciliations r ON r.id = l.reconciliation_id
           WHERE l.reconciliation_id = :id AND l.number = :number""",
        id=file_id,
        number=number,
    )
    party = line["party"]
    if line["sale_id"] is not None:
        await tx.fetch(f"SELECT id FROM sales WHERE id = :id {tx.for_update}", id=line["sale_id"])
        (now,) = await tx.fetch(
            f"SELECT {units_of(party)} AS units FROM sales s WHERE s.id = :id",
            id=line["sale_id"],
            party=party,
            file=file_id,
        )
        if now["units"] != line["ours_units"]:
            raise BookMoved("our book of this sale is another now than when it was compared")
        return
    booked = await tx.fetch(
        """SELECT r.name FROM reconciliations r JOIN reconciliation_lines d ON d.reconciliation_id = r.id
           WHERE r.party = :party AND r.id <> :file AND d.sale_id IS NULL AND d.reference IS NOT NULL
               AND d.row_name = :name AND (d.row_name <> '' OR (d.theirs_at = :at AND d.theirs_units = :units))
           LIMIT 1""",
        party=party,
        file=file_id,
        name=line["row_name"],
        at=line["theirs_at"],
        units=line["theirs_units"],
    )
    if booked:
        raise BookMoved(f"such a row was booked with {booked[0]['name']}")


async def settled_as(tx: Tx, attempt_id: str, accepted: bool, units: int | None) -> bool:
    """Whether a post ended like this, at this price where one is given."""
    rows = await tx.fetch(
        """SELECT a.state, s.price_units FROM attempts a LEFT JOIN sales s ON s.attempt_id = a.id WHERE a.id = :id""",
        id=attempt_id,
    )
    wanted = "accepted" if accepted else "rejected"
    return any(row["state"] == wanted and units in (None, row["price_units"]) for row in rows)


async def forget_books(tx: Tx, before: int) -> int:
    """Blank what is in files that came before an instant. What differed, and how it was decided, stays."""
    return await tx.execute(
        "UPDATE reconciliations SET wrapped = NULL, sealed = NULL WHERE sealed IS NOT NULL AND made_at < :before",
        before=before,
    )


def sums(rows: Sequence[Row]) -> dict[str, tuple[int, int]]:
    """Of each kind how many there are, and by how much their book says more."""
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        count, units = found.get(row["kind"], (0, 0))
        found[row["kind"]] = (count + 1, units + row["more_units"])
    return found


def book_of(row: Row) -> BookFile:
    return BookFile(
        row["id"],
        row["month"],
        row["party"],
        row["currency"],
        bytes(row["file_hash"]),
        row["name"],
        orjson.loads(row["columns"]),
        bytes(row["wrapped"]) if row["wrapped"] is not None else None,
        bytes(row["sealed"]) if row["sealed"] is not None else None,
        row["made_at"],
        row["made_by"],
        row["since_at"],
        row["until_at"],
        row["line_count"],
        row["agreed"],
        row["ours_units"],
        row["theirs_units"],
        row["compared_at"],
    )
