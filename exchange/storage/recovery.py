"""Requests whose process stopped before it answered."""

from __future__ import annotations

from exchange.model.work import AnswerRow, Closing
from exchange.storage.closing import close_lead
from exchange.storage.database import Row, Tx
from exchange.storage.requests import store_answer


async def abandoned_requests(tx: Tx, before: int) -> list[Row]:
    """Requests received before an instant that never got an answer, with their data keys. Oldest first."""
    return await tx.fetch(
        """SELECT r.id, r.lead_id, r.campaign_id, r.seller_id, r.endpoint, r.mode, r.received_at, r.answer_format,
               k.wrapped
           FROM requests r LEFT JOIN data_keys k ON k.subject = r.id
           WHERE r.status_code IS NULL AND r.received_at < :before ORDER BY r.received_at, r.id LIMIT 500""",
        before=before,
    )


async def end_abandoned(tx: Tx, answer: AnswerRow, closing: Closing | None) -> bool:
    """Close a request for the process that died. False when somebody else was faster."""
    still_open = await tx.execute(
        "UPDATE requests SET took_ms = :took WHERE id = :id AND status_code IS NULL",
        id=answer.request_id,
        took=answer.took_ms,
    )
    if not still_open:
        return False
    await store_answer(tx, answer)
    if closing is not None:
        await close_lead(tx, closing)
    if answer.status == "error":
        await tx.execute("DELETE FROM idempotency WHERE request_id = :id", id=answer.request_id)
        await tx.execute("UPDATE quotes SET used_by = NULL WHERE used_by = :id", id=answer.request_id)
    return True
