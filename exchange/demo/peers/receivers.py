"""Where sellers of the demo hear of their leads. BlueFin's answers 500 for half a minute after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from exchange.clock import Clock
from exchange.demo.peers import Peer, Site
from exchange.demo.peers.serving import serving

PORT = 8175
NAME = "receivers"
DOWN_MS = 30_000


@dataclass(slots=True)
class Receivers:
    """`down_since` is when BlueFin's first refused somebody since its restart: it is well again half a minute after."""

    clock: Clock
    restarts: bool = False
    down_since: int = -DOWN_MS

    async def bluefin(self, _: web.Request) -> web.Response:
        now = self.clock.now()
        if self.restarts:
            self.restarts, self.down_since = False, now
        if now < self.down_since + DOWN_MS:
            return web.Response(status=500, text="the tracker restarts")
        return web.Response(text="ok")

    async def restart(self, _: web.Request) -> web.Response:
        self.restarts = True
        return web.Response(status=204)

    async def acme(self, _: web.Request) -> web.Response:
        return web.Response(status=204)


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    receivers = Receivers(site.clock)
    routes = (
        web.get("/bluefin", receivers.bluefin),
        web.post("/bluefin/restart", receivers.restart),
        web.post("/acme", receivers.acme),
    )
    async with serving(site.ports[PORT], routes):
        yield {}


def receivers() -> Peer:
    return Peer(NAME, (PORT,), listening)
