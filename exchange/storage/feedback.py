"""Dispositions: what buyers say became of the leads they bought."""

from __future__ import annotations

from exchange.model.actor import Actor, Role
from exchange.model.feedback import Disposition
from exchange.model.work import JobRow
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job


async def find_sale(tx: Tx, actor: Actor, reference: str) -> Row | None:
    """The sale a buyer means by our lead id, delivery id or sale id, or by its own reference. Only its own sales."""
    whose = "AND buyer_id = :buyer" if actor.role is Role.BUYER else ""
    rows = await tx.fetch(
        f"""SELECT s.*, l.vertical, l.seller_lead_id FROM sales s JOIN leads l ON l.id = s.lead_id
            WHERE s.reversed_at IS NULL AND (s.lead_id = :reference OR s.attempt_id = :reference OR s.id = :reference
                OR s.buyer_reference = :reference) {whose.replace("buyer_id", "s.buyer_id")}
            ORDER BY s.accepted_at DESC, s.id LIMIT 1""",
        reference=reference,
        **({"buyer": actor.party_id} if whose else {}),
    )
    return rows[0] if rows else None


async def save_disposition(
    tx: Tx, disposition: Disposition, sale: Row, month: str, told_at: int, jobs: tuple[JobRow, ...] = ()
) -> bool:
    """Record it once: the same word at the same time for the same sale changes nothing. True when it is new."""
    rows = await tx.fetch(
        """INSERT INTO dispositions (id, month, sale_id, lead_id, buyer_id, kind, note, value_units, at, told_at,
               told_by)
           VALUES (:id, :month, :sale, :lead, :buyer, :kind, :note, :value, :at, :told_at, :told_by)
           ON CONFLICT (sale_id, kind, at) DO NOTHING RETURNING id""",
        id=disposition.id,
        month=month,
        sale=sale["id"],
        lead=sale["lead_id"],
        buyer=sale["buyer_id"],
        kind=disposition.kind,
        note=disposition.note,
        value=disposition.value.units if disposition.value is not None else None,
        at=disposition.at,
        told_at=told_at,
        told_by=disposition.told_by,
    )
    for job in jobs if rows else ():
        await add_job(tx, job)
    return bool(rows)


async def dispositions_of(tx: Tx, lead_id: str) -> list[Row]:
    return await tx.fetch("SELECT * FROM dispositions WHERE lead_id = :lead ORDER BY at, id", lead=lead_id)
