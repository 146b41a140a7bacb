"""Databases for tests, migrated once: running every migration again would take longer than most tests."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from exchange.storage.migrate import migrate
from exchange.storage.postgres import open_postgres
from exchange.storage.sqlite import SqliteDb, open_sqlite

NOW = 1_795_000_000_000

TESTS_EACH = 100  # that one database serves: what is deleted leaves dead rows, which scans pass over
TEMPLATE = "template_migrated"
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
WRITTEN = f"{TABLES} AND pg_relation_size(oid) > 0"
SHAPE = """SELECT string_agg(told, ',' ORDER BY told) FROM (
               SELECT concat_ws(' ', relname, relkind, relnatts) AS told
               FROM pg_class WHERE relnamespace = 'public'::regnamespace
               UNION ALL SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled)
               FROM pg_trigger WHERE NOT tgisinternal) AS each"""
OTHERS = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()"""


async def open_here(folder: Path) -> SqliteDb:
    """The SQLite database of a folder, made when missing, written in this process and not kept for a power cut."""
    return await open_sqlite(lay_file(folder), process=False, durable=False)


def lay_file(folder: Path) -> Path:
    """The database file of an exchange in this folder, made when missing."""
    file = folder / "exchange.db"
    if not file.exists():
        file.write_bytes(_migrated())
    return file


@lru_cache(maxsize=1)
def _migrated() -> bytes:
    making = (
        _migrate()
    )  # may be asked for where an event loop runs: what is written in this process never waits for one
    try:
        making.send(None)
    except StopIteration as made:
        content: bytes = made.value
        return content
    raise AssertionError("it waited for something")


async def _migrate() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "exchange.db"
        db = await open_sqlite(file, process=False, durable=False)
        await migrate(db, NOW)
        await db.close()
        return file.read_bytes()


@dataclass
class KeptDatabases:
    """Migrated PostgreSQL databases. One that a test has used is emptied for the next, in a hundredth of the time that
    copying another takes: a database is more than a thousand files. One whose tables a test changed is dropped.
    """

    url: str
    tables: frozenset[str]
    shape: str  # of the tables, their indexes and triggers
    rows: str  # statements that put back what migrations wrote
    free: list[str] = field(default_factory=list)
    used: dict[str, int] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    async def made(cls, url: str) -> KeptDatabases:
        """Migrate the database that all others are copied from."""
        await tell(url, f"CREATE DATABASE {TEMPLATE} STRATEGY FILE_COPY")
        db = await open_postgres(named(url, TEMPLATE), size=1)
        await migrate(db, NOW)
        await db.close()
        connection = await asyncpg.connect(named(url, TEMPLATE))
        rows = [await _put_back(connection, row["relname"]) for row in await connection.fetch(WRITTEN)]
        tables = frozenset(row["relname"] for row in await connection.fetch(TABLES))
        shape = await connection.fetchval(SHAPE)
        await connection.close()
        return cls(url, tables, shape, "".join(rows))

    def address(self, name: str) -> str:
        return named(self.url, name)

    async def take(self) -> str:
        """The name of a database as the migrations leave it."""
        if self.free:
            return self.free.pop()
        name = f"migrated_{next(self.numbers)}"
        await tell(self.url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        return name

    async def give_back(self, name: str) -> None:
        self.used[name] = self.used.get(name, 0) + 1
        if self.used[name] < TESTS_EACH and await self._emptied(name):
            self.free.append(name)
        else:
            await tell(self.url, f"DROP DATABASE {name} WITH (FORCE)")

    async def _emptied(self, name: str) -> bool:
        connection = await asyncpg.connect(self.address(name))
        try:
            await connection.execute(OTHERS)
            for row in await connection.fetch(TABLES):
                if row["relname"] not in self.tables:
                    await connection.execute(f"DROP TABLE {row['relname']} CASCADE")
            if self.shape != await connection.fetchval(SHAPE):
                return False
            deletes = [f"DELETE FROM {row['relname']};" for row in await connection.fetch(WRITTEN)]
            # As a replica it asks no trigger: neither those that forbid this, nor those of foreign keys.
            await connection.execute(f"SET session_replication_role = replica; {' '.join(deletes)} {self.rows}")
            return True
        finally:
            await connection.close()


async def _put_back(connection: Any, table: str) -> str:
    """The statement that puts the rows which a table has into it once more."""
    rows = (await connection.fetchval(f"SELECT json_agg({table}) FROM {table}")).replace("'", "''")
    return f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, '{rows}');"


def named(url: str, database: str) -> str:
    """The address of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def tell(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()
