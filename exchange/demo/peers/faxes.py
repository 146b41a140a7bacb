"""The telephone company that faxes for Granite Fax Desk: it speaks as Telnyx does. Its folder has what it faxed.

It fetches the page while it answers, rings a few seconds later, and calls back signed; now and then the line is busy.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import orjson
from aiohttp import ClientError, ClientSession, web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from exchange.clock import Clock
from exchange.demo.peers import Peer, Site
from exchange.demo.peers.serving import serving
from exchange.ids import SystemIds

PORT = 8182
NAME = "faxes"
KEPT = 50
BUSY_EACH = 6
_RINGS_S, _PRINTS_S = 2.0, 6.0
_SUFFIX = ".pdf"
_LOG = logging.getLogger("exchange.demo.peers")


@dataclass(slots=True)
class Company:
    """`states` are those of its faxes by their id, for whoever asks."""

    folder: Path
    clock: Clock
    token: str
    key: Ed25519PrivateKey
    session: ClientSession
    numbers: Any = field(default_factory=lambda: count(1))
    states: dict[str, str] = field(default_factory=dict)
    at_work: set[asyncio.Task[None]] = field(default_factory=set)

    async def take(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"errors": [{"code": "10009", "title": "Authentication failed"}]}, status=401)
        said = await request.json()
        async with self.session.get(said["media_url"]) as page:
            page.raise_for_status()
            pdf = await page.read()
        number = next(self.numbers)
        await asyncio.to_thread(_keep, self.folder, pdf)
        fax_id = f"{said['connection_id']}-{self.clock.now()}-{number}"
        self.states[fax_id] = "queued"
        task = asyncio.create_task(self._bring(fax_id, said, busy=number % BUSY_EACH == 0))
        self.at_work.add(task)
        task.add_done_callback(self.at_work.discard)
        return web.json_response({"data": {"record_type": "fax", "id": fax_id, "status": "queued"}}, status=202)

    async def tell(self, request: web.Request) -> web.Response:
        fax_id = request.match_info["id"]
        if fax_id not in self.states:
            return web.json_response({"errors": [{"code": "10005", "title": "Resource not found"}]}, status=404)
        return web.json_response({"data": {"record_type": "fax", "id": fax_id, "status": self.states[fax_id]}})

    async def _bring(self, fax_id: str, said: Mapping[str, str], *, busy: bool) -> None:
        await self.clock.sleep(_RINGS_S)
        await self._call_back(fax_id, said, "sending.started")
        await self.clock.sleep(_PRINTS_S)
        if busy:
            await self._call_back(fax_id, said, "failed", failure_reason="user_busy")
        else:
            await self._call_back(fax_id, said, "delivered", page_count=1)

    async def _call_back(self, fax_id: str, said: Mapping[str, str], kind: str, **more: Any) -> None:
        """As a webhook, signed over its time and its body. A fax that was only tried out names nobody to call."""
        self.states[fax_id] = kind
        if "webhook_url" not in said:
            return
        payload = {"fax_id": fax_id, "to": said["to"], "client_state": said["client_state"], "status": kind, **more}
        event_id = f"{fax_id}-{kind.replace('.', '-')}"
        data = {"record_type": "event", "id": event_id, "event_type": f"fax.{kind}", "payload": payload}
        body = orjson.dumps({"data": data, "meta": {"attempt": 1}})
        stamp = str(self.clock.now() // 1000)
        signature = base64.b64encode(self.key.sign(stamp.encode() + b"|" + body)).decode()
        headers = {"telnyx-timestamp": stamp, "telnyx-signature-ed25519": signature, "Content-Type": "application/json"}
        try:
            async with self.session.post(said["webhook_url"], data=body, headers=headers) as answer:
                answer.raise_for_status()
        except ClientError as error:
            _LOG.warning("a callback was not taken: %s", type(error).__name__)


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    """Its key for signatures and the one to call it with are new with each start."""
    key, token = Ed25519PrivateKey.generate(), SystemIds().token()
    async with ClientSession() as session:
        company = Company(site.folder, site.exchange, token, key, session)
        routes = (web.post("/v2/faxes", company.take), web.get("/v2/faxes/{id}", company.tell))
        async with serving(site.ports[PORT], routes):
            public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            try:
                yield {"granite_fax_key": token, "granite_fax_public": base64.b64encode(public).decode()}
            finally:
                for task in company.at_work:
                    task.cancel()
                await asyncio.gather(*company.at_work, return_exceptions=True)


def faxes() -> Peer:
    return Peer(NAME, (PORT,), listening)


def _keep(folder: Path, pdf: bytes) -> None:
    there = sorted(folder.glob(f"*{_SUFFIX}"))
    number = int(there[-1].stem) + 1 if there else 1
    (folder / f"{number:08d}{_SUFFIX}").write_bytes(pdf)
    for old in there[: len(there) + 1 - KEPT]:
        old.unlink(missing_ok=True)
