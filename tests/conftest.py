"""For every test: a real PostgreSQL server, and properties tried with the same examples each time."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import settings

from bench.postgres import serving
from tests.databases import KeptDatabases, named, tell

# A test server forgets everything: it need not wait for the disk, and finds deadlocks at once.
SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "deadlock_timeout=50ms",
    "shared_buffers=16MB",
    "autovacuum=off",
)

# The processes of the tests find compiled what others of them imported, as a person's second start does.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The same examples each time, and a slow machine is no failure.
settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """Programs and tests are loaded by now and stay: no collection needs to look through them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a server with an empty database, one for each process of the test run."""
    with serving(SETTINGS) as server:
        yield server.url


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
async def postgres_empty(postgres_url: str, numbers: Iterator[int]) -> AsyncIterator[str]:
    """The address of a database of its own, with nothing in it."""
    name = f"test_{next(numbers)}"
    await tell(postgres_url, f"CREATE DATABASE {name} STRATEGY FILE_COPY")
    yield named(postgres_url, name)
    await tell(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_kept(postgres_url: str) -> KeptDatabases:
    """Migrated databases that one test after the other may have."""
    return asyncio.run(KeptDatabases.made(postgres_url))


@pytest.fixture
async def postgres_migrated(postgres_kept: KeptDatabases) -> AsyncIterator[str]:
    """The address of a migrated database, its own until the test is over."""
    name = await postgres_kept.take()
    yield postgres_kept.address(name)
    await postgres_kept.give_back(name)
