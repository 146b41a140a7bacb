"""What a buyer spent, hour by hour: for its forecast, and for its pages by day and contract."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.storage.database import Tx

HOUR_MS, FINE_MS = 3_600_000, 5_000


class HourSpent(NamedTuple):
    """Sales that stand, of one contract in one hour (its first instant), or in five seconds of the last hours."""

    hour: int
    contract_id: str
    leads: int
    units: int


async def spent_by_hour(
    tx: Tx, actor: Actor, buyer_id: str, currency: str, since: int, fine_since: int
) -> list[HourSpent]:
    """From `since` on, oldest first, by five seconds from `fine_since` on; nothing of another buyer.

    A return counts against the time of its sale.
    """
    if actor.role is Role.SELLER or (actor.role is Role.BUYER and actor.party_id != buyer_id):
        return []
    rows = await tx.fetch(
        """SELECT accepted_at - accepted_at % CASE WHEN accepted_at >= :fine THEN :short ELSE :step END AS hour,
               contract_id, COUNT(*) AS leads,
               CAST(SUM(price_units - returned_units) AS BIGINT) AS units
           FROM sales WHERE buyer_id = :buyer AND currency = :currency AND mode = 'live' AND accepted_at >= :since
               AND reversed_at IS NULL AND returned_units < price_units
           GROUP BY 1, 2 ORDER BY 1, 2""",
        step=HOUR_MS,
        short=FINE_MS,
        fine=fine_since,
        buyer=buyer_id,
        currency=currency,
        since=since,
    )
    return [HourSpent(row["hour"], row["contract_id"], row["leads"], row["units"]) for row in rows]
