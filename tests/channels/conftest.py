"""An exchange with a seller and a buyer, and a server of somebody else's beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.outlet import Outlet
from tests.channels.outlet import outlet as open_outlet
from tests.market import Exchange, buying, open_exchange, selling


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with open_exchange(tmp_path) as opened:
        await opened.add(*selling("cedar"), *buying("acme", "9000"))
        yield opened


@pytest.fixture
async def outlet() -> AsyncIterator[Outlet]:
    async with open_outlet() as made:
        yield made
