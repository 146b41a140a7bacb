"""The door at the socket: raw bytes against a real server that reads with `read_body` and decodes with `decode`."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from exchange import limits
from exchange.intake.body import answer_expect, client_ip, idempotency_key, read_body
from exchange.intake.connection import GuardedRunner
from exchange.intake.decode import Refused, decode
from exchange.intake.encode import encode

BODY_SECONDS = 0.4
HEAD_SECONDS = 0.3
FORM = "application/x-www-form-urlencoded"


@dataclass
class Door:
    """A running server, and how to speak to it byte by byte."""

    port: int
    read: list[int] = field(default_factory=list)  # what came through the front door, in bytes
    open: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.open.append(writer)
        return reader, writer

    async def say(self, text: str | bytes) -> bytes:
        """Send `text` and read until the server closes."""
        reader, writer = await self.connect()
        writer.write(text.encode() if isinstance(text, str) else text)
        return await until_closed(reader)


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    heard = b""
    async with asyncio.timeout(10):
        try:
            while chunk := await reader.read(65_536):
                heard += chunk
        except ConnectionError:  # the server cut the line: what was heard before counts
            return heard
    return heard


def post(body: str | bytes, *headers: str, end: str = "Connection: close") -> bytes:
    raw = body.encode() if isinstance(body, str) else body
    lines = ["POST /post HTTP/1.1", "Host: exchange.example", f"Content-Type: {FORM}", *headers, end]
    return "\r\n".join([*lines, "", ""]).encode() + raw


def status(heard: bytes) -> int:
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", heard)
    assert found, heard
    return int(found[1])


def told(heard: bytes) -> dict[str, str]:
    answer: dict[str, str] = json.loads(heard.partition(b"\r\n\r\n")[2])
    return answer


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async def echo(request: web.Request) -> web.StreamResponse:
        body = await read_body(request, BODY_SECONDS)
        if isinstance(body, bytes):
            here.read.append(len(body))
            encodings = request.headers.get("Content-Encoding")
            result = decode(body, request.headers.get("Content-Type"), content_encoding=encodings)
        else:
            result = body
        if isinstance(result, Refused):
            text, content_type = encode({"status": "error", "message": result.message}, "json")
            answer = web.Response(body=text, status=result.status, headers={"Content-Type": content_type})
            if result.closes:
                answer.force_close()
            return answer
        text, content_type = encode(result.fields, "json")
        return web.Response(body=text, headers={"Content-Type": content_type})

    app = web.Application()
    app.router.add_post("/post", echo, expect_handler=answer_expect)
    runner = GuardedRunner(app, head_seconds=HEAD_SECONDS, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    here = Door(site.port)
    yield here
    for writer in here.open:
        writer.close()
    await runner.cleanup()


async def test_an_ordinary_post_is_read(door: Door) -> None:
    assert {"zip": "60610"} == told(await door.say(post("zip=60610", "Content-Length: 9")))


async def test_a_chunked_post_is_read(door: Door) -> None:
    heard = await door.say(post("4\r\nzip=\r\n5;x=y\r\n60610\r\n0\r\n\r\n", "Transfer-Encoding: chunked"))

    assert {"zip": "60610"} == told(heard)


async def test_requests_on_one_connection_each_have_their_own_deadline(door: Door) -> None:
    reader, writer = await door.connect()
    loop = asyncio.get_running_loop()
    until = loop.time() + 3 * HEAD_SECONDS
    answers = 0
    while loop.time() < until:
        writer.write(post("zip=60610", "Content-Length: 9", end="X: y"))
        assert b"HTTP/1.1 200 OK" in await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(15)
        answers += 1

    assert answers > 3


async def test_an_idle_connection_is_not_cut_by_the_head_deadline(door: Door) -> None:
    reader, writer = await door.connect()
    writer.write(post("zip=60610", "Content-Length: 9", end="X: y"))
    await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(15)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 2 * HEAD_SECONDS)
    writer.write(post("zip=60611", "Content-Length: 9"))
    assert 200 == status(await until_closed(reader))


async def test_a_declared_length_over_the_limit_is_refused_before_a_byte_is_read(door: Door) -> None:
    heard = await door.say(post("", f"Content-Length: {limits.BODY_BYTES + 1}"))

    assert (413, "The body is larger than 256 KB.") == (status(heard), told(heard)["message"])
    assert b"Connection: close" in heard


async def test_a_body_of_exactly_the_limit_is_read(door: Door) -> None:
    body = b"a=1" + b"&" * 500 + b" " * (limits.BODY_BYTES - 503)

    heard = await door.say(post(body, f"Content-Length: {len(body)}"))

    assert ([limits.BODY_BYTES], 200) == (door.read, status(heard))


async def send_until_refused(door: Door, piece: bytes, most: int, *headers: str) -> tuple[bytes, int]:
    """Send pieces until the answer is there or the line is cut. What was heard, and how many bytes were sent."""
    reader, writer = await door.connect()
    writer.write(post("", *headers, end="X: y"))
    answer = asyncio.create_task(until_closed(reader))
    sent = 0
    try:
        while sent < most and not answer.done():
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
    except ConnectionError:
        assert sent > 0
    return await answer, sent


async def test_fifty_megabytes_in_chunks_are_refused_and_not_read_to_the_end(door: Door) -> None:
    piece = b"10000\r\n" + b"x" * 65_536 + b"\r\n"

    heard, sent = await send_until_refused(door, piece, 50 * 2**20, "Transfer-Encoding: chunked")

    assert sent < 12 * 2**20  # most of it sits in the kernel's buffers
    assert [] == door.read
    assert heard == b"" or status(heard) == 413


async def test_a_client_that_stops_to_listen_hears_why_its_flood_was_refused(door: Door) -> None:
    piece = b"10000\r\n" + b"x" * 65_536 + b"\r\n"

    heard = await door.say(post(piece * 6, "Transfer-Encoding: chunked"))

    assert (413, "The body is larger than 256 KB.") == (status(heard), told(heard)["message"])


async def test_a_head_that_trickles_in_is_cut(door: Door) -> None:
    reader, writer = await door.connect()
    loop = asyncio.get_running_loop()
    started = loop.time()
    answer = asyncio.create_task(until_closed(reader))
    head = iter(post("", "Content-Length: 9", *["X-More: 1"] * 90))
    while not answer.done():
        writer.write(bytes([next(head)]))
        await asyncio.wait([answer], timeout=0.02)

    assert loop.time() - started < HEAD_SECONDS + 0.5
    assert 408 == status(answer.result())


async def test_slow_clients_do_not_slow_the_others(door: Door) -> None:
    for _ in range(50):
        _, writer = await door.connect()
        writer.write(b"POST /post HTTP/1.1\r\nHost: ex")

    assert 200 == status(await door.say(post("zip=60610", "Content-Length: 9")))


@pytest.mark.parametrize("declared", ["Content-Length: 900", "Transfer-Encoding: chunked"])
async def test_a_body_that_never_comes_is_answered_and_the_line_closed(door: Door, declared: str) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()

    heard = await door.say(post("", declared, end="X: y"))

    assert (408, "The body did not arrive within 0.4 seconds.") == (status(heard), told(heard)["message"])
    assert loop.time() - started < BODY_SECONDS + limits.LINGER_SECONDS + 0.5


async def test_a_body_of_one_byte_at_a_time_is_cut(door: Door) -> None:
    reader, writer = await door.connect()
    writer.write(post("", "Content-Length: 900", end="X: y"))
    answer = asyncio.create_task(until_closed(reader))
    while not answer.done():
        writer.write(b"a")
        await asyncio.wait([answer], timeout=0.02)

    assert 408 == status(answer.result())
    assert [] == door.read


async def test_the_deadline_counts_from_the_first_byte_of_the_head(door: Door) -> None:
    reader, writer = await door.connect()
    loop = asyncio.get_running_loop()
    started = loop.time()
    request = post("", "Content-Length: 900", end="X: y")
    writer.write(request[:30])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), HEAD_SECONDS * 0.7)
    writer.write(request[30:])

    heard = await reader.readuntil(b"\r\n\r\n")

    assert 408 == status(heard)
    assert loop.time() - started < BODY_SECONDS + 0.15


async def test_a_body_shorter_than_its_length_is_never_processed(door: Door) -> None:
    reader, writer = await door.connect()
    writer.write(post("zip=60610", "Content-Length: 90"))
    writer.write_eof()
    await until_closed(reader)

    assert [] == door.read


SMUGGLED = {
    "length and chunks": post("0\r\n\r\nGET /x", "Content-Length: 5", "Transfer-Encoding: chunked"),
    "chunks and length": post("0\r\n\r\nGET /x", "Transfer-Encoding: chunked", "Content-Length: 5"),
    "two lengths": post("zip=60610", "Content-Length: 9", "Content-Length: 4"),
    "a list of lengths": post("zip=60610", "Content-Length: 9, 4"),
    "negative length": post("zip=60610", "Content-Length: -9"),
    "signed length": post("zip=60610", "Content-Length: +9"),
    "hexadecimal length": post("zip=60610", "Content-Length: 0x9"),
    "length with an underscore": post("zip=606100", "Content-Length: 1_0"),
    "empty length": post("zip=60610", "Content-Length: "),
    "huge length": post("zip=60610", "Content-Length: " + "9" * 40),
    "space before the colon": post("zip=60610", "Content-Length : 9"),
    "unknown transfer encoding": post("zip=60610", "Transfer-Encoding: xchunked"),
    "chunked twice": post("0\r\n\r\n", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "chunked not last": post("0\r\n\r\n", "Transfer-Encoding: chunked, identity"),
    "folded header": post("0\r\n\r\n", "Transfer-Encoding:\r\n chunked"),
    "bad chunk size": post("zz\r\nzip=60610\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "negative chunk size": post("-4\r\nzip=\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "chunk longer than said": post("2\r\nzip=60610\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "overflowing chunk size": post("fffffffffffffffff\r\nzip\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "bare line feed after a size": post("4\nzip=\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "NUL in a header": post("zip=60610", "X-A: b\x00c", "Content-Length: 9"),
    "carriage return in a header": post("zip=60610", "X-A: b\rX-B: c", "Content-Length: 9"),
    "no colon": post("zip=60610", "X-A", "Content-Length: 9"),
    "space in a header's name": post("zip=60610", "X A: b", "Content-Length: 9"),
    "a huge header": post("zip=60610", "X-A: " + "b" * 70_000, "Content-Length: 9"),
    "a huge path": b"POST /" + b"p" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "many headers": post("zip=60610", *[f"X-{n}: 1" for n in range(200)], "Content-Length: 9"),
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 200,
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a wrong version": b"POST /post HTTP/9.9\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("trick", SMUGGLED)
async def test_a_request_with_two_readings_is_refused_and_the_line_closed(door: Door, trick: str) -> None:
    heard = await door.say(SMUGGLED[trick])

    assert 400 <= status(heard) < 500
    assert 1 == heard.count(b"HTTP/1.")
    assert [] == door.read


async def test_what_was_unreadable_is_repeated_neither_in_the_answer_nor_in_the_log(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    heard = await door.say(post("", "X-Phone 5550142", "Content-Length: 0"))

    assert {"status": "error", "reason": "bad_request", "message": "The request is not readable HTTP."} == told(heard)
    assert "5550142" not in caplog.text and "unreadable HTTP" in caplog.text


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "nonsense"])
async def test_a_compressed_body_is_not_unpacked(door: Door, encoding: str) -> None:
    heard = await door.say(post("zip=60610", f"Content-Encoding: {encoding}", "Content-Length: 9"))

    assert (415, [9]) == (status(heard), door.read)


async def test_continue_is_granted_only_to_a_body_that_will_be_taken(door: Door) -> None:
    reader, writer = await door.connect()
    writer.write(post("", "Expect: 100-continue", "Content-Length: 9"))
    assert b"HTTP/1.1 100 Continue\r\n\r\n" == await reader.readuntil(b"\r\n\r\n")
    writer.write(b"zip=60610")
    assert {"zip": "60610"} == told(await until_closed(reader))

    large = await door.say(post("", "Expect: 100-continue", f"Content-Length: {10**9}"))

    assert (413, 1) == (status(large), large.count(b"HTTP/1.1"))
    assert 417 == status(await door.say(post("", "Expect: 200-ok", "Content-Length: 0")))


async def test_a_client_that_leaves_does_no_harm(door: Door) -> None:
    for request in (post("zip", "Content-Length: 9"), post("5\r\nzi", "Transfer-Encoding: chunked"), b"POST /po"):
        _, writer = await door.connect()
        writer.write(request)
        await writer.drain()
        writer.transport.abort()

    assert 200 == status(await door.say(post("zip=60610", "Content-Length: 9")))


PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:aa::/48"))


def asked(peer: str, *forwarded: str, proxies: Sequence[IPv4Network | IPv6Network] = PROXIES) -> str:
    headers = CIMultiDict([("X-Forwarded-For", value) for value in forwarded])
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=peer)
    assert isinstance(request, web.BaseRequest)
    return client_ip(request, proxies)


def test_the_client_is_the_first_address_that_is_no_declared_proxy() -> None:
    assert "203.0.113.7" == asked("203.0.113.7")
    assert "203.0.113.7" == asked("10.0.0.1", "203.0.113.7")
    assert "203.0.113.7" == asked("10.0.0.1", "198.51.100.1, 203.0.113.7, 10.9.9.9")
    assert "203.0.113.7" == asked("10.0.0.1", "198.51.100.1", "203.0.113.7")
    assert "2001:db8:bb::7" == asked("2001:db8:aa::1", "[2001:db8:bb::7]:4711")
    assert "203.0.113.7" == asked("::ffff:10.0.0.1", "::ffff:203.0.113.7")
    assert "203.0.113.7" == asked("10.0.0.1", "203.0.113.7:4711")


def test_a_stranger_cannot_say_who_it_is() -> None:
    assert "203.0.113.7" == asked("203.0.113.7", "198.51.100.1")
    assert "203.0.113.7" == asked("203.0.113.7", "198.51.100.1", proxies=())
    assert "10.0.0.1" == asked("10.0.0.1", "198.51.100.1", proxies=())


def test_an_unreadable_hop_ends_the_search_at_the_last_known_one() -> None:
    assert "10.0.0.1" == asked("10.0.0.1", "198.51.100.1, unknown")
    assert "10.0.0.2" == asked("10.0.0.1", "198.51.100.1, <script>, 10.0.0.2")
    assert "10.0.0.1" == asked("10.0.0.1", "")
    assert "10.0.0.3" == asked("10.0.0.1", "10.0.0.3, 10.0.0.2")
    assert "" == asked("")


@pytest.mark.parametrize(
    ("sent", "expected"), [([], None), (["a"], "a"), (["~" * 255], "~" * 255), (["!k-1/2"], "!k-1/2")]
)
def test_an_idempotency_key_is_taken(sent: list[str], expected: str | None) -> None:
    assert expected == idempotency_key(CIMultiDict([("Idempotency-Key", key) for key in sent]))


@pytest.mark.parametrize("sent", [[""], ["a" * 256], ["a b"], ["é"], ["a\x7f"], ["a\tb"], ["a", "a"], ["a", "b"]])
def test_a_bad_idempotency_key_is_refused(sent: list[str]) -> None:
    result = idempotency_key(CIMultiDict([("idempotency-key", key) for key in sent]))

    assert isinstance(result, Refused) and result.status == 400
