"""Orders of the store: many leads by one call, never above what the buyer set for it, whatever is repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.work import JobRow
from exchange.storage.database import Row, StorageError, Tx
from exchange.storage.store import ClaimRow, Taken, take


class OrderRow(NamedTuple):
    """`wanted` is JSON; `limit_units` is what all its leads may cost together, `most` how many they may be."""

    id: str
    buyer_id: str
    reference: str
    wanted: str
    limit_units: int
    currency: str
    most: int
    made_at: int
    made_by: str


class OrderChanged(StorageError):
    """The reference belongs to an order that asked for something else."""


class OrderBusy(StorageError):
    """Somebody is at this order."""


class OverLimit(StorageError):
    """One more lead would cost more than the order may spend."""


async def begin_order(tx: Tx, order: OrderRow, now: int, busy_until: int) -> Row:
    """Make an order, or take one up again that was left. One that ended is returned as it is.

    Raises `OrderChanged`, and `OrderBusy` while another call is at it.
    """
    made = await tx.execute(
        """INSERT INTO store_orders (id, buyer_id, reference, wanted, limit_units, currency, most, made_at, made_by,
               busy_until)
           VALUES (:id, :buyer_id, :reference, :wanted, :limit_units, :currency, :most, :made_at, :made_by, :busy)
           ON CONFLICT (buyer_id, reference) DO NOTHING""",
        busy=busy_until,
        **order._asdict(),
    )
    row = (
        await tx.fetch(
            "SELECT * FROM store_orders WHERE buyer_id = :buyer AND reference = :reference",
            buyer=order.buyer_id,
            reference=order.reference,
        )
    )[0]
    same = ("wanted", "limit_units", "currency", "most")
    if any(row[name] != getattr(order, name) for name in same):
        raise OrderChanged(order.reference)
    if made or row["ended_at"] is not None:
        return row
    taken_up = await tx.execute(
        "UPDATE store_orders SET busy_until = :busy WHERE id = :id AND busy_until <= :now AND ended_at IS NULL",
        busy=busy_until,
        now=now,
        id=row["id"],
    )
    if not taken_up:
        raise OrderBusy(order.reference)
    return row


async def take_within(tx: Tx, claim: ClaimRow, sales: int, jobs: Sequence[JobRow]) -> Taken | None:
    """As `take`, for a claim of an order. Raises `OverLimit`; the order's row is locked, so its sum is exact."""
    await tx.execute("UPDATE store_orders SET busy_until = busy_until WHERE id = :id", id=claim.order_id)
    rows = await tx.fetch("SELECT limit_units FROM store_orders WHERE id = :id", id=claim.order_id)
    if await spent(tx, str(claim.order_id), claim.made_at) + claim.price_units > rows[0]["limit_units"]:
        raise OverLimit(claim.order_id)
    return await take(tx, claim, sales, jobs)


async def spent(tx: Tx, order_id: str, now: int) -> int:
    """What the leads of an order cost so far, those it holds at this moment included."""
    rows = await tx.fetch(
        """SELECT COALESCE(CAST(SUM(price_units) AS BIGINT), 0) AS units FROM store_claims WHERE order_id = :id
               AND (state IN ('buying', 'bought') OR (state = 'held' AND expires_at > :now))""",
        id=order_id,
        now=now,
    )
    return int(rows[0]["units"])


async def claims_of_order(tx: Tx, order_id: str) -> list[Row]:
    """Every claim it made, in their order."""
    return await tx.fetch(
        """SELECT store_claims.*, store_items.card FROM store_claims JOIN store_items USING (lead_id)
           WHERE order_id = :id ORDER BY store_claims.made_at, store_claims.id""",
        id=order_id,
    )


async def read_order(tx: Tx, actor: Actor, order_id: str) -> Row | None:
    """An order of this buyer; of anybody's for an operator."""
    rows = await tx.fetch("SELECT * FROM store_orders WHERE id = :id", id=order_id)
    if not rows or (actor.role is Role.BUYER and rows[0]["buyer_id"] != actor.party_id):
        return None
    return rows[0]


async def end_order(tx: Tx, order_id: str, why: str, now: int) -> None:
    """`why` it took no more, as a word. The first end counts."""
    await tx.execute(
        "UPDATE store_orders SET ended_at = :now, why = :why WHERE id = :id AND ended_at IS NULL",
        id=order_id,
        why=why,
        now=now,
    )
