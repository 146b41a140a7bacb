"""A closed-loop load generator: N connections, each sends its next lead when the last was answered.

    python -m bench.load http://127.0.0.1:9200/lead --connections 16 --seconds 5 --body body.json

The body is a template: `@TOKEN@`, `@NAME@`, `@HOUSE@`, `@PHONE@` and `@EMAIL@` become new for every request, and
`@ZIP@`, `@SUB@` and `@ADDRESS@` change with it: nothing is a duplicate, nothing counts along, nobody sends everything.
Prints one JSON object: leads a second, latencies, answers by status.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httptools
import orjson
import uvloop

AREA_CODES = (b"602", b"480", b"623", b"520", b"928", b"702", b"213", b"312", b"214", b"713")
STATUS = re.compile(rb'"status"\s*:\s*"([a-z_]+)"')
PARTS = re.compile(rb"(@TOKEN@|@NAME@|@HOUSE@|@PHONE@|@EMAIL@|@ZIP@|@SUB@|@ADDRESS@)")
SYLLABLES = (b"bal", b"cem", b"din", b"fop", b"gur", b"hyx", b"kas", b"let", b"miv", b"nok")
ZIPS = tuple(b"850%02d" % end for end in (3, 4, 6, 7, 8, 9, *range(12, 25), 27, 28, 29, 31, 32, 33, 34, 35, 37, 40))
SUB_IDS = 50
PHONE_STEP = 12_361  # of 20,000 in the golden ratio: no two near ones among hundreds in a row
PERCENTILES = (50, 95, 99)


class Template:
    """Makes bodies; `number` is unique over the run when every process gets its own `first`."""

    def __init__(self, text: bytes, head: bytes, first: int) -> None:
        self._parts, self._head, self._number = PARTS.split(text), head, first

    @property
    def number(self) -> int:
        return self._number

    def next(self) -> bytes:
        number, self._number = self._number, self._number + 1
        body = b"".join(self._fill(part, number) for part in self._parts)
        return b"%b%d\r\n\r\n%b" % (self._head, len(body), body)

    def _fill(self, part: bytes, number: int) -> bytes:
        """200,000 phones of exchanges without subscribers; numbers beyond that repeat after 40 million leads' mails.
        The addresses are of the block that is set aside for benchmarks."""
        if part == b"@TOKEN@":
            return b"t%010d" % number
        if part == b"@NAME@":
            return _name(number * 48_271 % 10_007)
        if part == b"@HOUSE@":
            return b"%d" % (number % 9_973 + 1)
        if part == b"@EMAIL@":
            return b"%b@mail.example" % _name(number * 48_271 % 100_000_007).lower()
        if part == b"@PHONE@":
            area, rest = AREA_CODES[number // 20_000 % len(AREA_CODES)], number * PHONE_STEP % 20_000
            return b"%b%b%04d" % (area, b"958" if rest < 10_000 else b"959", rest % 10_000)
        if part == b"@ZIP@":
            return ZIPS[number % len(ZIPS)]
        if part == b"@SUB@":
            return b"sub-%d" % (number % SUB_IDS)
        if part == b"@ADDRESS@":
            return b"198.%d.%d.%d" % (18 + (number >> 16) % 2, (number >> 8) % 256, number % 256)
        return part


def _name(number: int) -> bytes:
    """A word for a number."""
    return b"".join([SYLLABLES[int(digit)] for digit in str(number)]).capitalize()


@dataclass(slots=True)
class Tally:
    """Latencies in microseconds of the answers counted, and their statuses."""

    latencies: list[int] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    counting: bool = False
    stopping: bool = False


class Sender(asyncio.Protocol):
    """One connection in a closed loop."""

    def __init__(self, template: Template, tally: Tally, done: asyncio.Event) -> None:
        self._template, self._tally, self._done = template, tally, done
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._sent_at, self._body = 0.0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own type
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._tally.stopping:
            self._tally.statuses["connection_lost"] += 1
        self._done.set()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self._tally.counting:
            self._tally.latencies.append(int((time.perf_counter() - self._sent_at) * 1_000_000))
            found = STATUS.search(self._body)
            status = found.group(1).decode() if found else "unreadable"
            self._tally.statuses[status if self._parser.get_status_code() < 500 else "http_5xx"] += 1
        self._parser = httptools.HttpResponseParser(self)
        if self._tally.stopping:
            assert self._transport is not None
            self._transport.close()
        else:
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        assert self._transport is not None
        self._body = b""
        self._sent_at = time.perf_counter()
        self._transport.write(self._template.next())


def head_of(url: str, headers: dict[str, str]) -> bytes:
    """The request up to the value of Content-Length, which stands last."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\nContent-Length: ").encode()


def percentile(latencies: list[int], percent: int) -> float:
    """Milliseconds; 0 of nothing. `latencies` must be sorted."""
    if not latencies:
        return 0.0
    return latencies[min(len(latencies) - 1, len(latencies) * percent // 100)] / 1000


async def run(url: str, template: Template, connections: int, warm_seconds: float, seconds: float) -> dict[str, object]:
    parts, loop = urlsplit(url), asyncio.get_running_loop()
    first = template.number
    tally, ends = Tally(), [asyncio.Event() for _ in range(connections)]
    for end in ends:
        await loop.create_connection(partial(Sender, template, tally, end), parts.hostname or "", parts.port or 80)
    await asyncio.sleep(warm_seconds)
    tally.counting, started = True, time.perf_counter()
    await asyncio.sleep(seconds)
    took, tally.counting, tally.stopping = time.perf_counter() - started, False, True
    await asyncio.wait([asyncio.create_task(end.wait()) for end in ends], timeout=10)
    latencies = sorted(tally.latencies)
    return {
        "leads": len(latencies),
        "sent": template.number - first,  # the warm-up's too
        "seconds": took,
        "leads_per_second": len(latencies) / took,
        "statuses": dict(tally.statuses),
        **{f"p{percent}_ms": percentile(latencies, percent) for percent in PERCENTILES},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--body", type=Path, required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--warm", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--first", type=int, default=0, help="the first lead's number")
    parser.add_argument("--header", action="append", default=[], help="Name: value")
    given = parser.parse_args()
    headers = dict(line.split(": ", 1) for line in given.header)
    template = Template(given.body.read_bytes().strip(), head_of(given.url, headers), given.first)
    answer = uvloop.run(run(given.url, template, given.connections, given.warm, given.seconds))
    print(orjson.dumps(answer).decode())


if __name__ == "__main__":
    main()
