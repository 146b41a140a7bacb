"""Showing what is masked leaves a line in the audit log and one in the lead's own timeline, first of all. It stays in
sight of one session for a while.
"""

from __future__ import annotations

from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.closing import add_event
from exchange.storage.database import Tx


async def note_reveal(
    tx: Tx, line: AuditLine, lead_id: str, sentence: str, session: bytes = b"", until_at: int = 0
) -> None:
    """`session` (its hash) sees the lead until then, epoch ms; empty: it is shown once."""
    await record(tx, line)
    await add_event(tx, lead_id, line.month, line.at, "revealed", sentence, line.actor.name)
    if session:
        await tx.execute(
            """INSERT INTO reveals (session, lead_id, until_at) VALUES (:session, :lead, :until)
               ON CONFLICT (session, lead_id) DO UPDATE SET until_at = :until""",
            session=session,
            lead=lead_id,
            until=until_at,
        )


async def revealed_until(tx: Tx, session: bytes, lead_id: str, now: int) -> int | None:
    """Until when a session sees the personal data of a lead; None: it does not."""
    rows = await tx.fetch(
        "SELECT until_at FROM reveals WHERE session = :session AND lead_id = :lead AND until_at > :now",
        session=session,
        lead=lead_id,
        now=now,
    )
    return int(rows[0]["until_at"]) if rows else None


async def end_reveal(tx: Tx, session: bytes, lead_id: str) -> None:
    await tx.execute("DELETE FROM reveals WHERE session = :session AND lead_id = :lead", session=session, lead=lead_id)
