"""Showing what is masked leaves a line in the audit log and one in the lead's own timeline, first of all."""

from __future__ import annotations

from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.closing import add_event
from exchange.storage.database import Tx


async def note_reveal(tx: Tx, line: AuditLine, lead_id: str, sentence: str) -> None:
    await record(tx, line)
    await add_event(tx, lead_id, line.month, line.at, "revealed", sentence, line.actor.name)
