"""Tables of facts that an operator loaded, one of each kind. Loading one replaces it whole."""

from __future__ import annotations

from exchange.model.audit import AuditLine
from exchange.model.table import StoredTable, TableHead
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.touch import touch_market

_COLUMNS = "name, version, source, licence, rows_held, sha256, loaded_at, loaded_by"


async def read_heads(tx: Tx) -> tuple[StoredTable, ...]:
    """What is loaded, without the files themselves."""
    rows = await tx.fetch(f"SELECT {_COLUMNS} FROM data_tables ORDER BY name")
    return tuple(_stored(row, None) for row in rows)


async def read_content(tx: Tx, name: str) -> StoredTable | None:
    """One loaded table with its file."""
    rows = await tx.fetch(f"SELECT {_COLUMNS}, content FROM data_tables WHERE name = :name", name=name)
    return _stored(rows[0], bytes(rows[0]["content"])) if rows else None


async def put_table(tx: Tx, table: StoredTable, line: AuditLine) -> None:
    """Load a table over the one of its kind. Every node takes it up at its next look."""
    await tx.execute(
        """INSERT INTO data_tables (name, version, source, licence, rows_held, sha256, content, loaded_at, loaded_by)
           VALUES (:name, :version, :source, :licence, :rows, :sha256, :content, :at, :by)
           ON CONFLICT (name) DO UPDATE SET version = :version, source = :source, licence = :licence,
               rows_held = :rows, sha256 = :sha256, content = :content, loaded_at = :at, loaded_by = :by""",
        **table.head._asdict(),
        rows=table.rows,
        sha256=table.sha256,
        content=table.content,
        at=table.loaded_at,
        by=table.loaded_by,
    )
    await record(tx, line)
    await touch_market(tx)


async def drop_table(tx: Tx, name: str, line: AuditLine) -> bool:
    """Go back to the packaged table. False when none was loaded, and then nothing is written."""
    if not await tx.execute("DELETE FROM data_tables WHERE name = :name", name=name):
        return False
    await record(tx, line)
    await touch_market(tx)
    return True


def _stored(row: Row, content: bytes | None) -> StoredTable:
    head = TableHead(row["name"], row["version"], row["source"], row["licence"])
    return StoredTable(head, row["rows_held"], row["sha256"], content, row["loaded_at"], row["loaded_by"])
