"""Leads as they came from sellers lately, those that a campaign's own gate refused among them."""

from __future__ import annotations

from exchange.storage.database import Row, Tx

_REFUSED_BY_GATES = "('filtered', 'cap_reached', 'outside_hours')"


async def came_lately(tx: Tx, seller_id: str, vertical: str, since: int, limit: int, *, opened: bool) -> list[Row]:
    """The newest live leads of a seller in a vertical, or of everybody (`seller_id` empty); what is sealed beside them
    when `opened`. Leads with wrong fields and repeats are none. Read along an index, newest first.
    """
    sealed = ", l.sealed, k.wrapped, c.sealed AS consent, t.text AS shown" if opened else ""
    joined = (
        """ LEFT JOIN data_keys k ON k.subject = l.subject
            LEFT JOIN consents c ON c.lead_id = l.id AND c.subject = l.subject
            LEFT JOIN consent_texts t ON t.hash = c.text_hash"""
        if opened
        else ""
    )
    whose = "l.seller_id = :seller AND " if seller_id else ""
    params = {"seller": seller_id} if seller_id else {}
    return await tx.fetch(
        f"""SELECT l.id, l.received_at, l.seller_id, l.campaign_id, l.vertical, l.kind, l.state, l.facts, l.us_state,
                l.sub_id1, l.grade, l.fraud, l.score, l.month, l.subject{sealed}
            FROM leads l{joined}
            WHERE {whose}l.vertical = :vertical AND l.received_at >= :since AND l.mode = 'live'
                AND l.state NOT IN ('open', 'invalid', 'duplicate')
                AND (l.state <> 'rejected' OR l.reason IN {_REFUSED_BY_GATES})
            ORDER BY l.received_at DESC, l.id DESC LIMIT :limit""",
        vertical=vertical,
        since=since,
        limit=limit,
        **params,
    )
