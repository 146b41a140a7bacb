"""Notes that people of the exchange write about a party; nobody else reads them."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Tx


class Note(NamedTuple):
    id: str
    subject: str
    at: int
    author: str
    text: str


async def add_note(tx: Tx, note: Note, line: AuditLine) -> None:
    await tx.execute(
        "INSERT INTO notes (id, subject, at, author, text) VALUES (:id, :subject, :at, :author, :text)",
        **note._asdict(),
    )
    await record(tx, line)


async def notes_of(tx: Tx, actor: Actor, subject: str, limit: int = 100) -> list[Note]:
    """Newest first."""
    if actor.role is not Role.OPERATOR:
        return []
    rows = await tx.fetch(
        """SELECT id, subject, at, author, text FROM notes WHERE subject = :subject
           ORDER BY at DESC, id DESC LIMIT :limit""",
        subject=subject,
        limit=limit,
    )
    return [Note(*(row[name] for name in Note._fields)) for row in rows]
