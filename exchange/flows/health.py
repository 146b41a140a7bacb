"""Whether this process can do its work: read, and after a full disk write again."""

from __future__ import annotations

import asyncio

from exchange import __version__
from exchange.flows.market import Market
from exchange.storage.database import StorageError
from exchange.storage.parties import read_version, touch_version

_SECONDS = 2.0


async def health(market: Market) -> tuple[bool, dict[str, object]]:
    """True and what to tell, or False with what is wrong in one word."""
    told: dict[str, object] = {"status": "ok", "version": __version__}
    try:
        async with asyncio.timeout(_SECONDS):
            await market.db.read(read_version)
            if market.live.storage_full:
                await market.db.write(touch_version)
                market.live.storage_full = False
    except (StorageError, TimeoutError):
        return False, {**told, "status": "storage_down"}
    return True, told
