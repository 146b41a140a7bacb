"""What a person decided about a held lead, in one unit: its state, its label, its timeline, the audit log, the jobs."""

from __future__ import annotations

from exchange.model.actor import Role
from exchange.model.audit import AuditLine
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.claims import end_claims
from exchange.storage.closing import event_row
from exchange.storage.database import Tx
from exchange.storage.jobs import add_job
from exchange.storage.screened import set_label


async def release_held(tx: Tx, lead_id: str, month: str, told: str, now: int, line: AuditLine, sell: JobRow) -> bool:
    """The lead goes on to buyers; False when it is held no more."""
    if not await _move(tx, lead_id, "selling", None, now):
        return False
    await set_label(tx, lead_id, "good", now)
    await tx.execute_all(event_row(lead_id, month, now, "review", told, line.actor.name))
    await add_job(tx, sell)
    await record(tx, line)
    return True


async def refuse_held(
    tx: Tx, lead_id: str, month: str, told: str, reason: str, now: int, line: AuditLine, jobs: tuple[JobRow, ...]
) -> bool:
    """The lead ends and its consumer is free; False when it is held no more. Only a person calls it bad."""
    if not await _move(tx, lead_id, "rejected", reason, now):
        return False
    if line.actor.role is not Role.SYSTEM:
        await set_label(tx, lead_id, "bad", now)
    await tx.execute_all(event_row(lead_id, month, now, "review", told, line.actor.name), end_claims(lead_id, None))
    for each in jobs:
        await add_job(tx, each)
    await record(tx, line)
    return True


async def _move(tx: Tx, lead_id: str, state: str, reason: str | None, now: int) -> bool:
    return bool(
        await tx.execute(
            "UPDATE leads SET state = :state, reason = :reason, changed_at = :now WHERE id = :id AND state = 'held'",
            state=state,
            reason=reason,
            now=now,
            id=lead_id,
        )
    )


async def overdue_held(tx: Tx, before: int) -> list[str]:
    """Ids of held leads that came before a moment, the oldest first, some at once."""
    rows = await tx.fetch(
        "SELECT id FROM leads WHERE state = 'held' AND received_at <= :before ORDER BY received_at, id LIMIT 100",
        before=before,
    )
    return [row["id"] for row in rows]
