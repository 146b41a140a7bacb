"""Leads that leave the store early: their consumer came on a list, took the consent back or was erased."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.storage.database import Row, Tx

CONSENT_TAKEN_BACK = "The consumer took the consent back."
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


async def note_seen(tx: Tx, lead_ids: Sequence[str], version: int, gone: Sequence[tuple[str, str]], now: int) -> None:
    """These were held against the lists of a version; those `gone`, each with why, leave the shelf."""
    for lead_id in lead_ids:
        await tx.execute(
            "UPDATE store_items SET lists_seen = :version WHERE lead_id = :lead AND lists_seen < :version",
            lead=lead_id,
            version=version,
        )
    for lead_id, why in gone:
        await leave(tx, lead_id, why, now)


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


async def leave_all(tx: Tx, phone_index: bytes | None, email_index: bytes | None, vertical: str, now: int) -> None:
    """Every lead of a consumer who took the consent back leaves; of one vertical, or of all when it is empty."""
    rows = await tx.fetch(
        """SELECT leads.id FROM leads JOIN store_items ON store_items.lead_id = leads.id
           WHERE (leads.phone_index = :phone OR leads.email_index = :email) AND store_items.state = 'listed'
               AND (:vertical = '' OR leads.vertical = :vertical) ORDER BY leads.id""",
        phone=phone_index,
        email=email_index,
        vertical=vertical,
    )
    for row in rows:
        await leave(tx, row["id"], CONSENT_TAKEN_BACK, now)
