"""Sources: how far each was read, and every message that came from one, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.work import JobRow
from exchange.storage.arrivals import Arrival, save_arrivals
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.rows import listed


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of a source beside its document. `items` counts all that were kept, `last_items` those of its last
    poll, `failures` the polls that failed since one did not. Times are epoch milliseconds.
    """

    source: str
    cursor: str = ""
    next_at: int = 0
    last_at: int | None = None
    paused_at: int | None = None
    failures: int = 0
    last_error: str | None = None
    last_items: int = 0
    items: int = 0


class ItemRow(NamedTuple):
    """A message as kept. `key` is the keyed hash of its name; `sealed` opens with the data key of subject `id`."""

    source: str
    key: str
    id: str
    month: str
    at: int
    channel: str
    wrapped: bytes
    sealed: bytes


class ItemEnd(NamedTuple):
    """What became of a message. `state` is taken or failed, the others are in the words of the seller API."""

    source: str
    key: str
    state: str
    request_id: str | None
    lead_id: str | None
    status: str
    reason: str | None


class Poll(NamedTuple):
    """A poll that is due, and when the next one is."""

    source: str
    next_at: int
    job: JobRow


async def source_states(tx: Tx) -> dict[str, SourceState]:
    rows = await tx.fetch("SELECT * FROM sources")
    return {row["source"]: _state(row) for row in rows}


async def source_state(tx: Tx, source: str) -> SourceState:
    rows = await tx.fetch("SELECT * FROM sources WHERE source = :source", source=source)
    return _state(rows[0]) if rows else SourceState(source)


def _state(row: Row) -> SourceState:
    return SourceState(
        row["source"],
        row["cursor"],
        row["next_at"],
        row["last_at"],
        row["paused_at"],
        row["failures"],
        row["last_error"],
        row["last_items"],
        row["items"],
    )


_KNOWN = """INSERT INTO sources (source, cursor, next_at, failures, last_items, items)
            VALUES (:source, '', 0, 0, 0, 0) ON CONFLICT (source) DO NOTHING"""


async def begin_polls(tx: Tx, polls: Sequence[Poll], now: int) -> int:
    """Queue the polls whose time has come and that nobody queued meanwhile. Returns how many."""
    begun = 0
    for poll in polls:
        await tx.execute(_KNOWN, source=poll.source)
        due = await tx.execute(
            """UPDATE sources SET next_at = :next WHERE source = :source AND next_at <= :now
                   AND paused_at IS NULL""",
            source=poll.source,
            next=poll.next_at,
            now=now,
        )
        if due and await add_job(tx, poll.job):
            begun += 1
    return begun


async def poll_at_once(tx: Tx, poll: Poll, now: int, line: AuditLine) -> bool:
    """Queue a poll now, also when its queue rests. False while one runs."""
    job = poll.job
    await tx.execute(_KNOWN, source=poll.source)
    await tx.execute("UPDATE sources SET next_at = :next WHERE source = :source", source=poll.source, next=poll.next_at)
    await tx.execute("DELETE FROM job_queues WHERE queue = :queue", queue=job.queue)
    moved = await tx.execute(
        "UPDATE jobs SET run_at = :now WHERE unique_key = :key AND state = 'waiting'", now=now, key=job.unique_key
    )
    if not moved and not await add_job(tx, job):
        return False
    await record(tx, line)
    return True


async def move_cursor(tx: Tx, source: str, cursor: str) -> None:
    """What came before this place is kept and need not be read again."""
    await tx.execute("UPDATE sources SET cursor = :cursor WHERE source = :source", source=source, cursor=cursor)


async def note_poll(tx: Tx, source: str, items: int, now: int) -> None:
    """A poll ended well, with so many messages that had not come before."""
    await tx.execute(
        """UPDATE sources SET last_at = :now, last_items = :items, failures = 0, last_error = NULL
           WHERE source = :source""",
        source=source,
        items=items,
        now=now,
    )


async def note_failed_poll(tx: Tx, source: str, error: str, now: int) -> None:
    await tx.execute(
        """UPDATE sources SET last_at = :now, last_items = 0, failures = failures + 1, last_error = :error
           WHERE source = :source""",
        source=source,
        error=error[:500],
        now=now,
    )


async def set_pause(tx: Tx, source: str, paused_at: int | None, now: int, line: AuditLine) -> None:
    """Pause a source, or (None) let it go on, with a poll at once."""
    await tx.execute(_KNOWN, source=source)
    await tx.execute(
        "UPDATE sources SET paused_at = :at, next_at = :now WHERE source = :source",
        source=source,
        at=paused_at,
        now=now,
    )
    await record(tx, line)


async def known_items(tx: Tx, source: str, keys: Sequence[str]) -> set[str]:
    """Which of these messages came before."""
    if not keys:
        return set()
    names, params = listed("key", keys)
    rows = await tx.fetch(
        f"SELECT item_key FROM source_items WHERE source = :source AND item_key IN {names}", source=source, **params
    )
    return {row["item_key"] for row in rows}


