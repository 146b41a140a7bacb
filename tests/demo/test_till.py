"""The payment provider beside a demo whose clock stands still: what it tells is believed there."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import ClientSession, web

from exchange.clock import FrozenClock, SystemClock
from exchange.connector import Callback
from exchange.demo.folder import FROZEN_AT
from exchange.demo.peers import HOST, neighbours
from exchange.demo.peers.serving import serving
from exchange.demo.peers.till import PORT
from exchange.demo.peers.till.server import till
from exchange.model.money import Money
from exchange.payments.protocol import Access, Paid
from exchange.payments.stripe import Stripe
from tests.flows.paying import GOOD

TOP_UP = {
    "mode": "payment",
    "success_url": "https://harbor.example/buyer/billing",
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][unit_amount]": "50000",
    "line_items[0][price_data][currency]": "usd",
}


async def test_a_payment_is_signed_by_the_clock_of_the_exchange(tmp_path: Path) -> None:
    calls: asyncio.Queue[Callback] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        await calls.put(Callback(request.path, "", headers, await request.read(), {}))
        return web.Response()

    async with (
        neighbours((till(),), tmp_path, SystemClock(), exchange=FrozenClock(FROZEN_AT)) as found,
        serving(0, (web.post("/payments/stripe", take),)) as ours,
        ClientSession(headers={"Authorization": f"Bearer {found.secrets['stripe_key']}"}) as session,
    ):
        api = f"http://{HOST}:{found.ports[PORT]}/v1"
        async with session.post(f"{api}/webhook_endpoints", data={"url": f"{ours}/payments/stripe"}) as told:
            access = Access(api, "", ((await told.json())["secret"],))
        async with session.post(f"{api}/checkout/sessions", data=TOP_UP) as told:
            url = (await told.json())["url"]
        async with session.post(url, data={"card": GOOD}, allow_redirects=False) as told:
            assert 303 == told.status
        events = [Stripe().events(access, await calls.get(), FROZEN_AT)[0] for _ in range(2)]

    assert [Money.parse("500", "USD")] * 2 == [event.money for event in events if isinstance(event, Paid)]
