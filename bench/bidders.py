"""Fast buyers for load: one process, one loopback address each (127.0.0.1, 127.0.0.2 …) at one port.

    python -m bench.bidders --count 25 --port 9100 [--delay-ms 0]

`POST /ping` is answered with a bid, `POST /post` with an acceptance, `GET /counts` with what was asked so far. A bid is
a function of the buyer's number and the request's body, so the winner differs from lead to lead and repeats for a lead.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import zlib
from collections import Counter
from collections.abc import Callable
from typing import cast

import httptools
import uvloop

BID_CENTS = (500, 5_000)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "


def address(number: int) -> str:
    """The loopback address of buyer `number`, counted from 0."""
    return f"127.0.{number // 250}.{number % 250 + 1}"


def respond(body: bytes) -> bytes:
    return OK + str(len(body)).encode() + b"\r\n\r\n" + body


class Conversation(asyncio.Protocol):
    """One keep-alive connection of one buyer."""

    def __init__(self, number: int, counts: Counter[str], delay_s: float, later: Callable[..., object]) -> None:
        self._number, self._counts, self._delay_s, self._later = number, counts, delay_s, later
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._url, self._body = b"", b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own type

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport is not None:
                self._transport.abort()

    def on_message_begin(self) -> None:
        self._url, self._body = b"", b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        answer = self._answer()
        if self._delay_s > 0:
            self._later(self._delay_s, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        if self._transport is not None:
            self._transport.write(answer)

    def _answer(self) -> bytes:
        if self._url.startswith(b"/counts"):
            inner = ",".join(f'"{name}":{count}' for name, count in sorted(self._counts.items()))
            return respond(b"{" + inner.encode() + b"}")
        draw = zlib.crc32(self._body, self._number * 2_654_435_761 & 0xFFFFFFFF)
        if self._url.startswith(b"/post"):
            self._counts["posts"] += 1
            return respond(b'{"status":"accepted","reference":"R%08x"}' % draw)
        self._counts["pings"] += 1
        cents = BID_CENTS[0] + draw % (BID_CENTS[1] - BID_CENTS[0])
        return respond(b'{"status":"accepted","bid":"%d.%02d","reference":"P%08x"}' % (cents // 100, cents % 100, draw))


async def serve(count: int, port: int, delay_ms: float) -> None:
    loop = asyncio.get_running_loop()
    counts: Counter[str] = Counter()

    def listen(number: int) -> Callable[[], Conversation]:
        return lambda: Conversation(number, counts, delay_ms / 1000, loop.call_later)

    servers = [await loop.create_server(listen(n), address(n), port, backlog=1_024) for n in range(count)]
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    print(f"{count} buyers on port {port}", flush=True)
    await stop.wait()
    for server in servers:
        server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    given = parser.parse_args()
    uvloop.run(serve(given.count, given.port, given.delay_ms))


if __name__ == "__main__":
    main()
