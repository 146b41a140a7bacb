"""Erasing a lead's personal values: the keys that open them are destroyed, what finds them is blanked.

Money, verdicts and times stay; so does a line that says when and why. A destroyed key erases the values in every
backup.
"""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.nurture import LeftWhy
from exchange.model.work import JobRow
from exchange.storage.database import Row, Tx
from exchange.storage.evidence import EvidenceRow, save_evidence
from exchange.storage.jobs import add_job
from exchange.storage.nurture import leave as leave_nurture
from exchange.storage.shelf import ERASED, leave

_UNDER_WAY = "('open', 'selling')"


async def leads_to_match(tx: Tx, after: str, most: int) -> list[Row]:
    """Live leads whose values can be read, in the order of their ids, with their keys."""
    return await tx.fetch(
        """SELECT l.id, l.state, l.sealed, l.facts, k.wrapped FROM leads l JOIN data_keys k ON k.subject = l.subject
           WHERE l.id > :after AND l.mode = 'live' AND l.sealed IS NOT NULL AND k.wrapped IS NOT NULL
           ORDER BY l.id LIMIT :most""",
        after=after,
        most=most,
    )


async def leads_of_person(tx: Tx, phone_index: bytes | None, email_index: bytes | None) -> list[Row]:
    """Live leads with this phone or this email whose values are there."""
    return await tx.fetch(
        """SELECT * FROM leads WHERE (phone_index = :phone OR email_index = :email) AND mode = 'live'
               AND sealed IS NOT NULL ORDER BY received_at, id LIMIT 1000""",
        phone=phone_index,
        email=email_index,
    )


async def erase_lead(
    tx: Tx,
    lead_id: str,
    event: tuple[str, str, int, str],
    jobs: Sequence[JobRow] = (),
    evidence: EvidenceRow | None = None,
) -> bool:
    """Erase one lead. False while it is being sold or held, or when it was erased before.

    `event` is the line that stays: id, month, moment, sentence. `jobs` tell those who have the lead.
    `evidence` is what is kept apart of its consent.
    """
    changed = await tx.execute(
        f"""UPDATE leads SET sealed = NULL, phone_index = NULL, email_index = NULL, initials = NULL, zip = NULL,
               city = NULL, changed_at = :at
            WHERE id = :lead AND sealed IS NOT NULL AND state NOT IN {_UNDER_WAY}
                AND NOT EXISTS (SELECT 1 FROM legal_holds WHERE lead_id = :lead AND lifted_at IS NULL)""",
        lead=lead_id,
        at=event[2],
    )
    if not changed:
        return False
    if evidence is not None:
        await save_evidence(tx, evidence)
    await tx.execute(
        """UPDATE data_keys SET wrapped = NULL WHERE subject IN (SELECT id FROM requests WHERE lead_id = :lead)
               OR subject IN (SELECT id FROM source_items WHERE lead_id = :lead)""",
        lead=lead_id,
    )
    await tx.execute("UPDATE requests SET raw = NULL, answer = NULL WHERE lead_id = :lead", lead=lead_id)
    await tx.execute("UPDATE source_items SET sealed = NULL WHERE lead_id = :lead", lead=lead_id)
    await tx.execute("UPDATE sales SET phone_index = NULL, email_index = NULL WHERE lead_id = :lead", lead=lead_id)
    await tx.execute(
        "UPDATE screened SET phone = NULL, email = NULL, address = NULL, maker = NULL WHERE lead_id = :lead",
        lead=lead_id,
    )
    await tx.execute(
        """UPDATE return_requests SET note = '', sealed_note = NULL, sealed_answer = NULL, sealed_reply = NULL,
               file_name = NULL WHERE lead_id = :lead""",
        lead=lead_id,
    )
    for table in ("dispositions", "disposition_waits"):
        await tx.execute(f"UPDATE {table} SET sealed_note = NULL WHERE lead_id = :lead", lead=lead_id)
    await tx.execute("UPDATE dispositions SET note = '' WHERE lead_id = :lead", lead=lead_id)
    await tx.execute(  # a file may hold the consumer's phone and what was noted; what it said was taken up
        """UPDATE disposition_files SET wrapped = NULL, sealed = NULL
           WHERE sealed IS NOT NULL AND recorded_at IS NOT NULL AND wanted_at IS NULL
               AND buyer_id IN (SELECT buyer_id FROM sales WHERE lead_id = :lead)""",
        lead=lead_id,
    )
    for table in ("wires", "claims", "sightings", "return_files", "store_kept_from", "store_seen_by"):
        await tx.execute(f"DELETE FROM {table} WHERE lead_id = :lead", lead=lead_id)
    event_id, month, at, sentence = event
    await leave(tx, lead_id, ERASED, at)
    await leave_nurture(tx, lead_id, LeftWhy.ERASED, "ended, the consumer's values were erased", at)
    await tx.execute(
        """INSERT INTO lead_events (id, month, lead_id, at, kind, sentence, actor)
           VALUES (:id, :month, :lead, :at, 'erased', :sentence, 'exchange')""",
        id=event_id,
        month=month,
        lead=lead_id,
        at=at,
        sentence=sentence,
    )
    for job in jobs:
        await add_job(tx, job)
    return True
