"""The demo's fax company: it fetches the page, keeps it, and calls back as the connector expects it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

from exchange.catalog import default_config
from exchange.clock import SimulatedClock
from exchange.connector import Callback, Receipt, Terms
from exchange.demo.market import read_connections
from exchange.demo.peers import HOST, Site, free_ports
from exchange.demo.peers.faxes import BUSY_EACH, PORT, listening
from exchange.ids import SystemIds
from tests.buyers.faxes import connector_of
from tests.market import NOW

ENDS = ("delivered", "silent")


@dataclass
class Sender:
    """Whoever sends faxes: it has a page to fetch, and believes only what is signed."""

    connector: Any
    clock: SimulatedClock
    secrets: Mapping[str, str] = field(default_factory=dict)
    heard: asyncio.Queue[Receipt] = field(default_factory=asyncio.Queue)
    base: str = ""

    async def page(self, _: web.Request) -> web.Response:
        return web.Response(body=b"%PDF one page", content_type="application/pdf")

    async def hook(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Callback(request.path, str(request.url), headers, await request.read(), {})
        for receipt in self.connector.receipts(call, Terms(self.clock.now(), "", self.secrets)):
            self.heard.put_nowait(receipt)
        return web.Response(status=204)

    async def end_of_one(self) -> Receipt:
        """What is heard of a fax in the end."""
        while (receipt := await self.heard.get()).kind not in ENDS:
            continue
        return receipt


@asynccontextmanager
async def sender(secrets: Mapping[str, str], clock: SimulatedClock) -> AsyncIterator[Sender]:
    document = read_connections(default_config() / "demo" / "connections")["granite_fax"]
    made = Sender(connector_of(document), clock, secrets)
    app = web.Application()
    app.add_routes([web.get("/page", made.page), web.post("/hook", made.hook)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        made.base = f"http://{HOST}:{runner.addresses[0][1]}"
        yield made
    finally:
        await runner.cleanup()


async def test_a_page_is_fetched_kept_and_told_of_and_the_line_is_busy_now_and_then(tmp_path: Path) -> None:
    ports = free_ports([PORT])
    clock = SimulatedClock(NOW)
    api = f"http://{HOST}:{ports[PORT]}/v2/faxes"
    async with (
        listening(Site(tmp_path, ports, clock, clock)) as secrets,
        sender(secrets, clock) as ours,
        ClientSession() as session,
    ):
        fax = {"connection_id": "1", "to": "+16029580190", "client_state": "cmVm"}
        fax |= {"media_url": f"{ours.base}/page", "webhook_url": f"{ours.base}/hook"}
        ends = []
        for _ in range(BUSY_EACH):
            headers = {"Authorization": f"Bearer {secrets['granite_fax_key']}"}
            async with session.post(api, json=fax, headers=headers) as answer:
                assert 202 == answer.status
            ends.append(await ours.end_of_one())
        async with session.post(api, json=fax, headers={"Authorization": f"Bearer {SystemIds().token()}"}) as answer:
            assert 401 == answer.status

    assert [*["delivered"] * (BUSY_EACH - 1), "silent"] == [receipt.kind for receipt in ends]
    assert {"ref"} == {receipt.reference for receipt in ends}
    assert [b"%PDF one page"] * BUSY_EACH == [file.read_bytes() for file in sorted(tmp_path.glob("*.pdf"))]
