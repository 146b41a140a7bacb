"""Many deliveries sent again by one order: each of them once, at a pace, until somebody stops it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job


class RunRow(NamedTuple):
    """An order about to begin. `told` says which deliveries, in words; `duty` is what its maker is there."""

    id: str
    made_at: int
    made_by: str
    duty: str
    told: str
    per_minute: int


async def begin_run(tx: Tx, run: RunRow, attempt_ids: Sequence[str], job: JobRow, line: AuditLine) -> int:
    """Write it down with all its deliveries. Those that another order has open are left to it. Returns how many."""
    added = 0
    for attempt_id in attempt_ids:
        added += await tx.execute(
            """INSERT INTO resend_items (run_id, place, attempt_id, state, why)
               VALUES (:run, :place, :attempt, 'waiting', '') ON CONFLICT DO NOTHING""",
            run=run.id,
            place=added,
            attempt=attempt_id,
        )
    if not added:
        return 0
    await tx.execute(
        """INSERT INTO resend_runs (id, made_at, made_by, duty, told, per_minute, state, wanted, total)
           VALUES (:id, :made_at, :made_by, :duty, :told, :per_minute, 'running', 'run', :total)""",
        **run._asdict(),
        total=added,
    )
    await add_job(tx, job)
    await record(tx, line)
    return added


async def next_item(tx: Tx, run_id: str) -> Row | None:
    """The delivery to send next, marked as going before it goes. None when none waits or somebody stopped the order."""
    rows = await tx.fetch(
        """UPDATE resend_items SET state = 'going' WHERE run_id = :run AND state = 'waiting'
               AND place = (SELECT MIN(i.place) FROM resend_items i WHERE i.run_id = :run AND i.state = 'waiting')
               AND EXISTS (SELECT 1 FROM resend_runs r WHERE r.id = :run AND r.wanted = 'run' AND r.state = 'running')
           RETURNING place, attempt_id""",
        run=run_id,
    )
    return rows[0] if rows else None


async def end_item(tx: Tx, run_id: str, place: int, state: str, why: str) -> None:
    await tx.execute(
        "UPDATE resend_items SET state = :state, why = :why WHERE run_id = :run AND place = :place AND state = 'going'",
        state=state,
        why=why,
        run=run_id,
        place=place,
    )


async def give_up_going(tx: Tx, run_id: str) -> None:
    """What a stopped process left going may have gone out: it is not sent again."""
    await tx.execute(
        """UPDATE resend_items SET state = 'unsure', why = 'The exchange stopped while it went out.'
           WHERE run_id = :run AND state = 'going'""",
        run=run_id,
    )


async def end_run(tx: Tx, run_id: str, now: int) -> bool:
    """When nothing waits any more, or somebody wanted it to stop, it is over. False while there is more to do."""
    rows = await tx.fetch(
        """SELECT r.wanted, (SELECT COUNT(*) FROM resend_items i WHERE i.run_id = r.id AND i.state = 'waiting') AS left
           FROM resend_runs r WHERE r.id = :run AND r.state = 'running'""",
        run=run_id,
    )
    if not rows:
        return True
    stopped = rows[0]["wanted"] == "stop"
    if rows[0]["left"] and not stopped:
        return False
    await tx.execute("UPDATE resend_items SET state = 'left' WHERE run_id = :run AND state = 'waiting'", run=run_id)
    state = "stopped" if rows[0]["left"] else "done"
    await tx.execute(
        "UPDATE resend_runs SET state = :state, ended_at = :now WHERE id = :run", state=state, now=now, run=run_id
    )
    return True


async def stop_run(tx: Tx, run_id: str, line: AuditLine) -> bool:
    """It stops before its next delivery. False when it is over or was stopped before."""
    done = await tx.execute(
        "UPDATE resend_runs SET wanted = 'stop' WHERE id = :run AND state = 'running' AND wanted = 'run'", run=run_id
    )
    if done:
        await record(tx, line)
    return bool(done)


async def read_run(tx: Tx, actor: Actor, run_id: str) -> Row | None:
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return None
    rows = await tx.fetch("SELECT * FROM resend_runs WHERE id = :run", run=run_id)
    return rows[0] if rows else None


async def counts_of(tx: Tx, run_id: str) -> dict[str, int]:
    """How many of its deliveries stand how."""
    rows = await tx.fetch(
        "SELECT state, COUNT(*) AS n FROM resend_items WHERE run_id = :run GROUP BY state", run=run_id
    )
    return {row["state"]: row["n"] for row in rows}


async def refused_of(tx: Tx, run_id: str, most: int) -> list[Row]:
    """Those that did not go out, with the reason."""
    return await tx.fetch(
        """SELECT i.attempt_id, i.state, i.why, a.lead_id FROM resend_items i JOIN attempts a ON a.id = i.attempt_id
           WHERE i.run_id = :run AND i.state IN ('refused', 'unsure') ORDER BY i.place LIMIT :most""",
        run=run_id,
        most=most,
    )


async def last_runs(tx: Tx, actor: Actor, most: int) -> list[Row]:
    if actor.role is not Role.OPERATOR:
        return []
    return await tx.fetch("SELECT * FROM resend_runs ORDER BY made_at DESC, id DESC LIMIT :most", most=most)
