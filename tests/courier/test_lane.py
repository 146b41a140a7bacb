from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib

import pytest

from exchange import limits
from exchange.connector import BadReply
from exchange.courier.courier import Call
from exchange.courier.unpack import unpack
from exchange.model.wire import HttpMessage, Loss, Lost, Reply
from tests.courier.rawbuyer import (
    Line,
    courier_for,
    hold,
    one_message,
    ping,
    post,
    raw_buyer,
    reply,
    says,
    says_then_closes,
    silent,
)


async def answer_to(data: bytes, *, closing: bool = False, method: str = "POST") -> Reply | Lost | BadReply:
    """What one ping brings when the buyer writes exactly these bytes."""
    async with raw_buyer(says_then_closes(data) if closing else says(data)) as buyer, courier_for() as courier:
        message = HttpMessage(method, buyer.url(), {}, b"zip=60610" if method == "POST" else b"", False)
        result = await hold(courier, Call("acme", one_message(message), False))
        outcome = result.answer or result.lost or result.error
        assert isinstance(outcome, Reply | Lost | BadReply)
        return outcome


def lost(outcome: object) -> Loss:
    assert isinstance(outcome, Lost), outcome
    return outcome.why


async def test_a_reply_arrives_with_lower_case_headers_and_its_body() -> None:
    outcome = await answer_to(b"HTTP/1.1 200 OK\r\nContent-TYPE: text/xml\r\nContent-Length: 4\r\n\r\n<a/>")

    assert outcome == Reply(200, {"content-type": "text/xml", "content-length": "4"}, b"<a/>")


async def test_the_request_is_one_well_formed_message_asking_for_no_packing() -> None:
    async with raw_buyer(says(reply())) as buyer, courier_for() as courier:
        message = HttpMessage("POST", buyer.url("/p?a=1"), {"X-Key": "k"}, b"zip=60610", False)
        await hold(courier, Call("acme", one_message(message), False))

    head, body = buyer.requests[0].split(b"\r\n\r\n")
    assert body == b"zip=60610"
    assert head.split(b"\r\n") == [
        b"POST /p?a=1 HTTP/1.1",
        b"Host: 127.0.0.1:%d" % buyer.port,
        b"X-Key: k",
        b"Accept-Encoding: identity",
        b"User-Agent: lead-exchange",
        b"Content-Length: 9",
    ]


@pytest.mark.parametrize(
    ("data", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", 200, b"abcde"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + reply(b"late"), 200, b"late"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 12\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 900000\r\n\r\n", 304, b""),
        (b"HTTP/1.1 200\nContent-Length: 2\n\nok", 200, b"ok"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (reply(b"gone", "302 Found", b"Location: http://169.254.169.254/\r\n"), 302, b"gone"),
        (reply(b"<html>", "503 Busy"), 503, b"<html>"),
    ],
)
async def test_every_honest_framing_is_read(data: bytes, status: int, body: bytes) -> None:
    outcome = await answer_to(data)

    assert isinstance(outcome, Reply)
    assert (status, body) == (outcome.status, outcome.body)


async def test_a_body_that_ends_with_the_connection_is_whole() -> None:
    outcome = await answer_to(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nstatus=accept", closing=True)

    assert isinstance(outcome, Reply)
    assert outcome.body == b"status=accept"


async def test_a_head_request_waits_for_no_body() -> None:
    outcome = await answer_to(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", method="HEAD")

    assert isinstance(outcome, Reply)
    assert outcome.body == b""


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(b"status=accept", mtime=0), gzip.compress(b"status=", mtime=0) + gzip.compress(b"accept", mtime=0)],
)
async def test_an_unasked_gzip_body_is_unpacked(packed: bytes) -> None:
    outcome = await answer_to(reply(packed, extra=b"Content-Encoding: gzip\r\n"))

    assert isinstance(outcome, Reply)
    assert outcome.body == b"status=accept"


@pytest.mark.parametrize("packed", [zlib.compress(b"status=accept"), zlib.compress(b"status=accept", wbits=-15)])
async def test_both_kinds_of_deflate_are_unpacked(packed: bytes) -> None:
    outcome = await answer_to(reply(packed, extra=b"Content-Encoding: deflate\r\n"))

    assert isinstance(outcome, Reply)
    assert outcome.body == b"status=accept"


