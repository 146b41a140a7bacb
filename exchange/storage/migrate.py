"""Numbered migrations: each in one transaction with its row in `schema_migrations`, so that none is ever half done."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from exchange.storage.database import Db, MissingTable, StorageError, Tx

FOLDER = Path(__file__).parent / "migrations"
_FILE = re.compile(r"(\d{3})_([a-z0-9_]+)\.sql")
_TABLE = """CREATE TABLE IF NOT EXISTS schema_migrations (
    number BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    applied_at BIGINT NOT NULL
);"""


class SchemaMismatch(StorageError):
    """The database and the program are of different versions. The sentence says what to do."""


class ScriptTx(Tx, Protocol):
    """Ability: run a migration in the PostgreSQL spelling, one node at a time."""

    async def script(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    text: str
    sha256: str


@dataclass(frozen=True, slots=True)
class SchemaState:
    """How a database stands to this program. Numbers of migrations: still to run, unknown to us, changed since."""

    applied: tuple[int, ...]
    pending: tuple[int, ...]
    newer: tuple[int, ...]
    altered: tuple[int, ...]

    @property
    def current(self) -> bool:
        return not (self.pending or self.newer or self.altered)

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, empty when nothing is."""
        if self.newer:
            return f"The database was made by a newer exchange (migration {self.newer[0]:03d}): upgrade the program."
        if self.altered:
            return (
                f"Migration {self.altered[0]:03d} is not the one that was run on this database: "
                "install the release it came from, or restore its file."
            )
        if self.pending:
            return f"The database lacks {len(self.pending)} migrations from {self.pending[0]:03d} on: migrate it first."
        return ""


def migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """The migration files in order. Two with one number, or a file with another kind of name, are refused."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        name = _FILE.fullmatch(path.name)
        if name is None:
            raise SchemaMismatch(f"{path.name} is not named like 001_books.sql")
        text = path.read_text("utf-8")
        found.append(Migration(int(name[1]), name[2], text, hashlib.sha256(text.encode()).hexdigest()))
    numbers = [each.number for each in found]
    if len(set(numbers)) != len(numbers):
        raise SchemaMismatch("two migrations have the same number")
    return tuple(found)


async def migrate(db: Db, now: int, known: Sequence[Migration] | None = None) -> tuple[int, ...]:
    """Run what is missing, in order, and return the numbers run. Nodes that start together take turns.

    Raises `SchemaMismatch` when the database is newer than the program or a migration was altered.
    """
    known = migrations() if known is None else known
    state = await schema_state(db, known)
    if state.newer or state.altered:
        raise SchemaMismatch(state.sentence)
    wanted = [each for each in known if each.number in state.pending]
    return tuple([each.number for each in wanted if await db.write(apply_migration, each, now)])


async def require_current(db: Db, known: Sequence[Migration] | None = None) -> None:
    """Raise `SchemaMismatch` unless the database has exactly this program's schema."""
    state = await schema_state(db, known)
    if not state.current:
        raise SchemaMismatch(state.sentence)


async def schema_state(db: Db, known: Sequence[Migration] | None = None) -> SchemaState:
    """Compare the database with the migrations this program knows."""
    known = migrations() if known is None else known
    try:
        applied = await db.read(read_applied)
    except MissingTable:
        applied = {}
    ours = {each.number: each.sha256 for each in known}
    return SchemaState(
        applied=tuple(applied),
        pending=tuple(number for number in ours if number not in applied),
        newer=tuple(number for number in applied if number not in ours),
        altered=tuple(number for number, sha256 in ours.items() if applied.get(number, sha256) != sha256),
    )


async def read_applied(tx: Tx) -> Mapping[int, str]:
    """Number to hash of every migration that was run, in order."""
    rows = await tx.fetch("SELECT number, sha256 FROM schema_migrations ORDER BY number")
    return {row["number"]: row["sha256"] for row in rows}


async def apply_migration(tx: Tx, migration: Migration, now: int) -> bool:
    """Run one migration with its row. False when another node was faster."""
    scripts = cast(ScriptTx, tx)  # both engines' writing transactions have it
    await scripts.script(_TABLE)
    applied = await read_applied(tx)
    if migration.number in applied:
        if applied[migration.number] != migration.sha256:
            raise SchemaMismatch(f"Another node ran another migration {migration.number:03d}.")
        return False
    await scripts.script(migration.text)
    await tx.execute(
        "INSERT INTO schema_migrations (number, name, sha256, applied_at) VALUES (:number, :name, :sha256, :now)",
        number=migration.number,
        name=migration.name,
        sha256=migration.sha256,
        now=now,
    )
    return True
