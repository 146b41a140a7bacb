"""Events that were told, to whom, and what came of each try: the log that is shown and replayed from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.actor import Actor
from exchange.model.audit import AuditLine
from exchange.model.endpoint import Endpoint
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.endpoints import Disabling, disable_endpoint, ensure_endpoint, of_actor
from exchange.storage.jobs import add_job

_AT_ONCE = 500


class EventRow(NamedTuple):
    """`data` is JSON text without personal values; `about` the id of what it happened to."""

    id: str
    month: str
    at: int
    type: str
    about: str
    role: str
    party_id: str | None
    data: str


class NewSend(NamedTuple):
    """For one address; the job makes the first try. `given`: the address stands in a campaign and may have no row."""

    endpoint: Endpoint
    job: JobRow
    given: bool


class TryRow(NamedTuple):
    """What came of one try, and what follows: `state` waiting until `next_at`, delivered or failed."""

    event_id: str
    endpoint_id: str
    number: int  # of all tries; the rows before it are number - 1
    at: int
    status: int | None
    took_ms: int
    error: str | None
    state: str
    next_at: int | None


class LogFilter(NamedTuple):
    """Which sends: empty values stand for all. `before` is the (at, event id) that the next page begins below."""

    state: str = ""
    type: str = ""
    endpoint_id: str = ""
    about: str = ""
    since: int = 0
    until: int | None = None
    before: tuple[int, str] | None = None
    event_id: str = ""


async def add_event(tx: Tx, event: EventRow, sends: Sequence[NewSend]) -> bool:
    """Keep an event with all it is sent to, and give it its place among those about the same. False on a repeat."""
    if await tx.fetch("SELECT id FROM webhook_events WHERE id = :id", id=event.id):
        return False
    numbered = await tx.fetch(
        """INSERT INTO webhook_sequences (about, last, at) VALUES (:about, 1, :at)
           ON CONFLICT (about) DO UPDATE SET last = webhook_sequences.last + 1, at = :at RETURNING last""",
        about=f"{event.role}:{event.party_id or ''}:{event.about}",
        at=event.at,
    )
    await tx.execute(
        """INSERT INTO webhook_events (id, month, at, type, about, sequence, role, party_id, data)
           VALUES (:id, :month, :at, :type, :about, :sequence, :role, :party_id, :data)""",
        sequence=numbered[0]["last"],
        **event._asdict(),
    )
    for send in sends:
        if send.given:
            await ensure_endpoint(tx, send.endpoint)
        await tx.execute(
            """INSERT INTO webhook_sends (event_id, endpoint_id, at, state, tries, total, next_at)
               VALUES (:event, :endpoint, :at, 'waiting', 0, 0, :at)""",
            event=event.id,
            endpoint=send.endpoint.id,
            at=event.at,
        )
        await add_job(tx, send.job)
    return True


async def read_send(tx: Tx, event_id: str, endpoint_id: str) -> Row | None:
    """One send with its event and what its address needs for it: `secret`, `old_secret`, `failing_since`."""
    rows = await tx.fetch(
        """SELECT s.*, e.type, e.about, e.sequence, e.role, e.party_id, e.data, e.at AS happened_at, p.secret,
               p.old_secret, p.old_until, p.failing_since FROM webhook_sends s
           JOIN webhook_events e ON e.id = s.event_id LEFT JOIN webhook_endpoints p ON p.id = s.endpoint_id
           WHERE s.event_id = :event AND s.endpoint_id = :endpoint""",
        event=event_id,
        endpoint=endpoint_id,
    )
    return rows[0] if rows else None


async def note_try(tx: Tx, tried: TryRow, again: JobRow | None, disabling: Disabling | None) -> bool:
    """Keep what came of a try, and the job of the next. False when another process noted this try before."""
    changed = await tx.execute(
        """UPDATE webhook_sends SET state = :state, tries = tries + 1, total = total + 1, next_at = :next_at,
               status = :status, took_ms = :took_ms, last_error = :error, tried_at = :at
           WHERE event_id = :event_id AND endpoint_id = :endpoint_id AND state = 'waiting' AND total = :number - 1""",
        **tried._asdict(),
    )
    if not changed:
        return False
    await tx.execute(
        """INSERT INTO webhook_tries (event_id, endpoint_id, number, at, status, took_ms, error)
           VALUES (:event_id, :endpoint_id, :number, :at, :status, :took_ms, :error)""",
        **{name: value for name, value in tried._asdict().items() if name not in ("state", "next_at")},
    )
    delivered = tried.state == "delivered"
    await tx.execute(
        """UPDATE webhook_endpoints SET failing_since = CASE WHEN :delivered = 1 THEN NULL
               ELSE COALESCE(failing_since, :at) END
           WHERE id = :id AND (:delivered = 0 OR failing_since IS NOT NULL)""",
        id=tried.endpoint_id,
        delivered=int(delivered),
        at=tried.at,
    )
    if again is not None:
        await add_job(tx, again)
    if disabling is not None:
        await disable_endpoint(tx, disabling)
    return True


async def drop_send(tx: Tx, event_id: str, endpoint_id: str, why: str) -> None:
    """It will not be tried: its address is disabled or gone. A replay may take it up again."""
    await tx.execute(
        """UPDATE webhook_sends SET state = 'failed', next_at = NULL, last_error = :why
           WHERE event_id = :event AND endpoint_id = :endpoint AND state = 'waiting'""",
        event=event_id,
        endpoint=endpoint_id,
        why=why,
    )


async def log_of(tx: Tx, actor: Actor, wanted: LogFilter, most: int) -> list[Row]:
    """Sends to the addresses that an actor may see, newest first."""
    whose, params = of_actor(actor, "p.")
    at, below = wanted.before or (0, "")
    return await tx.fetch(
        f"""SELECT s.event_id, s.endpoint_id, s.at, s.state, s.tries, s.total, s.next_at, s.status, s.took_ms,
               s.last_error, s.tried_at, e.type, e.about, e.sequence, p.kind, p.url, p.role, p.party_id, p.campaign_id
           FROM webhook_sends s JOIN webhook_events e ON e.id = s.event_id
           JOIN webhook_endpoints p ON p.id = s.endpoint_id
           WHERE {whose} AND (:state = '' OR s.state = :state) AND (:endpoint = '' OR s.endpoint_id = :endpoint)
               AND (:about = '' OR e.about = :about) AND (:event = '' OR s.event_id = :event)
               AND s.at >= :since AND s.at <= :until
               AND (:type = '' OR e.type = :type OR (:family <> '' AND SUBSTR(e.type, 1, LENGTH(:family)) = :family))
               AND (:paged = 0 OR s.at < :before_at OR (s.at = :before_at AND s.event_id < :before_id))
           ORDER BY s.at DESC, s.event_id DESC, s.endpoint_id LIMIT :most""",
        state=wanted.state,
        endpoint=wanted.endpoint_id,
        about=wanted.about,
        event=wanted.event_id,
        since=wanted.since,
        until=wanted.until if wanted.until is not None else _FAR,
        type=wanted.type,
        family=wanted.type[:-1] if wanted.type.endswith(".*") else "",
        paged=int(wanted.before is not None),
        before_at=at,
        before_id=below,
        most=most,
        **params,
    )


async def tries_of(tx: Tx, actor: Actor, event_id: str) -> list[Row]:
    """Every try of one event at the addresses an actor may see, oldest first."""
    whose, params = of_actor(actor, "p.")
    return await tx.fetch(
        f"""SELECT t.*, p.url FROM webhook_tries t JOIN webhook_endpoints p ON p.id = t.endpoint_id
           WHERE t.event_id = :event AND {whose} ORDER BY t.at, t.number, t.endpoint_id""",
        event=event_id,
        **params,
    )


async def sends_about(tx: Tx, about: str) -> list[Row]:
    """What was told of one thing, for its timeline."""
    return await tx.fetch(
        """SELECT s.*, e.type, e.sequence, p.kind, p.role, p.party_id, p.url FROM webhook_sends s
           JOIN webhook_events e ON e.id = s.event_id JOIN webhook_endpoints p ON p.id = s.endpoint_id
           WHERE e.about = :about ORDER BY s.at, s.event_id, s.endpoint_id LIMIT 200""",
        about=about,
    )


async def tries_about(tx: Tx, about: str) -> list[Row]:
    return await tx.fetch(
        """SELECT t.* FROM webhook_tries t JOIN webhook_events e ON e.id = t.event_id
           WHERE e.about = :about ORDER BY t.at, t.number LIMIT 1000""",
        about=about,
    )


async def replay_sends(tx: Tx, jobs: Sequence[tuple[str, str, JobRow]], now: int, line: AuditLine) -> int:
    """Begin a new round for each (event, address): at once, then as the schedule says. Returns how many.

    What waits already is left alone, so that nothing is sent twice.
    """
    count = 0
    for event_id, endpoint_id, job in jobs:
        changed = await tx.execute(
            """UPDATE webhook_sends SET state = 'waiting', tries = 0, next_at = :now
               WHERE event_id = :event AND endpoint_id = :endpoint AND state <> 'waiting'""",
            event=event_id,
            endpoint=endpoint_id,
            now=now,
        )
        if changed:
            count += 1
            await add_job(tx, job)
    if count:
        await record(tx, line)
    return count


async def forget_events(tx: Tx, before: int) -> int:
    """Delete what was told before an instant, a bounded number at once; what still waits stays."""
    rows = await tx.fetch(
        """SELECT id FROM webhook_events e WHERE at < :before AND NOT EXISTS (SELECT 1 FROM webhook_sends s
               WHERE s.event_id = e.id AND s.state = 'waiting') ORDER BY at, id LIMIT :most""",
        before=before,
        most=_AT_ONCE,
    )
    for row in rows:
        await tx.execute("DELETE FROM webhook_tries WHERE event_id = :id", id=row["id"])
        await tx.execute("DELETE FROM webhook_sends WHERE event_id = :id", id=row["id"])
        await tx.execute("DELETE FROM webhook_events WHERE id = :id", id=row["id"])
    await tx.execute("DELETE FROM webhook_sequences WHERE at < :before", before=before)
    return len(rows)


_FAR = 253_402_300_799_000  # the last second of the year 9999
