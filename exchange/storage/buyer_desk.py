"""Notes about buyers, and what buyers ask to have changed."""

from __future__ import annotations

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx

OPEN, DONE, DECLINED = "open", "done", "declined"


async def add_note(tx: Tx, note_id: str, buyer_id: str, text: str, line: AuditLine) -> None:
    await tx.execute(
        "INSERT INTO buyer_notes (id, buyer_id, at, by_name, text) VALUES (:id, :buyer, :at, :by, :text)",
        id=note_id,
        buyer=buyer_id,
        at=line.at,
        by=line.actor.name,
        text=text,
    )
    await record(tx, line)


async def notes_of(tx: Tx, actor: Actor, buyer_id: str, most: int = 100) -> list[Row]:
    """Newest first. Of the exchange's people alone."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    return await tx.fetch(
        "SELECT * FROM buyer_notes WHERE buyer_id = :buyer ORDER BY at DESC, id DESC LIMIT :most",
        buyer=buyer_id,
        most=most,
    )


async def ask_change(tx: Tx, request_id: str, buyer_id: str, contract_id: str, text: str, line: AuditLine) -> None:
    await tx.execute(
        """INSERT INTO change_requests (id, buyer_id, contract_id, at, by_name, text, state, answer)
           VALUES (:id, :buyer, :contract, :at, :by, :text, 'open', '')""",
        id=request_id,
        buyer=buyer_id,
        contract=contract_id,
        at=line.at,
        by=line.actor.name,
        text=text,
    )
    await record(tx, line)


async def decide_change(tx: Tx, request_id: str, state: str, answer: str, line: AuditLine) -> bool:
    """False when it was decided before. The first decision stands."""
    changed = await tx.execute(
        """UPDATE change_requests SET state = :state, answer = :answer, decided_at = :at, decided_by = :by
           WHERE id = :id AND state = 'open'""",
        id=request_id,
        state=state,
        answer=answer,
        at=line.at,
        by=line.actor.name,
    )
    if changed != 1:
        return False
    await record(tx, line)
    return True


async def changes_asked(tx: Tx, actor: Actor, buyer_id: str, most: int = 50) -> list[Row]:
    """What a buyer asked for, newest first. A buyer sees its own."""
    if actor.role is Role.SELLER or (actor.role is Role.BUYER and actor.party_id != buyer_id):
        return []
    return await tx.fetch(
        "SELECT * FROM change_requests WHERE buyer_id = :buyer ORDER BY at DESC, id DESC LIMIT :most",
        buyer=buyer_id,
        most=most,
    )


async def change_asked(tx: Tx, request_id: str) -> Row | None:
    rows = await tx.fetch("SELECT * FROM change_requests WHERE id = :id", id=request_id)
    return rows[0] if rows else None


async def count_asked(tx: Tx) -> int:
    """How many wait for somebody of the exchange."""
    rows = await tx.fetch("SELECT COUNT(*) AS waiting FROM change_requests WHERE state = 'open'")
    return int(rows[0]["waiting"])


async def buyers_asking(tx: Tx) -> set[str]:
    rows = await tx.fetch("SELECT DISTINCT buyer_id FROM change_requests WHERE state = 'open'")
    return {row["buyer_id"] for row in rows}
