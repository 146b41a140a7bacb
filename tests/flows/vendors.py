"""A vendor on this machine: a real web server that answers as a test tells it to, asked by the real courier."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web

from exchange.courier.breaker import Breaker
from exchange.courier.call import Call, Courier, Result
from exchange.courier.courier import HttpCourier
from exchange.flows.documents import save_document, save_secret
from exchange.flows.shapes import VERIFIER
from exchange.model.actor import SYSTEM
from tests.market import Exchange

KEY = "vendor-key-0001"
MOBILE = {"valid": True, "line": "mobile", "carrier": "Prairie Wireless", "built": "1998", "phone": "echo"}
VOIP = {"valid": False, "line": "voip"}


@dataclass
class Vendor:
    """What it answers next, and everything it was asked. `holds` lets a question wait until the test is over."""

    answer: Mapping[str, Any] | bytes = field(default_factory=lambda: MOBILE)
    status: int = 200
    asked: list[tuple[str, Mapping[str, str], Mapping[str, Any]]] = field(default_factory=list)
    holds: asyncio.Event | None = None
    address: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked.append((request.path_qs, dict(request.headers), orjson.loads(body) if body else {}))
        if self.holds is not None:
            await self.holds.wait()
        content = self.answer if isinstance(self.answer, bytes) else orjson.dumps(self.answer)
        return web.Response(status=self.status, body=content, content_type="application/json")


@asynccontextmanager
async def vendor() -> AsyncIterator[Vendor]:
    made = Vendor()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    if made.holds is not None:
        made.holds.set()
    await runner.cleanup()


@dataclass
class VendorsByWire:
    """Vendors are asked over HTTP, buyers by the script."""

    scripted: Courier
    real: HttpCourier

    async def converse(self, call: Call, deadline: float) -> Result:
        asks = call.key.startswith("verifier:")
        return await (self.real if asks else self.scripted).converse(call, deadline)

    async def fan_out(
        self, calls: Sequence[Call], deadline: float, on_result: Callable[[int, Result], bool] | None = None
    ) -> list[Result]:
        return await self.scripted.fan_out(calls, deadline, on_result)

    async def close(self) -> None:
        await self.real.close()
        await self.scripted.close()


@asynccontextmanager
async def with_vendor(
    exchange: Exchange, make: Callable[[str], dict[str, Any]] | None = None
) -> AsyncIterator[tuple[Exchange, Vendor]]:
    """The exchange with a verifier `line_check` of a vendor on this machine. `make` writes its document."""
    clock = exchange.market.clock

    def by_wire() -> HttpCourier:
        return HttpCourier(clock, Breaker(ZoneInfo("UTC")), [ip_network("127.0.0.0/8")])

    real = by_wire()
    async with vendor() as asked:
        courier = VendorsByWire(exchange.market.courier, real)
        opened = replace(exchange, market=replace(exchange.market, courier=courier, trial_courier=by_wire))
        await save_document(opened.market, VERIFIER, "line_check", (make or document)(asked.address), SYSTEM)
        await save_secret(opened.market, "line_key", KEY, SYSTEM)
        yield opened, asked
        await real.close()


def document(address: str) -> dict[str, Any]:
    """Asks about a phone; knows good, bad and a refusal to answer; adds the year a house was built."""
    return {
        "verifier": "line_check",
        "title": "Phone line",
        "vendor": "prairie",
        "checks": "phone",
        "needs": ["phone"],
        "cost": "0.0120",
        "verify": {
            "url": f"{address}/lines/{{phone}}",
            "path": {"phone": {"field": "phone", "phone": "digits"}},
            "headers": {"X-Key": {"secret": "line_key"}},
            "body": {"zip": "zip"},
            "reading": {
                "as": "json",
                "said": "json:line",
                "outcomes": [
                    {"means": "error", "when": {"where": "json:error", "present": True}},
                    {"means": "good", "when": {"where": "json:valid", "equals": True}},
                    {"means": "bad", "when": {"where": "json:valid", "equals": False}},
                    {"means": "unknown", "when": {"where": "json:valid", "equals": "unsure"}},
                ],
                "facts": {"carrier": "json:carrier", "number": "json:phone"},
                "appends": {"year_built": "json:built"},
            },
        },
    }
