"""The version of the deals: whoever changes what they are read from says so here."""

from __future__ import annotations

from exchange.storage.database import Tx


async def touch_market(tx: Tx) -> None:
    """Every process reads the deals and the documents again within a second."""
    await tx.execute("UPDATE market_version SET version = version + 1 WHERE one = 1")
