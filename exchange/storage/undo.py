"""A sale undone, in one unit: the money of both sides, the caps, the lead's sums, its slot and its leg."""

from __future__ import annotations

from exchange.model.reversal import Reversal
from exchange.model.work import LeadState, state_after
from exchange.storage.audit import record
from exchange.storage.closing import close_lead
from exchange.storage.database import Row, Tx
from exchange.storage.deliveries import end_delivery
from exchange.storage.holds import unpost_holds
from exchange.storage.ledger import book
from exchange.storage.selling import lead_attempts, lock_lead


async def read_sale(tx: Tx, attempt_id: str) -> Row | None:
    """The sale of an attempt, undone or not; `taken_back` where the books reversed it before: they do but once."""
    rows = await tx.fetch(
        """SELECT s.*, CASE WHEN EXISTS (SELECT 1 FROM transactions t WHERE t.reverses = 'sale:' || s.attempt_id
               AND t.kind = 'reversal') THEN 1 ELSE 0 END AS taken_back
           FROM sales s WHERE s.attempt_id = :attempt""",
        attempt=attempt_id,
    )
    return rows[0] if rows else None


async def undo_sale(tx: Tx, reversal: Reversal) -> LeadState | None:
    """Undo it. None when it was undone before, or never made: then nothing changes. Raises `LeadMoved`.

    Its deliveries decide what the lead is now, with the lead's row locked.
    """
    await lock_lead(tx, reversal.lead_id, reversal.before, reversal.at)
    undone = await tx.execute(
        """UPDATE attempts SET state = 'failed', reason = 'post_failed', detail = :why, ended_at = :at
           WHERE id = :id AND state = 'accepted'""",
        id=reversal.attempt_id,
        why=reversal.why,
        at=reversal.at,
    )
    if not undone:
        return None
    sales = await tx.fetch(
        """UPDATE sales SET reversed_at = :at, reversed_why = :why WHERE attempt_id = :id AND reversed_at IS NULL
           RETURNING price_units, payout_units, currency, mode, accepted_at""",
        id=reversal.attempt_id,
        at=reversal.at,
        why=reversal.why,
    )
    await unpost_holds(tx, reversal.attempt_id, reversal.at)
    for transaction in reversal.transactions:
        await book(tx, transaction)
    await _take_from_lead(tx, reversal, sales[0])
    await end_delivery(tx, reversal.attempt_id, reversal.delivery, reversal.at)
    state = state_after([row["state"] for row in await lead_attempts(tx, reversal.lead_id)])
    closing = next(each for each in reversal.closings if each.ends is state)
    await close_lead(tx, closing)
    await record(tx, reversal.line)
    return closing.state


async def _take_from_lead(tx: Tx, reversal: Reversal, sale: Row) -> None:
    await tx.execute(
        """UPDATE leads SET revenue_units = revenue_units - :price, payout_units = payout_units - :payout,
               times_sold = times_sold - 1 WHERE id = :id""",
        id=reversal.lead_id,
        price=sale["price_units"],
        payout=reversal.payout_units,
    )
