"""Three buyers that let nobody in with a key alone: Nimbus gives tokens, Orchard asks for a certificate behind a
proxy, Birch checks a signature. Each refuses with 401 whoever does not prove what it asks for."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web

from exchange.clock import Clock
from exchange.demo.peers import HOST, Peer, Site
from exchange.demo.peers.certificates import Authority, make_authority
from exchange.demo.peers.serving import serving
from exchange.ids import SystemIds

NIMBUS, ORCHARD, PROXY, BIRCH = 8171, 8172, 8173, 8174
NAME = "gateways"
TOKEN_SECONDS = 120
_PROXY_USER = "harbor"
_CHUNK_BYTES = 65_536


@dataclass
class Gateways:
    """What the three know: the secrets they gave out, and the token that is good now."""

    clock: Clock
    client_secret: str
    signing_key: str
    proxy_password: str
    orchard_port: int
    token: str = ""
    good_until: int = 0
    sold: int = 0
    carrying: set[asyncio.Task[None]] = field(default_factory=set)

    async def give_token(self, request: web.Request) -> web.Response:
        asked = await request.post()
        if asked.get("grant_type") != "client_credentials" or asked.get("client_secret") != self.client_secret:
            return web.json_response({"error": "invalid_client"}, status=401)
        self.token = SystemIds().token()
        self.good_until = self.clock.now() + TOKEN_SECONDS * 1_000
        return web.json_response({"access_token": self.token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})

    async def take_with_token(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not self.token or not hmac.compare_digest(given, self.token) or self.clock.now() >= self.good_until:
            return web.json_response({"error": "invalid_token"}, status=401)
        return self.take()

    async def take_signed(self, request: web.Request) -> web.Response:
        moment, body = request.headers.get("X-Birch-Time", ""), await request.read()
        wanted = hmac.new(self.signing_key.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(request.headers.get("X-Birch-Signature", ""), wanted):
            return web.json_response({"error": "bad_signature"}, status=401)
        return self.take()

    async def take_certified(self, _: web.Request) -> web.Response:
        """Whoever comes here has shown a certificate that the demo's authority vouches for."""
        return self.take()

    def take(self) -> web.Response:
        self.sold += 1
        return web.json_response({"status": "sold", "id": f"G{self.sold}"})

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The proxy: a tunnel to Orchard and to nobody else, for who knows the password."""
        task = asyncio.current_task()
        assert task is not None
        self.carrying.add(task)
        with suppress(OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
            refusal = self._refusal(await reader.readuntil(b"\r\n\r\n"))
            writer.write(refusal or b"HTTP/1.1 200 Connection established\r\n\r\n")
            if not refusal:
                await self._tunnel(reader, writer)
        writer.close()
        self.carrying.discard(task)

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(HOST, self.orchard_port)
        try:
            await asyncio.gather(_pass(reader, inner_writer), _pass(inner_reader, writer))
        finally:
            inner_writer.close()

    def _refusal(self, head: bytes) -> bytes:
        login = base64.b64encode(f"{_PROXY_USER}:{self.proxy_password}".encode())
        if b"Proxy-Authorization: Basic " + login not in head:
            return b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        if not head.startswith(f"CONNECT {HOST}:{self.orchard_port} ".encode()):
            return b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
        return b""


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    authority = make_authority(site.folder, site.clock.now())
    authority.issue("exchange.example")  # ours, that Orchard asks for
    client, signing, password = (SystemIds().token() for _ in range(3))
    gateways = Gateways(site.clock, client, signing, password, site.ports[ORCHARD])
    nimbus = [web.post("/oauth/token", gateways.give_token), web.post("/leads", gateways.take_with_token)]
    async with (
        serving(site.ports[NIMBUS], nimbus),
        serving(site.ports[BIRCH], [web.post("/leads", gateways.take_signed)]),
        serving(site.ports[ORCHARD], [web.post("/leads", gateways.take_certified)], _demanding(authority)),
    ):
        proxy = await asyncio.start_server(gateways.carry, HOST, site.ports[PROXY])
        try:
            yield {"nimbus_secret": client, "birch_signing": signing, "orchard_proxy": password}
        finally:
            proxy.close()
            for task in tuple(gateways.carrying):
                task.cancel()


def gateways() -> Peer:
    return Peer(NAME, (NIMBUS, ORCHARD, PROXY, BIRCH), listening)


def _demanding(authority: Authority) -> ssl.SSLContext:
    certificate, key = authority.issue("orchard.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authority.ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
    writer.close()
