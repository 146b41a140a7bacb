"""The record of bids and sales that suggestions about prices are made from."""

from __future__ import annotations

from exchange.storage.database import Row, Tx


async def priced_rounds(tx: Tx, campaign_id: str, since: int, most: int) -> list[Row]:
    """The newest live leads of a campaign that buyers were asked about: state, what was paid, and the record."""
    return await tx.fetch(
        """SELECT l.id, l.us_state, l.state, l.revenue_units, l.received_at, t.document
           FROM leads l JOIN trails t ON t.lead_id = l.id
           WHERE l.received_at >= :since AND l.campaign_id = :campaign AND l.mode = 'live'
               AND l.state IN ('sold', 'unsold', 'quoted')
           ORDER BY l.received_at DESC, l.id DESC LIMIT :most""",
        since=since,
        campaign=campaign_id,
        most=most,
    )


async def floor_leads(tx: Tx, campaign_id: str, us_state: str, since: int, most: int) -> list[Row]:
    """The newest live leads of a campaign in one state that buyers were asked about: id and what each brought."""
    return await tx.fetch(
        """SELECT id, revenue_units, payout_units FROM leads
           WHERE us_state = :us_state AND received_at >= :since AND campaign_id = :campaign AND mode = 'live'
               AND state IN ('sold', 'unsold', 'quoted') ORDER BY received_at DESC, id DESC LIMIT :most""",
        us_state=us_state,
        since=since,
        campaign=campaign_id,
        most=most,
    )


async def price_changes(tx: Tx, since: int, most: int) -> list[Row]:
    """Lines of the audit log about prices, payouts, floors and ranking, the newest first."""
    return await tx.fetch(
        """SELECT id, at, actor, action, subject, before_json, after_json FROM audit_lines
           WHERE at >= :since AND action IN ('contract.price_rules', 'campaign.payout_tiers',
               'campaign.floors', 'campaign.ranking')
           ORDER BY at DESC, id DESC LIMIT :most""",
        since=since,
        most=most,
    )


async def price_change(tx: Tx, line_id: str) -> Row | None:
    rows = await tx.fetch("SELECT * FROM audit_lines WHERE id = :id", id=line_id)
    return rows[0] if rows else None
