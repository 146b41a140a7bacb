"""Where sellers of the demo hear of their leads. Three minutes in, BlueFin's answers 500 for half a minute."""

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
DOWN_FROM_MS, DOWN_MS = 180_000, 30_000


@dataclass(slots=True)
class Receivers:
    """`down_since` is when BlueFin's first refused somebody: it is well again half a minute after that."""

    clock: Clock
    began: int
    down_since: int | None = None

    async def bluefin(self, _: web.Request) -> web.Response:
        now = self.clock.now()
        if self.down_since is None and now >= self.began + DOWN_FROM_MS:
            self.down_since = now
        if self.down_since is not None and now < self.down_since + DOWN_MS:
            return web.Response(status=500, text="the tracker restarts")
        return web.Response(text="ok")

    async def acme(self, _: web.Request) -> web.Response:
        return web.Response(status=204)


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    receivers = Receivers(site.clock, site.clock.now())
    routes = (web.get("/bluefin", receivers.bluefin), web.post("/acme", receivers.acme))
    async with serving(site.ports[PORT], routes):
        yield {}


def receivers() -> Peer:
    return Peer(NAME, (PORT,), listening)
