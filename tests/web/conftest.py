"""A served exchange: a real server on loopback, and a client that speaks to it; and each engine for it in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exchange.storage.database import Db
from exchange.storage.postgres import open_postgres
from tests.market import buying, open_exchange, selling
from tests.web.served import Served, serve_exchange


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """One seller (`cedar`) and one buyer (`acme`, which bids 25.00) on SQLite and a simulated clock."""
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as running:
        await exchange.add(*selling("cedar"), *buying("acme"))
        yield running


@pytest.fixture
async def postgres_db(postgres_migrated: str) -> AsyncIterator[Db]:
    opened = await open_postgres(postgres_migrated)
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgres"])
def db(request: pytest.FixtureRequest) -> Db | None:
    """None is the test's own SQLite file."""
    opened: Db | None = request.getfixturevalue("postgres_db") if request.param == "postgres" else None
    return opened
