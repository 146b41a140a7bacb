"""An exchange that is served, whose buyer granite takes leads by fax through a provider on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from exchange.flows.documents import save_document, save_secret
from exchange.flows.receipts import expire_deliveries
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM
from exchange.worker import run_jobs
from tests.flows.lab import later, post
from tests.market import Exchange, buying, open_exchange, selling, usd
from tests.web.served import Served, serve_exchange


@asynccontextmanager
async def faxing(
    folder: Path, document: Mapping[str, Any], secrets: Mapping[str, str], **changes: Any
) -> AsyncIterator[tuple[Exchange, Served]]:
    """Granite pays 30.00 and is faxed to. The exchange knows where it is reached. `changes` are of the contract."""
    async with open_exchange(folder, by_wire={"nobody": "127.0.0.1:9"}) as exchange:
        await exchange.add(*selling("cedar"))
        for name, value in secrets.items():
            await save_secret(exchange.market, name, value, SYSTEM)
        await save_document(exchange.market, CONNECTION, "granite", document, SYSTEM)
        await exchange.add(*buying("granite", **{"price": usd("30"), **changes}))
        async with serve_exchange(exchange) as served:
            yield replace(exchange, market=replace(exchange.market, public_url=served.address)), served


async def fax_one(exchange: Exchange, fields: Mapping[str, str] | None = None) -> None:
    """A lead is posted, and faxed."""
    await post(exchange, fields)
    await settle_down(exchange)


async def settle_down(exchange: Exchange) -> None:
    while await run_jobs(exchange.market):
        continue


async def wait_for(exchange: Exchange, seconds: float) -> None:
    """Time passes, and what is late is given up."""
    later(exchange, seconds)
    await settle_down(exchange)
    await expire_deliveries(exchange.market)
    await settle_down(exchange)


async def states(exchange: Exchange) -> list[tuple[str, str]]:
    """Of each delivery: its own, and that of its sale."""
    rows = await exchange.rows(
        """SELECT d.state, a.state AS attempt FROM deliveries d JOIN attempts a ON a.id = d.attempt_id
           ORDER BY d.made_at, d.attempt_id"""
    )
    return [(row["state"], row["attempt"]) for row in rows]
