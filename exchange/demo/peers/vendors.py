"""The demo's verification vendor: phone lines, certificates, homes. One question in two hundred takes it too long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
from aiohttp import web

from exchange.clock import Clock
from exchange.demo.peers import Peer, Site
from exchange.demo.peers.serving import serving
from exchange.demo.vendors import PREFIX, answered

PORT = 8178
NAME = "vendors"


@dataclass(frozen=True, slots=True)
class Vendor:
    clock: Clock

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        found = answered(request.path, orjson.loads(body) if body else dict(request.query), self.clock.now())
        if found is None:
            return web.Response(status=404, text="no such service")
        await self.clock.sleep(found[0] / 1000)
        return web.Response(body=found[1], content_type="application/json")


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    vendor = Vendor(site.clock)
    async with serving(site.ports[PORT], [web.route("*", f"{PREFIX}{{rest:.*}}", vendor.answer)]):
        yield {"harbor_checks_key": "checks-of-the-demo"}


def vendors() -> Peer:
    return Peer(NAME, (PORT,), listening)
