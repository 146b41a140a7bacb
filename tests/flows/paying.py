"""An exchange with a payment provider on loopback: real calls out, real signed events in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession

from exchange.clock import SimulatedClock
from exchange.demo.peers.till.server import Till, open_till
from exchange.flows.charges import connect_events, open_page
from exchange.flows.documents import save_secret
from exchange.flows.market import refresh
from exchange.ids import SystemIds
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.money import Money
from exchange.storage.database import Db
from exchange.worker import run_jobs
from tests.market import NOW, Exchange, buying, open_exchange, selling, usd
from tests.web.served import Served, serve_exchange

ANN = Actor(Role.BUYER, "ann@acme.example", "acme")
GOOD, DECLINED_LATER, DECLINED = "4242424242424242", "4000000000000341", "4000000000000002"


@dataclass
class Shop:
    """`paid` lets a buyer pay on the provider's page; what events then say is worked off by `arrive`."""

    served: Served
    till: Till

    @property
    def exchange(self) -> Exchange:
        return self.served.exchange

    async def paid(self, amount: str, card: str = GOOD, *, save: bool = False) -> str:
        """The id of the payment there."""
        acme = self.exchange.market.deals.buyers["acme"]
        url = await open_page(self.exchange.market, acme, usd(amount), ANN, save=save)
        async with ClientSession() as session, session.post(url, data={"card": card}, allow_redirects=False) as told:
            assert told.status in (200, 303)
        return str(self.till.books.sessions[url.rsplit("/", 1)[1]]["payment_intent"])

    async def arrive(self) -> None:
        """What is on its way arrives, and the jobs run until none is due."""
        await self.till.settled()
        while await run_jobs(self.exchange.market):
            await self.till.settled()
        await refresh(self.exchange.market)

    async def balance(self) -> Money:
        return (await self.exchange.balance("acme")).posted


@asynccontextmanager
async def open_shop(folder: Path, db: Db | None = None) -> AsyncIterator[Shop]:
    """Acme is prepaid and has put in nothing yet."""
    clock = SimulatedClock(NOW)
    async with open_till(0, clock, SystemIds(), "sk_test_1") as till:
        opened = open_exchange(
            folder,
            clock=clock,
            db=db,
            by_wire={"acme": "127.0.0.1:9"},
            payment_provider="stripe",
            payment_url=till.base,
        )
        async with opened as exchange, serve_exchange(exchange) as served:
            await save_secret(exchange.market, "stripe_key", "sk_test_1", SYSTEM)
            await connect_events(exchange.market, SYSTEM, served.address)
            await exchange.add(
                *selling("cedar"), *(each for each in buying("acme") if type(each).__name__ != "Deposit")
            )
            yield Shop(served, till)
