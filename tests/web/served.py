"""The application as it is served, and what tests ask of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
from aiohttp import ClientResponse, ClientSession, web

from exchange.intake.connection import GuardedRunner
from exchange.web.app import Beside, build_app
from exchange.web.to_try import ToTry
from tests.market import Exchange, live_key

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Heard:
    """An answer. `fields` is empty unless it is JSON."""

    http_status: int
    headers: Mapping[str, str]
    body: bytes
    fields: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def get(self, name: str) -> Any:
        return self.fields.get(name)

    @property
    def told(self) -> tuple[int, str | None, str | None]:
        """HTTP status, status and reason."""
        return self.http_status, self.get("status"), self.get("reason")


@dataclass
class Served:
    exchange: Exchange
    app: web.Application
    address: str
    session: ClientSession

    async def send(
        self,
        call: str,
        fields: Mapping[str, Any] | None = None,
        *,
        key: str | None = live_key("cedar"),
        body: bytes | None = None,
        content_type: str | None = "application/json",
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
    ) -> Heard:
        """Send `fields` (JSON, or a form when the content type says so) or `body` to `/api/v1/<call>`."""
        if body is None:
            body = urlencode(fields or {}).encode() if content_type == FORM else orjson.dumps(fields or {})
        told = dict(headers or {})
        if key is not None:
            told["Authorization"] = f"Bearer {key}"
        if content_type is not None:
            told["Content-Type"] = content_type
        async with self.session.request(method, f"{self.address}/api/v1/{call}", data=body, headers=told) as response:
            return await heard(response)

    async def get(self, path: str, *, key: str | None = live_key("cedar"), method: str = "GET") -> Heard:
        """Ask `/api/v1/<path>`, or from the root when the path begins with a slash."""
        url = self.address + (path if path.startswith("/") else f"/api/v1/{path}")
        headers = {"X-Api-Key": key} if key is not None else {}
        async with self.session.request(method, url, headers=headers) as response:
            return await heard(response)


async def heard(response: ClientResponse) -> Heard:
    body = await response.read()
    is_json = response.content_type == "application/json" and body
    return Heard(response.status, response.headers, body, orjson.loads(body) if is_json else {})


@asynccontextmanager
async def serve_exchange(
    exchange: Exchange,
    *,
    beside: Sequence[Beside] = (),
    body_seconds: float = 15.0,
    to_try: ToTry | None = None,
) -> AsyncIterator[Served]:
    """Serve on a free port of loopback until the block ends."""
    app = build_app(exchange.market, exchange.settings, beside=beside, to_try=to_try)
    runner = GuardedRunner(app, head_seconds=body_seconds, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        async with ClientSession(auto_decompress=False) as session:
            yield Served(exchange, app, f"http://{host}:{port}", session)
    finally:
        await runner.cleanup()
