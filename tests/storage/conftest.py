"""A migrated database on each engine, fresh for every test."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from exchange.storage.database import Db
from exchange.storage.migrate import migrate
from exchange.storage.postgres import PostgresDb, open_postgres
from exchange.storage.sqlite import SqliteDb, open_sqlite

NOW = 1_795_000_000_000


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
async def postgres_empty(postgres_url: str, numbers: Iterator[int]) -> AsyncIterator[str]:
    """The address of a database of its own, with nothing in it."""
    name = f"test_{next(numbers)}"
    await _tell(postgres_url, f"CREATE DATABASE {name} STRATEGY FILE_COPY")
    yield _named(postgres_url, name)
    await _tell(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a migrated database to copy: a copy takes ten milliseconds."""

    async def make() -> None:
        await _tell(postgres_url, "CREATE DATABASE template_migrated STRATEGY FILE_COPY")
        db = await open_postgres(_named(postgres_url, "template_migrated"), size=1)
        await migrate(db, NOW)
        await db.close()

    asyncio.run(make())
    return "template_migrated"


@pytest.fixture
async def postgres_migrated(postgres_url: str, postgres_template: str, numbers: Iterator[int]) -> AsyncIterator[str]:
    """The address of a migrated database of its own."""
    name = f"test_{next(numbers)}"
    await _tell(postgres_url, f"CREATE DATABASE {name} TEMPLATE {postgres_template} STRATEGY FILE_COPY")
    yield _named(postgres_url, name)
    await _tell(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def postgres_db(postgres_migrated: str) -> AsyncIterator[PostgresDb]:
    db = await open_postgres(postgres_migrated)
    yield db
    await db.close()


@pytest.fixture
async def sqlite_db(tmp_path: Path) -> AsyncIterator[SqliteDb]:
    """SQLite written in this process."""
    db = await open_sqlite(tmp_path / "exchange.db", process=False, durable=False)
    await migrate(db, NOW)
    yield db
    await db.close()


@pytest.fixture
async def sqlite_process_db(tmp_path: Path) -> AsyncIterator[SqliteDb]:
    """SQLite with its writer process."""
    db = await open_sqlite(tmp_path / "exchange.db")
    await migrate(db, NOW)
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


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def _tell(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()
