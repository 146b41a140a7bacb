"""Requests that ended at the door, or only asked for something: their rows, written with their answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exchange.model.work import AnswerRow, RequestRow
from exchange.storage.database import Tx
from exchange.storage.requests import request_values

Arrival = tuple[RequestRow, AnswerRow]


async def save_arrivals(tx: Tx, arrivals: Sequence[Arrival]) -> None:
    """Store rows that are answered already. A request that has its row keeps it as it is: recovery ends that one."""
    keys = [
        {"subject": request.id, "wrapped": request.wrapped, "month": request.month}
        for request, _ in arrivals
        if request.wrapped is not None
    ]
    if keys:
        await tx.execute_many(
            """INSERT INTO data_keys (subject, wrapped, month) VALUES (:subject, :wrapped, :month)
               ON CONFLICT (subject) DO NOTHING""",
            keys,
        )
    await tx.execute_many(
        """INSERT INTO requests (id, month, received_at, endpoint, channel, remote_ip, seller_id, campaign_id, key_id,
               mode, lead_id, content_type, answer_format, raw, status_code, status, reason, answer, answer_type,
               took_ms, wrong, retention)
           VALUES (:id, :month, :received, :endpoint, :channel, :ip, :seller, :campaign, :key, :mode, :lead, :type,
               :format, :raw, :code, :status, :reason, :answer, :answer_type, :took, :wrong, :retention)
           ON CONFLICT (id) DO NOTHING""",
        [_row(request, answer) for request, answer in arrivals],
    )


def _row(request: RequestRow, answer: AnswerRow) -> dict[str, Any]:
    return request_values(request) | {
        "code": answer.status_code,
        "status": answer.status,
        "reason": answer.reason,
        "answer": answer.body or None,
        "answer_type": answer.content_type,
        "took": answer.took_ms,
        "wrong": answer.wrong,
    }
