"""A buyer made of raw sockets, so that it can misbehave in every way HTTP allows and several it does not."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from exchange.clock import SystemClock
from exchange.courier.addresses import Network, Resolver, resolve_by_system
from exchange.courier.breaker import Breaker
from exchange.courier.courier import Call, HttpCourier, Result
from exchange.model.wire import HttpMessage, Message, Reply

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"),)
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)", re.IGNORECASE)


@dataclass
class RawBuyer:
    """Where it listens and what it saw. `hung_up` is set when a client closed a connection."""

    port: int = 0
    connections: int = 0
    most_at_once: int = 0
    requests: list[bytes] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str = "/ping", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@dataclass
class Line:
    """One connection as the buyer sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    buyer: RawBuyer

    async def request(self) -> bytes:
        """Head and body of the next request; raises EOFError when the client closed."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await self.reader.readexactly(int(length[1])) if length else b""
        self.buyer.requests.append(head + body)
        self.buyer.heard.set()
        return head + body

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def pause(self, seconds: float) -> None:
        """A buyer that takes its time."""
        passed = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, passed.set)
        await passed.wait()

    def reset(self) -> None:
        """Close with a TCP reset."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Serve = Callable[[Line], Awaitable[None]]


def reply(body: bytes = b"status=accept&price=12.50", status: str = "200 OK", extra: bytes = b"") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n%b" % (status.encode(), len(body), extra, body)


def says(data: bytes) -> Serve:
    """Answer every request with exactly these bytes."""

    async def serve(line: Line) -> None:
        while True:
            await line.request()
            await line.say(data)

    return serve


def says_then_closes(data: bytes) -> Serve:
    async def serve(line: Line) -> None:
        await line.request()
        await line.say(data)

    return serve


async def silent(line: Line) -> None:
    """Read and never answer, until the client hangs up."""
    await line.request()
    await line.reader.read()


@contextlib.asynccontextmanager
async def raw_buyer(
    serve: Serve, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[RawBuyer]:
    buyer = RawBuyer()
    running: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        buyer.connections += 1
        buyer.most_at_once = max(buyer.most_at_once, len(running))
        try:
            await serve(Line(reader, writer, buyer))
        except (EOFError, OSError):
            buyer.hung_up.set()
        except asyncio.CancelledError:
            return  # the test is over
        else:
            if reader.at_eof():
                buyer.hung_up.set()
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(connected, host, 0, ssl=tls, backlog=256)
    buyer.port = server.sockets[0].getsockname()[1]
    try:
        yield buyer
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@contextlib.asynccontextmanager
async def courier_for(
    allowed: tuple[Network, ...] = LOOPBACK,
    resolver: Resolver = resolve_by_system,
    breaker: Breaker | None = None,
    *,
    timed: bool = False,
) -> AsyncIterator[HttpCourier]:
    courier = HttpCourier(SystemClock(), breaker or Breaker(), allowed, resolver, timed=timed)
    try:
        yield courier
    finally:
        await courier.close()


def one_message(message: Message) -> Generator[Message, Reply, Reply]:
    """The simplest conversation: its answer is the reply itself."""
    return (yield message)


def ping(url: str, body: bytes = b"zip=60610", key: str = "acme") -> Call:
    return Call(key, one_message(HttpMessage("POST", url, {}, body, False)), False)


def post(url: str, body: bytes = b"phone=3125550142", key: str = "acme", **more: Any) -> Call:
    return Call(key, one_message(HttpMessage("POST", url, {}, body, True)), True, **more)


async def hold(courier: HttpCourier, call: Call, seconds: float = 5.0) -> Result:
    return await courier.converse(call, courier.clock.monotonic() + seconds)
