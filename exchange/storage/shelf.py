"""Leads that leave the store early: their consumer came on a list, took the consent back or was erased."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.storage.database import Row, Tx

CONSENT_TAKEN_BACK = "The consumer took the consent back."
SOLD_AGAIN = "It is being sold again."
ERASED = "The consumer's values were erased."


async def unseen(tx: Tx, version: int, most: int) -> list[Row]:
    """Leads on the shelf that were not held against the lists of this version yet, the longest ago first."""
    return await tx.fetch(
        """SELECT leads.*, store_items.lists_seen FROM store_items JOIN leads ON leads.id = store_items.lead_id
           WHERE store_items.state = 'listed' AND store_items.lists_seen < :version
           ORDER BY store_items.lists_seen, store_items.lead_id LIMIT :most""",
        version=version,
        most=most,
    )


async def note_seen(tx: Tx, stands: Sequence[tuple[str, str | None, tuple[str, ...]]], version: int, now: int) -> None:
    """Leads that were held against the lists of a version: each with why it leaves the shelf, if it does, and with the
    buyers who do not see it because of a list of their own.
    """
    for lead_id, gone, kept_from in stands:
        noted = await tx.execute(
            "UPDATE store_items SET lists_seen = :version WHERE lead_id = :lead AND lists_seen < :version",
            lead=lead_id,
            version=version,
        )
        if noted:  # else another node has held it against newer lists
            await tx.execute("DELETE FROM store_kept_from WHERE lead_id = :lead", lead=lead_id)
            await keep_from(tx, lead_id, kept_from)
        if gone is not None:
            await leave(tx, lead_id, gone, now)


async def keep_from(tx: Tx, lead_id: str, buyer_ids: Sequence[str]) -> None:
    """These buyers do not see the lead on the shelf."""
    for buyer_id in buyer_ids:
        await tx.execute(
            """INSERT INTO store_kept_from (lead_id, buyer_id) VALUES (:lead, :buyer)
               ON CONFLICT (lead_id, buyer_id) DO NOTHING""",
            lead=lead_id,
            buyer=buyer_id,
        )


async def show_to(tx: Tx, lead_id: str, seen_by: Sequence[tuple[str, int]], listed_at: int) -> None:
    """Only these buyers see the lead on the shelf, each from its age in milliseconds on."""
    await tx.execute("DELETE FROM store_seen_by WHERE lead_id = :lead", lead=lead_id)
    for buyer_id, after_ms in seen_by:
        await tx.execute(
            """INSERT INTO store_seen_by (lead_id, buyer_id, from_at) VALUES (:lead, :buyer, :at)
               ON CONFLICT (lead_id, buyer_id) DO NOTHING""",
            lead=lead_id,
            buyer=buyer_id,
            at=listed_at + after_ms,
        )


async def may_see(tx: Tx, lead_id: str, buyer_id: str, now: int) -> bool:
    """Whether the rule that a lead was listed by shows it to a buyer now."""
    rows = await tx.fetch(
        """SELECT 1 AS one FROM store_items i WHERE i.lead_id = :lead AND (i.narrow = 0 OR EXISTS (
               SELECT 1 FROM store_seen_by s WHERE s.lead_id = i.lead_id AND s.buyer_id = :buyer AND s.from_at <= :now
           ))""",
        lead=lead_id,
        buyer=buyer_id,
        now=now,
    )
    return bool(rows)


async def is_kept_from(tx: Tx, lead_id: str, buyer_id: str) -> bool:
    rows = await tx.fetch(
        "SELECT 1 AS one FROM store_kept_from WHERE lead_id = :lead AND buyer_id = :buyer", lead=lead_id, buyer=buyer_id
    )
    return bool(rows)


async def leave(tx: Tx, lead_id: str, why: str, now: int) -> bool:
    """Take a lead off the shelf. Who holds it loses it too, unless it is being booked. False when it was not there."""
    left = await tx.execute(
        """UPDATE store_items SET state = 'over', gone = :why, gone_at = :now
           WHERE lead_id = :lead AND state = 'listed'""",
        lead=lead_id,
        why=why,
        now=now,
    )
    if not left:
        return False
    await tx.execute(
        "UPDATE store_claims SET state = 'released', ended_at = :now WHERE lead_id = :lead AND state = 'held'",
        lead=lead_id,
        now=now,
    )
    return True


async def put_back(tx: Tx, lead_id: str, why: str, now: int) -> bool:
    """A lead that left for a while, for this reason alone, stands on the shelf again for what is left of its days."""
    return bool(
        await tx.execute(
            """UPDATE store_items SET state = 'listed', gone = NULL, gone_at = NULL
               WHERE lead_id = :lead AND state = 'over' AND gone = :why AND ends_at > :now""",
            lead=lead_id,
            why=why,
            now=now,
        )
    )
