"""Looking outside: checked addresses, bounded replies, and sockets for what is not HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from exchange import limits
from exchange.courier.addresses import Network
from exchange.courier.dial import NotReached
from exchange.courier.outside import Outside
from exchange.model.wire import Loss, Lost, Reply
from tests.courier.rawbuyer import LOOPBACK, raw_buyer, reply, says, silent


@contextlib.asynccontextmanager
async def outside(allowed: tuple[Network, ...] = LOOPBACK) -> AsyncIterator[Outside]:
    made = Outside(allowed)
    try:
        yield made
    finally:
        await made.close()


async def test_a_list_larger_than_any_reply_of_a_buyer_is_fetched_whole_with_its_validators() -> None:
    body = b"x" * (limits.REPLY_BYTES * 3)
    async with raw_buyer(says(reply(body))) as server, outside() as look:
        got = await look.get("feed", server.url("/list"), {"If-None-Match": '"v1"'})

    assert isinstance(got, Reply) and got.body == body
    assert b'If-None-Match: "v1"' in server.requests[0]


async def test_a_list_that_would_fill_the_memory_is_hung_up_on() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (limits.FETCH_BYTES + 1)
    async with raw_buyer(says(head)) as server, outside() as look:
        got = await look.get("feed", server.url(), {})

    assert got == Lost(Loss.TOO_LARGE, "The reply is larger than 16384 KB.")


async def test_a_server_that_keeps_silent_is_left_after_the_time_given() -> None:
    async with raw_buyer(silent) as server, outside() as look:
        got = await look.get("feed", server.url(), {}, 0.1)

    assert isinstance(got, Lost) and Loss.TIMEOUT is got.why


async def test_a_caller_that_is_cancelled_leaves_no_connection_behind() -> None:
    async with raw_buyer(silent) as server, outside() as look:
        asking = asyncio.create_task(look.get("feed", server.url(), {}))
        await server.heard.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await server.hung_up.wait()

    assert asking.cancelled()


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://127.0.0.1:1/", "ftp://a.example/", "http://u@a.example/"])
async def test_what_may_not_be_connected_to_is_refused(url: str) -> None:
    async with outside(()) as look:
        got = await look.get("feed", url, {})

    assert isinstance(got, Lost) and Loss.REFUSED_ADDRESS is got.why


async def test_a_socket_is_dialled_to_the_checked_address() -> None:
    async with raw_buyer(silent) as server, outside() as look:
        made = await look.dial("127.0.0.1", server.port)
        with made:
            assert ("127.0.0.1", server.port) == made.getpeername()


@pytest.mark.parametrize(
    ("host", "port", "why"),
    [
        ("127.0.0.1", 1, Loss.CONNECT),
        ("169.254.169.254", 80, Loss.REFUSED_ADDRESS),
        ("nobody.invalid", 25, Loss.DNS),
    ],
)
async def test_what_cannot_be_dialled_says_why(host: str, port: int, why: Loss) -> None:
    async with outside() as look:
        with pytest.raises(NotReached) as refused:
            await look.dial(host, port)

    assert why is refused.value.lost.why and refused.value.lost.detail
