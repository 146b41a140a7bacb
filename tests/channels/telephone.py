"""A buyer that is rung: Twilio's own client, a telephone company on loopback, and the exchange as it is served."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.typedefs import Handler

from exchange.clock import SimulatedClock
from exchange.demo.peers.telephone_company import Callee, Rung, TelephoneCompany
from exchange.flows.documents import save_document, save_secret
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM
from exchange.storage.database import Db
from exchange.worker import run_jobs
from tests.flows.lab import later, post
from tests.market import NOW, Exchange, buying, open_exchange, selling, usd
from tests.web.served import Served, serve_exchange

PUBLIC = "https://leads.exchange.example"
ACCOUNT, TOKEN = "AC0123456789abcdef", "auth-token-of-the-account"
OURS, BUYER = "+16029580100", "+14809580177"
CONSUMER = "+16029580142"
NOON_IN_PHOENIX = NOW + 4 * 3_600_000 + 1_552_000  # Sat 21 Nov 2026, 12:00, where the consumer is
DESK: Mapping[str, Any] = {
    "connection": "ring",
    "connector": "phone",
    "from": OURS,
    "to": BUYER,
    "summary": ["state", "zip", "monthly_bill"],
}
TEXTS: Mapping[str, Any] = {"connection": "ring", "connector": "sms", "from": OURS, "to": BUYER}


@dataclass
class Ringing:
    """`address` is where the company's API is."""

    exchange: Exchange
    company: TelephoneCompany
    served: Served
    address: str

    async def connect(self, document: Mapping[str, Any] = DESK, **changes: Any) -> None:
        account = {"sid": ACCOUNT, "token": {"secret": "ring_token"}, "base": self.address}
        await save_document(
            self.exchange.market, CONNECTION, "ring", {"account": account, **document, **changes}, SYSTEM
        )

    async def sell(self, *keys: str, answers: str = "human", fields: Mapping[str, str] | None = None) -> Rung | None:
        """Sell a lead to birch, who answers so and presses these keys. The last call, when all is over."""
        self.company.callees[BUYER] = Callee(answers, keys)
        await post(self.exchange, fields)
        await self.settle_down()
        return self.company.calls[-1] if self.company.calls else None

    async def settle_down(self) -> None:
        while await run_jobs(self.exchange.market) or self.company.under_way:
            await self.company.settled()

    async def wait(self, minutes: float) -> None:
        """Let time pass, and the worker with it."""
        while minutes > 0:
            later(self.exchange, min(minutes, 1) * 60)
            minutes -= 1
            await self.settle_down()

    async def ask(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> int:
        """Make a request as somebody who may not be the company; its status."""
        door = url.replace(PUBLIC, self.served.address)
        async with self.served.session.post(door, data=fields, headers=headers) as response:
            return response.status

    async def hear(self, url: str, fields: Mapping[str, str]) -> str:
        """What the company is told when it asks for this step."""
        self.company.doors[PUBLIC] = self.served.address
        status, body = await self.company.call_back(None, url, fields)
        assert 200 == status
        return body.decode()

    async def delivery(self) -> dict[str, Any]:
        return (await self.exchange.rows("SELECT * FROM deliveries ORDER BY attempt_id"))[-1]

    async def heard(self) -> list[tuple[str, str]]:
        rows = await self.exchange.rows("SELECT kind, detail FROM receipts ORDER BY heard_at, at, event_id")
        return [(row["kind"], row["detail"]) for row in rows]


@asynccontextmanager
async def ringing(folder: Path, db: Db | None = None, **contract: Any) -> AsyncIterator[Ringing]:
    """Birch pays 30.00 and is rung; acme, who answers over HTTP, pays 20.00 and takes everything."""

    async def takes(request: web.Request) -> web.Response:
        return web.json_response({"status": "sold", "id": "b1"})

    clock = SimulatedClock(NOON_IN_PHOENIX)
    async with ClientSession() as session:
        company = TelephoneCompany(ACCOUNT, TOKEN, clock, session)
        async with _listening(company, takes) as address:
            wire = {"acme": address.removeprefix("http://")}
            async with (
                open_exchange(folder, clock=clock, db=db, by_wire=wire, public_url=PUBLIC) as exchange,
                serve_exchange(exchange) as served,
            ):
                await exchange.add(
                    *selling("cedar"),
                    *buying("birch", price=usd("30"), connection="ring", **contract),
                    *buying("acme", price=usd("20")),
                )
                await save_secret(exchange.market, "ring_token", TOKEN, SYSTEM)
                company.doors[PUBLIC] = served.address
                made = Ringing(exchange, company, served, address)
                await made.connect()
                yield made
                await company.close()


@asynccontextmanager
async def _listening(company: TelephoneCompany, takes: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_routes([*company.routes(), web.post("/post", takes)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
