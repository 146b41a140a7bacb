"""What the conversion score learns from: the features of sold leads, and what was reported of them."""

from __future__ import annotations

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx


async def sold_features(tx: Tx, after: int, until: int, most: int) -> list[Row]:
    """Sales of live leads in (after, until], the earliest first: `at`, `lead_id` and `features`, packed."""
    return await tx.fetch(
        """SELECT s.accepted_at AS at, s.lead_id, l.features FROM sales s JOIN leads l ON l.id = s.lead_id
           WHERE s.accepted_at > :after AND s.accepted_at <= :until AND l.mode = 'live' AND l.features IS NOT NULL
           ORDER BY s.accepted_at, s.lead_id LIMIT :most""",
        after=after,
        until=until,
        most=most,
    )


async def reports(tx: Tx, after: int, until: int) -> list[Row]:
    """Dispositions recorded in (after, until], the earliest first: `at`, `lead_id`, `kind` and the vertical.

    Those that were older than what stood already when they came say nothing of how the lead ended.
    A return that was granted then is among them, as `returned`, and one that was taken back or lowered, as `reopened`,
    unless its buyer's own word says that the lead has ended.
    """
    return await tx.fetch(
        """SELECT d.told_at AS at, d.lead_id, d.kind, l.vertical FROM dispositions d JOIN leads l ON l.id = d.lead_id
           WHERE d.told_at > :after AND d.told_at <= :until AND l.mode = 'live'
               AND d.overtaken = 0
           UNION ALL SELECT r.at, r.lead_id, 'returned', l.vertical FROM return_decisions r
               JOIN leads l ON l.id = r.lead_id
           WHERE r.at > :after AND r.at <= :until AND l.mode = 'live' AND r.state IN ('approved', 'replaced')
           UNION ALL SELECT r.at, r.lead_id, 'reopened', l.vertical FROM return_decisions r
               JOIN leads l ON l.id = r.lead_id
           WHERE r.at > :after AND r.at <= :until AND l.mode = 'live'
               AND r.state IN ('declined', 'partial') AND r.number > 1
               AND NOT EXISTS (SELECT 1 FROM sale_dispositions d WHERE d.lead_id = r.lead_id AND d.final = 1)
           ORDER BY 1, 2, 3""",
        after=after,
        until=until,
    )


async def graded_leads(tx: Tx, actor: Actor, vertical: str, since: int, most: int) -> list[Row]:
    """Live leads of a vertical that were graded by points since an instant, the newest first. For operators."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    return await tx.fetch(
        """SELECT id, grade, points, score FROM leads WHERE vertical = :vertical AND received_at >= :since
               AND mode = 'live' AND points IS NOT NULL AND score IS NOT NULL AND grade IS NOT NULL
           ORDER BY received_at DESC, id DESC LIMIT :most""",
        vertical=vertical,
        since=since,
        most=most,
    )
