"""Leads that were given back and are offered again: taken by one job, which keeps their return from being turned."""

from __future__ import annotations

from exchange.storage.database import Row, Tx


async def take_returned(tx: Tx, return_id: str, now: int, *, late: bool = False) -> bool:
    """Take the lead of a granted return for selling, once, unless it is too late to begin. True as well for a job that
    comes again after a crash.

    While it is `selling` nobody decides about its returns.
    """
    rows = await tx.fetch("SELECT lead_id, resold_at FROM return_requests WHERE id = :id", id=return_id)
    if not rows:
        return False
    lead_id = rows[0]["lead_id"]
    if rows[0]["resold_at"] is not None:
        leads = await tx.fetch("SELECT state FROM leads WHERE id = :id", id=lead_id)
        return bool(leads) and leads[0]["state"] == "selling"
    if late:
        return False
    taken = await tx.execute(
        "UPDATE leads SET state = 'selling', changed_at = :now WHERE id = :id AND state = 'sold'", now=now, id=lead_id
    )
    if not taken:
        return False
    noted = await tx.execute(
        "UPDATE return_requests SET resold_at = :now WHERE id = :id AND state = 'approved'", now=now, id=return_id
    )
    if not noted:  # it was turned meanwhile
        await tx.execute("UPDATE leads SET state = 'sold' WHERE id = :id", id=lead_id)
    return bool(noted)


async def returned_attempts(tx: Tx, lead_id: str) -> frozenset[str]:
    """The deliveries of a lead whose whole price went back to their buyers."""
    rows = await tx.fetch(
        """SELECT attempt_id FROM sales WHERE lead_id = :lead AND reversed_at IS NOT NULL
               AND returned_at IS NOT NULL""",
        lead=lead_id,
    )
    return frozenset(row["attempt_id"] for row in rows)


async def was_sold_again(tx: Tx, request: Row) -> bool:
    """Whether somebody has the lead of a return, or may have it, since it was offered again."""
    if request["resold_at"] is None:
        return False
    rows = await tx.fetch(
        """SELECT id FROM attempts WHERE lead_id = :lead AND made_at >= :since AND id <> :own
               AND state <> 'rejected' AND state <> 'failed' LIMIT 1""",
        lead=request["lead_id"],
        own=request["attempt_id"],
        since=request["resold_at"],
    )
    return bool(rows)
