"""An exchange with a seller and a buyer, and a server of somebody else's beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from exchange.storage.postgres import open_postgres
from tests.channels.fileserver import FileServer, file_server
from tests.channels.outlet import Outlet
from tests.channels.outlet import outlet as open_outlet
from tests.market import Exchange, buying, open_exchange, selling


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with open_exchange(tmp_path) as opened:
        await opened.add(*selling("cedar"), *buying("acme", "9000"))
        yield opened


@pytest.fixture
async def on_postgres(tmp_path: Path, postgres_migrated: str) -> AsyncIterator[Exchange]:
    db = await open_postgres(postgres_migrated)
    async with open_exchange(tmp_path, db=db) as opened:
        await opened.add(*selling("cedar"), *buying("acme", "9000"))
        yield opened
    await db.close()


@pytest.fixture(params=["exchange", "on_postgres"])
def either(request: pytest.FixtureRequest) -> Exchange:
    """Each engine in turn."""
    opened: Exchange = request.getfixturevalue(request.param)
    return opened


@pytest.fixture
async def outlet() -> AsyncIterator[Outlet]:
    async with open_outlet() as made:
        yield made


@pytest.fixture(scope="session")
def server() -> Iterator[FileServer]:
    """A real file server, one for each process of the test run."""
    with file_server() as running:
        yield running
