"""Evidence of consent that outlives an erased lead, and holds that keep a lead from being erased."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.closing import event_row
from exchange.storage.database import Row, Tx


class EvidenceRow(NamedTuple):
    """Sealed with a key of its own, which goes with it. The consumer is found by keyed hashes."""

    lead_id: str
    phone_index: bytes | None
    email_index: bytes | None
    made_at: int
    keep_until: int
    wrapped: bytes
    sealed: bytes


async def save_evidence(tx: Tx, row: EvidenceRow) -> None:
    await tx.execute(
        """INSERT INTO consent_evidence (lead_id, phone_index, email_index, made_at, keep_until, wrapped, sealed)
           VALUES (:lead_id, :phone_index, :email_index, :made_at, :keep_until, :wrapped, :sealed)
           ON CONFLICT (lead_id) DO NOTHING""",
        **row._asdict(),
    )


async def recipients_ever(tx: Tx, lead_id: str) -> list[Row]:
    """Every delivery of a lead that a buyer has, may have or had: also of a sale that was undone."""
    return await tx.fetch(
        """SELECT a.buyer_id, a.contract_id, a.reference, a.made_at FROM attempts a WHERE a.lead_id = :lead
               AND (a.state IN ('accepted', 'pending', 'unclear', 'sending', 'reserved')
                   OR EXISTS (SELECT 1 FROM sales WHERE sales.attempt_id = a.id)) ORDER BY a.made_at, a.id""",
        lead=lead_id,
    )


async def find_evidence(tx: Tx, lead_id: str, phone_index: bytes | None, email_index: bytes | None) -> list[Row]:
    return await tx.fetch(
        """SELECT * FROM consent_evidence WHERE lead_id = :lead OR phone_index = :phone OR email_index = :email
           ORDER BY made_at, lead_id LIMIT 100""",
        lead=lead_id,
        phone=phone_index,
        email=email_index,
    )


async def forget_evidence(tx: Tx, now: int) -> int:
    """What was kept long enough goes, with its key."""
    return await tx.execute("DELETE FROM consent_evidence WHERE keep_until <= :now", now=now)


async def hold_lead(tx: Tx, lead_id: str, reason: str, line: AuditLine) -> bool:
    """Keep a lead from being erased. False when there is none, or it is held."""
    leads = await tx.fetch("SELECT month FROM leads WHERE id = :lead AND sealed IS NOT NULL", lead=lead_id)
    if not leads:
        return False
    held = await tx.execute(
        """INSERT INTO legal_holds (lead_id, reason, made_at, made_by) VALUES (:lead, :reason, :at, :by)
           ON CONFLICT (lead_id) DO UPDATE SET reason = :reason, made_at = :at, made_by = :by, lifted_at = NULL,
               lifted_by = NULL WHERE legal_holds.lifted_at IS NOT NULL""",
        lead=lead_id,
        reason=reason,
        at=line.at,
        by=line.actor.name,
    )
    if held:
        told = f"Legal hold: its values are not erased until it is lifted. {reason}"
        await tx.execute_all(event_row(lead_id, leads[0]["month"], line.at, "held", told, line.actor.name))
        await record(tx, line)
    return bool(held)


async def lift_hold(tx: Tx, lead_id: str, line: AuditLine) -> bool:
    """The lead may be erased again. False when it is not held."""
    lifted = await tx.execute(
        "UPDATE legal_holds SET lifted_at = :at, lifted_by = :by WHERE lead_id = :lead AND lifted_at IS NULL",
        at=line.at,
        by=line.actor.name,
        lead=lead_id,
    )
    if lifted:
        leads = await tx.fetch("SELECT month FROM leads WHERE id = :lead", lead=lead_id)
        told = "The legal hold is lifted"
        await tx.execute_all(event_row(lead_id, leads[0]["month"], line.at, "hold_lifted", told, line.actor.name))
        await record(tx, line)
    return bool(lifted)


async def hold_of(tx: Tx, lead_id: str) -> Row | None:
    """The hold that stands: reason, made_at, made_by."""
    rows = await tx.fetch("SELECT * FROM legal_holds WHERE lead_id = :lead AND lifted_at IS NULL", lead=lead_id)
    return rows[0] if rows else None


async def evidence_until(tx: Tx, lead_id: str) -> int | None:
    """Until when evidence of the lead's consent is kept; None when none is."""
    rows = await tx.fetch("SELECT keep_until FROM consent_evidence WHERE lead_id = :lead", lead=lead_id)
    return rows[0]["keep_until"] if rows else None
