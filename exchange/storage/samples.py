"""Replies kept to try a connection's rules on. What a reply holds is sealed before it comes here."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.limits import SAMPLES_KEPT
from exchange.storage.database import Tx


@dataclass(frozen=True, slots=True)
class SampleRow:
    id: str
    connection: str
    stage: str
    label: str
    expected: str
    sealed: bytes
    made_at: int
    made_by: str


async def add_sample(tx: Tx, sample: SampleRow) -> bool:
    """False when the connection has as many as are kept."""
    rows = await tx.fetch(
        "SELECT COUNT(*) AS kept FROM connection_samples WHERE connection = :connection", connection=sample.connection
    )
    if rows[0]["kept"] >= SAMPLES_KEPT:
        return False
    await tx.execute(
        """INSERT INTO connection_samples (id, connection, stage, label, expected, sealed, made_at, made_by)
           VALUES (:id, :connection, :stage, :label, :expected, :sealed, :at, :by)""",
        id=sample.id,
        connection=sample.connection,
        stage=sample.stage,
        label=sample.label,
        expected=sample.expected,
        sealed=sample.sealed,
        at=sample.made_at,
        by=sample.made_by,
    )
    return True


async def read_samples(tx: Tx, connection: str) -> list[SampleRow]:
    """Oldest first."""
    rows = await tx.fetch(
        """SELECT id, connection, stage, label, expected, sealed, made_at, made_by FROM connection_samples
           WHERE connection = :connection ORDER BY made_at, id""",
        connection=connection,
    )
    return [SampleRow(**{**row, "sealed": bytes(row["sealed"])}) for row in map(dict, rows)]


async def remove_sample(tx: Tx, connection: str, sample_id: str) -> bool:
    """False when the connection has no such sample."""
    return bool(
        await tx.execute(
            "DELETE FROM connection_samples WHERE id = :id AND connection = :connection",
            id=sample_id,
            connection=connection,
        )
    )


async def count_samples(tx: Tx) -> dict[str, int]:
    """How many each connection has."""
    rows = await tx.fetch("SELECT connection, COUNT(*) AS kept FROM connection_samples GROUP BY connection")
    return {row["connection"]: row["kept"] for row in rows}
