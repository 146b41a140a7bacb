"""A Graph API on loopback: it knows leads, one access token, and the proof that belongs to it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

VERSION = "/v23.0"


@dataclass
class Graph:
    token: str
    app_secret: str
    address: str = ""
    leads: dict[str, Mapping[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    down: bool = False

    async def answer(self, request: web.Request) -> web.Response:
        lead_id = request.match_info["lead"]
        self.asked.append(lead_id)
        if self.down:
            return web.Response(status=503, headers={"Retry-After": "5"})
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _error(190, "Error validating access token", 401)
        proof = hmac.new(self.app_secret.encode(), self.token.encode(), hashlib.sha256).hexdigest()
        if request.query.get("appsecret_proof") != proof:
            return _error(100, "Invalid appsecret_proof provided in the API argument", 400)
        if lead_id not in self.leads:
            return _error(100, f"Unsupported get request. Object with ID '{lead_id}' does not exist", 400, 33)
        told: dict[str, Any] = {
            "created_time": "2026-11-21T14:33:14+0000",
            "id": lead_id,
            "ad_id": "120210000000000000",
            "form_id": "12312312312",
            "field_data": [{"name": name, "values": [value]} for name, value in self.leads[lead_id].items()],
        }
        return web.json_response(told)


def _error(code: int, message: str, status: int, subcode: int | None = None) -> web.Response:
    kind = "OAuthException" if status == 401 else "GraphMethodException"
    told: dict[str, Any] = {"message": message, "type": kind, "code": code, "fbtrace_id": "H2il2t5bn4e"}
    if subcode is not None:
        told["error_subcode"] = subcode
    return web.json_response({"error": told}, status=status)


@asynccontextmanager
async def graph(token: str, app_secret: str) -> AsyncIterator[Graph]:
    made = Graph(token, app_secret)
    app = web.Application()
    app.router.add_get(VERSION + "/{lead}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.address = f"http://{host}:{port}{VERSION}"
    try:
        yield made
    finally:
        await runner.cleanup()
