"""The rows of a SQLite database in a PostgreSQL database of the same migrations, by COPY."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg

from exchange.storage.migrate import migrate
from exchange.storage.postgres import open_postgres

_AT_ONCE = 20_000  # rows between two looks at whoever else waits
_TABLES = """SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    ORDER BY relname"""
_COLUMNS = """SELECT attname, format_type(atttypid, NULL) AS kind FROM pg_attribute
    WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
_INDEXES = """SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)"""
_READ: Mapping[str, Callable[[Any], Any]] = {"double precision": float}


async def copy_rows(file: Path, url: str, now: int) -> int:
    """Fill an empty database with every row of the file. Returns how many. Indexes are made after the rows."""
    db = await open_postgres(url, size=1)
    await migrate(db, now)
    await db.close()
    connection = await asyncpg.connect(url)
    copied = 0
    try:
        await connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
        indexes = await connection.fetch(_INDEXES)
        for index in indexes:
            await connection.execute(f"DROP INDEX {index['name']}")
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source:
            for table in await connection.fetch(_TABLES):
                copied += await _copy_table(source, connection, table["relname"])
        for index in indexes:
            await connection.execute(index["made"])
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return copied


async def _copy_table(source: sqlite3.Connection, connection: asyncpg.Connection[Any], table: str) -> int:
    columns = {row["attname"]: row["kind"] for row in await connection.fetch(_COLUMNS, table)}
    await connection.execute(f"DELETE FROM {table}")  # what migrations wrote
    reads = [_READ.get(kind) for kind in columns.values()]
    copied = 0
    rows = source.execute(f"SELECT {', '.join(columns)} FROM {table}")
    while some := rows.fetchmany(_AT_ONCE):
        records = _typed(some, reads) if any(reads) else iter(some)
        await connection.copy_records_to_table(table, records=records, columns=list(columns))
        copied += len(some)
    return copied


def _typed(rows: list[tuple[Any, ...]], reads: list[Callable[[Any], Any] | None]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield tuple(
            read(value) if read is not None and value is not None else value
            for read, value in zip(reads, row, strict=True)
        )
