"""Fax providers on this machine: HTTP servers that take faxes, answer and call back as Telnyx and Sinch do.

A fax is known by its number, from 0. Nothing is called back until a test says so.
"""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import ClientSession, FormData, encode_basic_auth, web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pypdf import PdfReader

KEY, USER, PASSWORD, PROJECT = "KEY0123", "access-1", "S3cret", "37b62a7b-0177-429a-bb0b-e10f848de0b8"


@dataclass
class Fax:
    """A fax that was taken: its page, and the words of whoever sent it."""

    id: str
    said: Mapping[str, Any]
    pdf: bytes
    status: str = ""
    why: str = ""

    @property
    def text(self) -> str:
        return PdfReader(io.BytesIO(self.pdf)).pages[0].extract_text()


@dataclass
class Provider:
    """`answers` are given to the next faxes instead of taking them: a status and a body. `hangs_up` takes so many and
    says nothing."""

    session: ClientSession
    now: int  # epoch seconds
    base: str = ""
    faxes: list[Fax] = field(default_factory=list)
    answers: list[tuple[int, Any]] = field(default_factory=list)
    hangs_up: int = 0
    asked: int = 0
    down: bool = False

    def refusal(self, request: web.Request) -> web.Response | None:
        if not self.answers:
            return None
        status, said = self.answers.pop(0)
        return web.json_response(said, status=status)

    def taken(self, request: web.Request, fax: Fax, told: Any, status: int) -> web.Response:
        self.faxes.append(fax)
        if self.hangs_up:
            self.hangs_up -= 1
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(told, status=status)


@dataclass
class Telnyx(Provider):
    """Bearer, JSON in and out; it fetches the page while it answers, and signs what it calls back."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    async def take(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"errors": [{"code": "10009", "title": "Authentication failed"}]}, status=401)
        if (refusal := self.refusal(request)) is not None:
            return refusal
        said = await request.json()
        async with self.session.get(said["media_url"]) as page:
            assert 200 == page.status
            pdf = await page.read()
        fax = Fax(f"fax-{len(self.faxes)}", said, pdf, "queued")
        told = {"record_type": "fax", "id": fax.id, "status": "queued"}
        return self.taken(request, fax, {"data": told}, 202)

    async def tell(self, request: web.Request) -> web.Response:
        self.asked += 1
        fax = self.faxes[int(request.match_info["id"].removeprefix("fax-"))]
        return web.json_response({"data": {"id": fax.id, "status": fax.status, "failure_reason": fax.why}})

    def event(self, kind: str, number: int = 0, event_id: str = "", **more: Any) -> bytes:
        """What it would call back."""
        fax = self.faxes[number]
        payload = {"fax_id": fax.id, "to": fax.said["to"], "client_state": fax.said.get("client_state"), **more}
        data = {
            "record_type": "event",
            "id": event_id or f"{kind}-{number}".replace(".", "-"),
            "event_type": f"fax.{kind}",
            "occurred_at": "2026-11-21T14:34:30.000000Z",
            "payload": payload,
        }
        return orjson.dumps({"data": data, "meta": {"attempt": 1}})

    async def call(
        self, url: str, body: bytes, *, key: Ed25519PrivateKey | None = None, late_s: int = 0, sent: bytes | None = None
    ) -> int:
        """Call back. `sent` is a body other than the signed one. Returns the status it was answered with."""
        stamp = str(self.now - late_s)
        signature = (key or self.key).sign(stamp.encode() + b"|" + body)
        headers = {
            "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
            "telnyx-timestamp": stamp,
            "Content-Type": "application/json",
        }
        async with self.session.post(url, data=sent if sent is not None else body, headers=headers) as answer:
            return answer.status

    async def tells(self, kind: str, number: int = 0, event_id: str = "", **more: Any) -> int:
        """Call back where the fax said."""
        return await self.call(self.faxes[number].said["webhook_url"], self.event(kind, number, event_id, **more))


@dataclass
class Sinch(Provider):
    """Basic, a form with the file; it signs nothing."""

    async def take(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != encode_basic_auth(USER, PASSWORD):
            return web.json_response({"error": {"code": 401, "message": "Unauthorized"}}, status=401)
        if (refusal := self.refusal(request)) is not None:
            return refusal
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField) and file.content_type == "application/pdf"
        said = {name: value for name, value in form.items() if isinstance(value, str)}
        fax = Fax(f"01HDFAX{len(self.faxes)}", said, file.file.read(), "QUEUED")
        return self.taken(request, fax, self.told(fax), 200)

    async def tell(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.down:
            return web.json_response({}, status=503)
        return web.json_response(self.told(self.faxes[int(request.match_info["id"].removeprefix("01HDFAX"))]))

    def told(self, fax: Fax) -> Mapping[str, Any]:
        failed = {"errorCode": 139, "errorMessage": fax.why, "errorType": "LINE_ERROR"} if fax.why else {}
        return {"id": fax.id, "direction": "OUTBOUND", "to": fax.said["to"], "status": fax.status, **failed}

    async def calls(self, number: int = 0, *, url: str = "", as_form: bool = True, **claims: Any) -> int:
        """Call back about a fax, with claims of its own beside what is true."""
        fax = self.faxes[number]
        told = orjson.dumps({**self.told(fax), **claims}).decode()
        body: Any = orjson.dumps({"event": "FAX_COMPLETED", "fax": orjson.loads(told)})
        headers = {"Content-Type": "application/json"}
        if as_form:
            body, headers = FormData(default_to_multipart=True), {}
            body.add_field("event", "FAX_COMPLETED")
            body.add_field("fax", told, content_type="application/json")
            body.add_field("file", fax.pdf, filename="fax.pdf", content_type="application/pdf")
        async with self.session.post(url or fax.said["callbackUrl"], data=body, headers=headers) as answer:
            return answer.status


@asynccontextmanager
async def telnyx(now: int) -> AsyncIterator[Telnyx]:
    async with ClientSession() as session:
        provider = Telnyx(session, now // 1000)
        async with _serving(provider, "/v2/faxes", provider.take, provider.tell):
            yield provider


@asynccontextmanager
async def sinch(now: int) -> AsyncIterator[Sinch]:
    async with ClientSession() as session:
        provider = Sinch(session, now // 1000)
        async with _serving(provider, f"/v3/projects/{PROJECT}/faxes", provider.take, provider.tell):
            yield provider


@asynccontextmanager
async def _serving(provider: Provider, path: str, take: Any, tell: Any) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_post(path, take)
    app.router.add_get(path + "/{id}", tell)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        provider.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield
    finally:
        await asyncio.shield(runner.cleanup())