async def keep_items(tx: Tx, items: Sequence[tuple[ItemRow, JobRow]]) -> int:
    """Keep messages, each with the job that takes it. Returns how many had not come before; the others change nothing.

    The keys are taken in order, so that two processes that keep the same ones wait for each other and never both.
    """
    kept = 0
    for item, job in sorted(items, key=lambda pair: (pair[0].source, pair[0].key)):
        new = await tx.fetch(
            """INSERT INTO source_items (source, item_key, id, month, at, channel, state, sealed)
               VALUES (:source, :key, :id, :month, :at, :channel, 'waiting', :sealed)
               ON CONFLICT (source, item_key) DO NOTHING RETURNING id""",
            source=item.source,
            key=item.key,
            id=item.id,
            month=item.month,
            at=item.at,
            channel=item.channel,
            sealed=item.sealed,
        )
        if new:
            await _open_key(tx, item)
            await add_job(tx, job)
            await tx.execute(_KNOWN, source=item.source)
            await tx.execute("UPDATE sources SET items = items + 1 WHERE source = :source", source=item.source)
            kept += 1
    return kept


async def _open_key(tx: Tx, item: ItemRow) -> None:
    await tx.execute(
        "INSERT INTO data_keys (subject, wrapped, month) VALUES (:id, :wrapped, :month)",
        id=item.id,
        wrapped=item.wrapped,
        month=item.month,
    )


_ITEM = """SELECT i.source, i.item_key, i.id, i.at, i.channel, i.state, i.request_id, i.lead_id, i.status, i.reason,
               i.sealed, k.wrapped
           FROM source_items i LEFT JOIN data_keys k ON k.subject = i.id"""


async def read_item(tx: Tx, source: str, key: str) -> Row | None:
    rows = await tx.fetch(f"{_ITEM} WHERE i.source = :source AND i.item_key = :key", source=source, key=key)
    return rows[0] if rows else None


async def find_item(tx: Tx, actor: Actor, item_id: str) -> Row | None:
    """One message by its id, for those who run the exchange."""
    rows = await tx.fetch(f"{_ITEM} WHERE i.id = :id", id=item_id) if _insider(actor) else []
    return rows[0] if rows else None


async def list_items(tx: Tx, actor: Actor, source: str, most: int, *, failed: bool = False) -> list[Row]:
    """A source's messages, the newest first; `failed` are those that could not be read or were not valid."""
    if not _insider(actor):
        return []
    only = "AND (i.state = 'failed' OR i.status = 'invalid')" if failed else ""
    return await tx.fetch(
        f"{_ITEM} WHERE i.source = :source {only} ORDER BY i.at DESC, i.id DESC LIMIT :most", source=source, most=most
    )


async def count_items(tx: Tx, since: int) -> dict[str, dict[str, int]]:
    """By source, how many messages came since an instant and are kept, by status; those without one by their state."""
    rows = await tx.fetch(
        """SELECT source, COALESCE(status, state) AS became, COUNT(*) AS n FROM source_items
           WHERE at >= :since AND sealed IS NOT NULL GROUP BY source, COALESCE(status, state)""",
        since=since,
    )
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row["source"], {})[row["became"]] = row["n"]
    return counts


async def fill_item(tx: Tx, source: str, key: str, sealed: bytes) -> None:
    """What was still missing of a message was fetched. From now on it is what it was then."""
    await tx.execute(
        "UPDATE source_items SET sealed = :sealed WHERE source = :source AND item_key = :key AND state = 'waiting'",
        source=source,
        key=key,
        sealed=sealed,
    )


async def end_item(tx: Tx, end: ItemEnd, arrival: Arrival | None = None) -> bool:
    """A message became something. `arrival` is the row of one that never was a lead. False when it had ended before."""
    touched = await tx.execute(
        """UPDATE source_items SET state = :state, request_id = :request, lead_id = :lead, status = :status,
               reason = :reason WHERE source = :source AND item_key = :key AND state = 'waiting'""",
        source=end.source,
        key=end.key,
        state=end.state,
        request=end.request_id,
        lead=end.lead_id,
        status=end.status,
        reason=end.reason,
    )
    if touched and arrival is not None:
        await save_arrivals(tx, (arrival,))
    return touched == 1


async def take_again(tx: Tx, item: ItemRow, job: JobRow, line: AuditLine) -> bool:
    """A message that could not be read, or was not valid, is taken anew as `sealed` has it now. False for any other."""
    touched = await tx.execute(
        """UPDATE source_items SET state = 'waiting', status = NULL, reason = NULL, sealed = :sealed
           WHERE source = :source AND item_key = :key AND (state = 'failed' OR status = 'invalid')""",
        source=item.source,
        key=item.key,
        sealed=item.sealed,
    )
    if not touched:
        return False
    await add_job(tx, job)
    await record(tx, line)
    return True


async def forget_items(tx: Tx, before: int, most: int = 500) -> int:
    """Blank messages that came before an instant, key and all. That they came is never forgotten."""
    rows = await tx.fetch(
        """SELECT source, item_key, id FROM source_items WHERE sealed IS NOT NULL AND at < :before
               AND NOT EXISTS (SELECT 1 FROM legal_holds
                   WHERE legal_holds.lead_id = source_items.lead_id AND lifted_at IS NULL)
           ORDER BY at LIMIT :most""",
        before=before,
        most=most,
    )
    for row in rows:
        await tx.execute("DELETE FROM data_keys WHERE subject = :id", id=row["id"])
        await tx.execute(
            "UPDATE source_items SET sealed = NULL WHERE source = :source AND item_key = :key",
            source=row["source"],
            key=row["item_key"],
        )
    return len(rows)


def _insider(actor: Actor) -> bool:
    return actor.role in (Role.OPERATOR, Role.SYSTEM)
