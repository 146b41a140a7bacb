"""In which order the rows of an import are sold, where that is not the order of its file."""

from __future__ import annotations

from exchange.model.work import JobRow
from exchange.storage.database import Tx
from exchange.storage.jobs import add_job


async def save_order(tx: Tx, import_id: str, content: bytes, *sell: JobRow) -> None:
    """The first order that was worked out stands: rows may be sold by it already. Then the selling begins."""
    await tx.execute(
        """INSERT INTO import_orders (import_id, content) VALUES (:id, :content)
           ON CONFLICT (import_id) DO NOTHING""",
        id=import_id,
        content=content,
    )
    for job in sell:
        await add_job(tx, job)


async def read_order(tx: Tx, import_id: str) -> bytes | None:
    rows = await tx.fetch("SELECT content FROM import_orders WHERE import_id = :id", id=import_id)
    return bytes(rows[0]["content"]) if rows else None


async def has_order(tx: Tx, import_id: str) -> bool:
    return bool(await tx.fetch("SELECT 1 FROM import_orders WHERE import_id = :id", id=import_id))


async def drop_order(tx: Tx, import_id: str) -> None:
    await tx.execute("DELETE FROM import_orders WHERE import_id = :id", id=import_id)