@pytest.mark.parametrize(
    ("loss", "data"),
    [
        (Loss.NOT_HTTP, b"\x16\x03\x01 this is not HTTP\r\n\r\n"),
        (Loss.NOT_HTTP, b"220 mail.acme.example ESMTP\r\n"),
        (Loss.NOT_HTTP, b"HTTP/2 200\r\nContent-Length: 0\r\n\r\n"),
        (Loss.NOT_HTTP, b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
        (Loss.NOT_HTTP, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
        (Loss.NOT_HTTP, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (Loss.NOT_HTTP, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        (Loss.NOT_HTTP, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        (Loss.NOT_HTTP, reply(b"abc", extra=b"Content-Encoding: br\r\n")),
        (Loss.NOT_HTTP, reply(b"no gzip at all", extra=b"Content-Encoding: gzip\r\n")),
        (Loss.TRUNCATED, reply(gzip.compress(b"status=accept", mtime=0)[:-9], extra=b"Content-Encoding: gzip\r\n")),
        (Loss.TOO_LARGE, reply(gzip.compress(bytes(50_000_000), mtime=0), extra=b"Content-Encoding: gzip\r\n")),
        (Loss.TOO_LARGE, b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"),
        (Loss.TOO_LARGE, b"HTTP/1.1 200 OK\r\n" + b"X-Fill: %b\r\n" % (b"a" * 1000) * 40 + b"\r\n"),
        (Loss.TOO_LARGE, b"HTTP/1.1 200 OK\r\nX-Fill: " + b"a" * 40_000),
        (Loss.TOO_LARGE, b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * (limits.REPLY_BYTES + 1)),
        (
            Loss.TOO_LARGE,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8000\r\n%b\r\n" % bytes(32_768) * 9,
        ),
    ],
)
async def test_every_dishonest_reply_is_a_loss_after_sending(loss: Loss, data: bytes) -> None:
    outcome = await answer_to(data)

    assert (loss, True) == (lost(outcome), loss.sent)


async def test_a_reply_of_exactly_the_limit_is_read() -> None:
    outcome = await answer_to(reply(b"a" * limits.REPLY_BYTES))

    assert isinstance(outcome, Reply) and len(outcome.body) == limits.REPLY_BYTES


def test_a_bomb_is_never_unpacked_beyond_the_limit() -> None:
    bomb = gzip.compress(bytes(100_000_000), mtime=0)
    tracemalloc.start()
    outcome = unpack(bomb, "gzip")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert isinstance(outcome, Lost) and outcome.why is Loss.TOO_LARGE
    assert most < 4 * limits.REPLY_BYTES


@pytest.mark.parametrize(
    ("loss", "data"),
    [
        (Loss.RESET, b""),
        (Loss.TRUNCATED, b"HTTP/1.1 200 OK\r\nContent-Le"),
        (Loss.TRUNCATED, b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nstatus=accept"),
        (Loss.TRUNCATED, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nd\r\nstatus=accept\r\n"),
        (Loss.TRUNCATED, b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
async def test_a_connection_closed_too_early_is_never_a_reply(loss: Loss, data: bytes) -> None:
    assert loss is lost(await answer_to(data, closing=True))


async def test_a_reset_after_half_a_reply_is_a_loss() -> None:
    async def serve(line: Line) -> None:
        await line.request()
        await line.say(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nstatus=acc")
        await line.buyer.go_on.wait()
        line.reset()

    async with raw_buyer(serve) as buyer, courier_for() as courier:
        asking = asyncio.ensure_future(hold(courier, post(buyer.url())))
        await buyer.heard.wait()
        buyer.go_on.set()
        result = await asking

    assert (Loss.RESET, True) == (lost(result.lost), result.delivered)


async def test_an_endless_reply_is_hung_up_on() -> None:
    async def pour(line: Line) -> None:
        await line.request()
        await line.say(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(1600):  # 100 MB
            await line.say(b"x" * 65_536)
        raise AssertionError("the courier read it all")

    async with raw_buyer(pour) as buyer, courier_for() as courier:
        result = await hold(courier, ping(buyer.url()))
        await asyncio.wait_for(buyer.hung_up.wait(), 5)

    assert Loss.TOO_LARGE is lost(result.lost)


async def test_chunk_framing_without_end_is_hung_up_on() -> None:
    async def pour(line: Line) -> None:
        await line.request()
        await line.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;")
        while True:
            await line.say(b"a" * 65_536)

    async with raw_buyer(pour) as buyer, courier_for() as courier:
        result = await hold(courier, ping(buyer.url()))

    assert lost(result.lost) in (Loss.TOO_LARGE, Loss.NOT_HTTP)


async def test_a_byte_at_a_time_does_not_outlast_the_total_deadline() -> None:
    async def drip(line: Line) -> None:
        await line.request()
        for byte in reply(b"x" * 1000):
            await line.say(bytes((byte,)))
            await line.pause(0.02)

    async with raw_buyer(drip) as buyer, courier_for() as courier:
        began = courier.clock.monotonic()
        result = await hold(courier, ping(buyer.url()), 0.3)
        took = courier.clock.monotonic() - began

    assert Loss.TIMEOUT is lost(result.lost)
    assert 0.25 < took < 1.0


async def test_a_cookie_of_a_buyer_goes_back_to_nobody() -> None:
    async with raw_buyer(says(reply(extra=b"Set-Cookie: id=1; Path=/\r\n"))) as buyer, courier_for() as courier:
        for _ in range(2):
            await hold(courier, ping(buyer.url()))

    assert not any(b"cookie" in request.lower() for request in buyer.requests)


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with raw_buyer(says(reply(b"", "302 Found", b"Location: /again\r\n"))) as buyer, courier_for() as courier:
        result = await hold(courier, post(buyer.url()))

    assert (302, 1) == (result.status, len(buyer.requests))


async def test_a_refused_connection_sent_nothing() -> None:
    async with raw_buyer(silent) as buyer:
        url = buyer.url()
    async with courier_for() as courier:
        result = await hold(courier, post(url))

    assert (Loss.CONNECT, False) == (lost(result.lost), result.delivered)


async def test_silence_after_a_post_may_have_delivered_it() -> None:
    async with raw_buyer(silent) as buyer, courier_for() as courier:
        result = await hold(courier, post(buyer.url()), 0.2)

    assert (Loss.TIMEOUT, True) == (lost(result.lost), result.delivered)


async def test_silence_after_a_ping_delivered_nothing() -> None:
    async with raw_buyer(silent) as buyer, courier_for() as courier:
        result = await hold(courier, ping(buyer.url()), 0.2)

    assert (Loss.TIMEOUT, False) == (lost(result.lost), result.delivered)


async def test_a_deadline_in_the_past_sends_nothing() -> None:
    async with raw_buyer(silent) as buyer, courier_for() as courier:
        result = await hold(courier, post(buyer.url()), -1)

    assert (Loss.DEADLINE_BEFORE, False, 0) == (lost(result.lost), result.delivered, buyer.connections)
