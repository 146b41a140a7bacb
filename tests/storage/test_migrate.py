"""Migrations: whole or not at all, once, and never a program on the wrong schema."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from exchange.storage.database import Db, StorageError
from exchange.storage.migrate import (
    Migration,
    SchemaMismatch,
    migrate,
    migrations,
    require_current,
    schema_state,
)
from tests.storage import units
from tests.storage.conftest import NOW, open_plainly


def migration(number: int, text: str) -> Migration:
    return Migration(number, f"step{number}", text, hashlib.sha256(text.encode()).hexdigest())


ONE = migration(1, "CREATE TABLE one (id BIGINT PRIMARY KEY, body BYTEA);\nINSERT INTO one (id) VALUES (1);\n")
TWO = migration(2, "CREATE TABLE two (id BIGINT);\nALTER TABLE one ADD COLUMN name TEXT;\n")
BROKEN = migration(2, "CREATE TABLE two (id BIGINT);\nINSERT INTO nowhere VALUES (1);\n")


async def test_migrations_run_once_in_order(empty: Db) -> None:
    assert (1, 2) == await migrate(empty, NOW, [ONE, TWO])
    assert () == await migrate(empty, NOW, [ONE, TWO])

    assert [{"id": 1, "name": None}] == await empty.read(units.ask, "SELECT id, name FROM one")
    await empty.close()


async def test_an_interrupted_migration_leaves_nothing_and_runs_again(empty: Db) -> None:
    with pytest.raises(StorageError):
        await migrate(empty, NOW, [ONE, BROKEN])

    state = await schema_state(empty, [ONE, BROKEN])
    assert (1,) == state.applied and (2,) == state.pending
    with pytest.raises(StorageError):
        await empty.read(units.ask, "SELECT id FROM two")
    assert (2,) == await migrate(empty, NOW, [ONE, TWO])
    await empty.close()


async def test_a_schema_that_is_not_the_programs_is_not_served_and_the_sentence_says_what_to_do(empty: Db) -> None:
    with pytest.raises(SchemaMismatch, match="lacks 2 migrations from 001 on: migrate it first"):
        await require_current(empty, [ONE, TWO])

    await migrate(empty, NOW, [ONE, TWO])
    await require_current(empty, [ONE, TWO])

    with pytest.raises(SchemaMismatch, match=r"newer exchange .migration 002.: upgrade the program"):
        await require_current(empty, [ONE])
    with pytest.raises(SchemaMismatch, match="Migration 002 is not the one that was run"):
        await require_current(empty, [ONE, BROKEN])
    with pytest.raises(SchemaMismatch):
        await migrate(empty, NOW, [ONE, BROKEN])
    await empty.close()


async def test_nodes_that_start_together_run_each_migration_once(address: str) -> None:
    nodes = [await open_plainly(address) for _ in range(4)]

    ran = await asyncio.gather(*(migrate(node, NOW, [ONE, TWO]) for node in nodes))

    assert [1, 2] == sorted(number for numbers in ran for number in numbers)
    for node in nodes:
        await node.close()


def test_our_own_migrations_are_numbered_and_named() -> None:
    assert (1, "books") == (migrations()[0].number, migrations()[0].name)


def test_two_files_with_one_number_or_an_odd_name_are_refused(tmp_path: Path) -> None:
    for name in ("001_one.sql", "001_other.sql"):
        (tmp_path / name).write_text("")
    with pytest.raises(SchemaMismatch, match="same number"):
        migrations(tmp_path)

    (tmp_path / "001_other.sql").rename(tmp_path / "last.sql")
    with pytest.raises(SchemaMismatch, match=r"last\.sql is not named like"):
        migrations(tmp_path)
