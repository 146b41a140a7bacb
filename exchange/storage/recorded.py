"""Leads as they were offered lately: what a contract, a filter or a price would have done with them is counted from."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed

_AT_ONCE = 500


async def offered_leads(tx: Tx, vertical: str, currency: str, since: int, limit: int, *, opened: bool) -> list[Row]:
    """The newest live leads of a vertical that buyers could have, with what they carry in clear; with what is sealed
    beside it and the keys that open it when `opened`. Read along an index, newest first.
    """
    sealed = ", l.sealed, k.wrapped, c.sealed AS consent, t.text AS shown" if opened else ""
    joined = (
        """ LEFT JOIN data_keys k ON k.subject = l.subject
            LEFT JOIN consents c ON c.lead_id = l.id AND c.subject = l.subject
            LEFT JOIN consent_texts t ON t.hash = c.text_hash"""
        if opened
        else ""
    )
    return await tx.fetch(
        f"""SELECT l.id, l.received_at, l.seller_id, l.campaign_id, l.vertical, l.kind, l.state, l.facts, l.us_state,
                l.sub_id1, l.grade, l.fraud, l.score, l.month, l.subject{sealed}
            FROM leads l{joined}
            WHERE l.vertical = :vertical AND l.received_at >= :since AND l.mode = 'live' AND l.currency = :currency
                AND l.state NOT IN ('open', 'invalid', 'duplicate', 'rejected', 'held')
            ORDER BY l.received_at DESC, l.id DESC LIMIT :limit""",
        vertical=vertical,
        currency=currency,
        since=since,
        limit=limit,
    )


async def trails_of_leads(tx: Tx, lead_ids: Sequence[str]) -> list[tuple[str, bytes]]:
    """The records of the requests about these leads, by lead, oldest first."""
    found: list[tuple[str, bytes]] = []
    for start in range(0, len(lead_ids), _AT_ONCE):
        names, params = listed("lead", lead_ids[start : start + _AT_ONCE])
        rows = await tx.fetch(
            f"SELECT lead_id, request_id, document FROM trails WHERE lead_id IN {names} ORDER BY lead_id, request_id",
            **params,
        )
        found += [(row["lead_id"], bytes(row["document"])) for row in rows]
    return found
