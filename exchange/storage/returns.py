"""Returns that buyers asked for."""

from __future__ import annotations

from exchange.model.feedback import ReturnRequest
from exchange.model.work import JobRow
from exchange.storage.closing import add_event
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job


async def save_return(tx: Tx, request: ReturnRequest, sentence: str, jobs: tuple[JobRow, ...]) -> bool:
    """Store it with its line in the lead's timeline, and leave the jobs. False when one was asked for this sale before.

    `sentence` holds nothing personal; the buyer's note is kept with the request alone.
    """
    rows = await tx.fetch(
        """INSERT INTO return_requests (id, month, sale_id, lead_id, buyer_id, reason, note, asked_at, told_by, state)
           VALUES (:id, :month, :sale, :lead, :buyer, :reason, :note, :at, :told_by, 'asked')
           ON CONFLICT (sale_id) DO NOTHING RETURNING id""",
        id=request.id,
        month=request.month,
        sale=request.sale_id,
        lead=request.lead_id,
        buyer=request.buyer_id,
        reason=request.reason,
        note=request.note,
        at=request.asked_at,
        told_by=request.told_by,
    )
    if not rows:
        return False
    await add_event(tx, request.lead_id, request.month, request.asked_at, "return_asked", sentence, request.told_by)
    for job in jobs:
        await add_job(tx, job)
    return True


async def read_return(tx: Tx, sale_id: str) -> Row | None:
    rows = await tx.fetch("SELECT * FROM return_requests WHERE sale_id = :sale", sale=sale_id)
    return rows[0] if rows else None
