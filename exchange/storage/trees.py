"""What the cards of a ping tree show of contracts: what each bought lately."""

from __future__ import annotations

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx


async def contract_sales(tx: Tx, actor: Actor, since: int) -> list[Row]:
    """Live sales of each contract since an instant: how many, the least and the most that was paid."""
    if actor.role is not Role.OPERATOR:
        return []
    return await tx.fetch(
        """SELECT contract_id, COUNT(*) AS sold, MIN(price_units) AS low, MAX(price_units) AS high FROM sales
           WHERE accepted_at >= :since AND mode = 'live' AND (reversed_at IS NULL OR returned_at IS NOT NULL)
           GROUP BY contract_id""",
        since=since,
    )
