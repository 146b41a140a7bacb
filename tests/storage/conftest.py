"""A migrated database on each engine, fresh for every test. The PostgreSQL ones are made in `tests/conftest.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exchange.storage.database import Db
from exchange.storage.postgres import PostgresDb, open_postgres
from exchange.storage.sqlite import SqliteDb, open_sqlite
from tests.databases import lay_file, open_here

NOW = 1_795_000_000_000


@pytest.fixture
async def postgres_db(postgres_migrated: str) -> AsyncIterator[PostgresDb]:
    db = await open_postgres(postgres_migrated)
    yield db
    await db.close()


@pytest.fixture
async def sqlite_db(tmp_path: Path) -> AsyncIterator[SqliteDb]:
    """SQLite written in this process."""
    db = await open_here(tmp_path)
    yield db
    await db.close()


@pytest.fixture
async def sqlite_process_db(tmp_path: Path) -> AsyncIterator[SqliteDb]:
    """SQLite with its writer process."""
    db = await open_sqlite(lay_file(tmp_path))
    yield db
    await db.close()


@pytest.fixture(params=["sqlite", "postgres"])
def db(request: pytest.FixtureRequest) -> Db:
    """Each engine in turn."""
    opened: Db = request.getfixturevalue(f"{request.param}_db")
    return opened


@pytest.fixture(params=["sqlite", "sqlite_process", "postgres"])
def every_db(request: pytest.FixtureRequest) -> Db:
    """Each engine in turn, SQLite with its writer process too: for what may go wrong between many callers."""
    opened: Db = request.getfixturevalue(f"{request.param}_db")
    return opened


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each engine."""
    if request.param == "sqlite":
        return str(tmp_path / "empty.db")
    url: str = request.getfixturevalue("postgres_empty")
    return url


@pytest.fixture
async def empty(address: str) -> Db:
    return await open_plainly(address)


async def open_plainly(address: str) -> Db:
    if address.startswith("postgresql"):
        return await open_postgres(address, size=2)
    return await open_sqlite(address, process=False, durable=False)
