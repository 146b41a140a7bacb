"""The newest leads with what was answered and who bought: for those who watch."""

from __future__ import annotations

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed


async def newest_leads(tx: Tx, actor: Actor, limit: int) -> list[Row]:
    """The newest leads, oldest of them first, for those who run the exchange."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    rows = await tx.fetch(
        """SELECT id, received_at, seller_id, campaign_id, vertical, mode, kind, state, reason, currency,
               revenue_units, payout_units FROM leads ORDER BY received_at DESC, id DESC LIMIT :limit""",
        limit=limit,
    )
    return rows[::-1]


async def answers_and_buyers(tx: Tx, lead_ids: list[str]) -> tuple[dict[str, Row], dict[str, list[str]]]:
    """For each lead its last answered request (sealed, with its key), and the buyers it was sold to."""
    if not lead_ids:
        return {}, {}
    names, params = listed("lead", lead_ids)
    requests = await tx.fetch(
        f"""SELECT r.lead_id, r.id, r.endpoint, r.took_ms, r.status, r.answer, k.wrapped FROM requests r
            LEFT JOIN data_keys k ON k.subject = r.id
            WHERE r.lead_id IN {names} AND r.status_code IS NOT NULL ORDER BY r.received_at, r.id""",
        **params,
    )
    return {row["lead_id"]: row for row in requests}, await buyers_sold_to(tx, lead_ids)


async def buyers_sold_to(tx: Tx, lead_ids: list[str]) -> dict[str, list[str]]:
    """For each lead the buyers it was sold to."""
    if not lead_ids:
        return {}
    names, params = listed("lead", lead_ids)
    sales = await tx.fetch(
        f"""SELECT lead_id, buyer_id FROM sales WHERE lead_id IN {names}
               AND (reversed_at IS NULL OR returned_at IS NOT NULL)
            ORDER BY accepted_at, id""",
        **params,
    )
    buyers: dict[str, list[str]] = {}
    for sale in sales:
        buyers.setdefault(sale["lead_id"], []).append(sale["buyer_id"])
    return buyers
