"""A real web server on loopback that others' lists and feeds are fetched from, and what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Outlet:
    """`etag` and `modified` are what it says of `body`, and 304 is what it answers to whoever has that already.

    The next askers get `turns`, each a status with headers, or None for the usual answer.
    """

    address: str = ""
    body: bytes = b""
    content_type: str = "application/rss+xml"
    status: int = 200
    etag: str = ""
    modified: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    turns: list[tuple[int, Mapping[str, str]] | None] = field(default_factory=list)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.path_qs, dict(request.headers)))
        turn = self.turns.pop(0) if self.turns else None
        if turn is not None:
            self.answered.append(turn[0])
            return web.Response(status=turn[0], headers=turn[1])
        known = self.etag and request.headers.get("If-None-Match") == self.etag
        since = self.modified and request.headers.get("If-Modified-Since") == self.modified
        if known or (not self.etag and since):
            self.answered.append(304)
            return web.Response(status=304)
        told = dict(self.headers)
        if self.etag:
            told["ETag"] = self.etag
        if self.modified:
            told["Last-Modified"] = self.modified
        self.answered.append(self.status)
        return web.Response(status=self.status, body=self.body, content_type=self.content_type, headers=told)


@asynccontextmanager
async def outlet() -> AsyncIterator[Outlet]:
    made = Outlet()
    app = web.Application()
    app.router.add_get("/{tail:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.address = f"http://{host}:{port}"
    try:
        yield made
    finally:
        await runner.cleanup()
