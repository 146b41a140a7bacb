"""A real HTTP server with the shape of the public API, for what only needs somebody to answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from exchange.demo.buyers import read_fields

Answer = Callable[[str, Mapping[str, str]], Mapping[str, Any]]


@dataclass
class Api:
    """`calls` are (name of the call, its fields); `told` the dispositions with the key that told them."""

    url: str
    answer: Answer
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)  # lead id → key of the buyer that has it

    async def lead(self, request: web.Request) -> web.Response:
        call = request.path.rpartition("/")[2]
        fields = read_fields(request.content_type, await request.read())
        self.calls.append((call, fields))
        found = self.answer(call, fields)
        return web.Response(body=orjson.dumps(found), content_type="application/json")

    async def disposition(self, request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        key = request.headers["Authorization"].removeprefix("Bearer ")
        if self.owners.get(body["lead_id"]) != key:
            return web.json_response({"status": "error", "reason": "not_found"}, status=404)
        self.told.append((key, body))
        return web.json_response({"status": "recorded"})


@asynccontextmanager
async def running(answer: Answer) -> AsyncIterator[Api]:
    api = Api("", answer)
    app = web.Application()
    for call in ("ping", "post", "pingpost"):
        app.router.add_post(f"/api/v1/{call}", api.lead)
    app.router.add_post("/api/v1/dispositions", api.disposition)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield api
    await runner.cleanup()
