"""An exchange whose buyers take leads by mail, from a real mail server on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from exchange.flows.documents import save_document
from exchange.flows.receipts import expire_deliveries
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM
from exchange.worker import run_jobs
from tests.flows.lab import later
from tests.mail_server import MailServer
from tests.market import Exchange, buying, open_exchange, selling, usd

DOMAIN = "in.harbor.example"


def by_mail(name: str, port: int, **over: Any) -> dict[str, Any]:
    return {
        "connection": name,
        "connector": "email",
        "from": "Harbor <leads@harbor.example>",
        "to": f"leads@{name}.example",
        "relay": {"server": f"127.0.0.1:{port}", "security": "plain"},
        **over,
    }


@asynccontextmanager
async def mailing(folder: Path, **settings: Any) -> AsyncIterator[Exchange]:
    """One seller, and a way out that is real."""
    nobody = {"nobody": "127.0.0.1:9"}
    async with open_exchange(folder, by_wire=nobody, **{"mail_domain": DOMAIN, **settings}) as exchange:
        await exchange.add(*selling("cedar"))
        yield exchange


async def takes_mail(
    exchange: Exchange, server: MailServer, name: str = "cobalt", price: str = "30", **changes: Any
) -> None:
    """A buyer whose mail goes through this server. `document` is laid over its connection; the rest is its contract."""
    document = changes.pop("document", {})
    await save_document(exchange.market, CONNECTION, name, by_mail(name, server.port, **document), SYSTEM)
    await exchange.add(*buying(name, price=usd(price), **changes))


async def settle_down(exchange: Exchange) -> None:
    """Let the worker do what is due."""
    while await run_jobs(exchange.market):
        continue


async def work_for(exchange: Exchange, seconds: float, step: float = 10.0) -> None:
    while seconds > 0:
        await settle_down(exchange)
        later(exchange, min(step, seconds))
        seconds -= step
    await expire_deliveries(exchange.market)
    await settle_down(exchange)


async def states(exchange: Exchange) -> list[tuple[str, str]]:
    """Of each delivery: its own, and that of its sale."""
    return [
        (row["state"], row["attempt"])
        for row in await exchange.rows(
            """SELECT d.state, a.state AS attempt FROM deliveries d JOIN attempts a ON a.id = d.attempt_id
               ORDER BY d.made_at, d.attempt_id"""
        )
    ]
