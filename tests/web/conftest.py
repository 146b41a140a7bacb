"""A served exchange: a real server on loopback, and a client that speaks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.market import buying, open_exchange, selling
from tests.web.served import Served, serve_exchange


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """One seller (`cedar`) and one buyer (`acme`, which bids 25.00) on SQLite and a simulated clock."""
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as running:
        await exchange.add(*selling("cedar"), *buying("acme"))
        yield running
