"""An empty exchange on each engine, with a simulated clock and buyers that answer as they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exchange.storage.postgres import open_postgres
from tests.databases import open_here
from tests.flows.paying import Shop, open_shop
from tests.flows.promises import broken
from tests.market import Exchange, open_exchange


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    """On SQLite, written in this process. The promises are checked when the test is over."""
    db = await open_here(tmp_path)
    async with open_exchange(tmp_path, db=db) as opened:
        yield opened
        assert [] == await broken(opened.market)
    await db.close()


@pytest.fixture
async def on_postgres(tmp_path: Path, postgres_migrated: str) -> AsyncIterator[Exchange]:
    db = await open_postgres(postgres_migrated)
    async with open_exchange(tmp_path, db=db) as opened:
        yield opened
        assert [] == await broken(opened.market)
    await db.close()


@pytest.fixture(params=["exchange", "on_postgres"])
def either(request: pytest.FixtureRequest) -> Exchange:
    """Each engine in turn."""
    opened: Exchange = request.getfixturevalue(request.param)
    return opened


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        yield opened


@pytest.fixture
async def shop_on_postgres(tmp_path: Path, postgres_migrated: str) -> AsyncIterator[Shop]:
    db = await open_postgres(postgres_migrated)
    async with open_shop(tmp_path, db) as opened:
        yield opened
    await db.close()


@pytest.fixture(params=["shop", "shop_on_postgres"])
def either_shop(request: pytest.FixtureRequest) -> Shop:
    opened: Shop = request.getfixturevalue(request.param)
    return opened
