"""Where sellers of the demo hear of their leads. BlueFin's answers 500 for half a minute, three minutes in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from exchange.clock import Clock
from exchange.demo.peers import HOST, Peer, Site

PORT = 8161
NAME = "receivers"
DOWN_FROM_S, DOWN_UNTIL_S = 180, 210


@dataclass(frozen=True, slots=True)
class Receivers:
    clock: Clock
    began: int

    async def bluefin(self, _: web.Request) -> web.Response:
        since_s = (self.clock.now() - self.began) / 1_000
        if DOWN_FROM_S <= since_s < DOWN_UNTIL_S:
            return web.Response(status=500, text="the tracker restarts")
        return web.Response(text="ok")

    async def acme(self, _: web.Request) -> web.Response:
        return web.Response(status=204)


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    receivers = Receivers(site.clock, site.clock.now())
    app = web.Application()
    app.add_routes([web.get("/bluefin", receivers.bluefin), web.post("/acme", receivers.acme)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, site.ports[PORT]).start()
    try:
        yield {}
    finally:
        await runner.cleanup()


def receivers() -> Peer:
    return Peer(NAME, (PORT,), listening)
