from __future__ import annotations

import asyncio

from exchange import limits
from exchange.model.wire import Loss, Lost
from tests.courier.rawbuyer import Line, courier_for, hold, ping, post, raw_buyer, reply, says, says_then_closes


def lost(outcome: object) -> Loss:
    assert isinstance(outcome, Lost), outcome
    return outcome.why


async def test_two_answers_to_one_request_never_answer_another() -> None:
    async with raw_buyer(says(reply(b"first") + reply(b"for nobody"))) as buyer, courier_for() as courier:
        answers = [(await hold(courier, ping(buyer.url()))).answer.body for _ in range(3)]

    assert [b"first"] * 3 == answers
    assert buyer.connections == 3


async def test_a_second_answer_without_a_body_changes_nothing_of_the_first() -> None:
    both = reply(b"first", extra=b"X-Id: 1\r\n") + b"HTTP/1.1 204 No Content\r\nX-Id: 2\r\n\r\n"
    async with raw_buyer(says(both)) as buyer, courier_for() as courier:
        answers = [(await hold(courier, ping(buyer.url()))).answer for _ in range(2)]

    assert [(200, "1", b"first")] * 2 == [(one.status, one.headers["x-id"], one.body) for one in answers]
    assert buyer.connections == 2


async def test_a_length_that_lies_closes_the_connection() -> None:
    lying = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst&price=99.00"
    async with raw_buyer(says(lying)) as buyer, courier_for() as courier:
        answers = [(await hold(courier, ping(buyer.url()))).answer.body for _ in range(2)]

    assert [b"first"] * 2 == answers
    assert buyer.connections == 2


async def test_a_byte_on_an_idle_connection_closes_it() -> None:
    async def talkative(line: Line) -> None:
        while True:
            await line.request()
            await line.say(reply(b"mine"))
            await line.buyer.go_on.wait()
            await line.say(reply(b"for nobody"))

    async with raw_buyer(talkative) as buyer, courier_for() as courier:
        assert b"mine" == (await hold(courier, ping(buyer.url()))).answer.body
        buyer.go_on.set()
        await asyncio.wait_for(buyer.hung_up.wait(), 5)
        assert b"mine" == (await hold(courier, ping(buyer.url()))).answer.body

    assert buyer.connections == 2


async def test_a_kept_connection_is_used_again() -> None:
    async with raw_buyer(says(reply())) as buyer, courier_for() as courier:
        for _ in range(5):
            await hold(courier, ping(buyer.url()))

    assert (1, 5) == (buyer.connections, len(buyer.requests))


async def test_connection_close_is_honoured() -> None:
    async with raw_buyer(says(reply(extra=b"Connection: close\r\n"))) as buyer, courier_for() as courier:
        for _ in range(2):
            await hold(courier, ping(buyer.url()))

    assert buyer.connections == 2


async def test_two_buyers_at_one_address_share_no_connection() -> None:
    async with raw_buyer(says(reply())) as buyer, courier_for() as courier:
        await hold(courier, ping(buyer.url(), key="acme"))
        await hold(courier, ping(buyer.url(), key="zenith"))

    assert buyer.connections == 2


async def test_a_ping_on_a_connection_the_buyer_had_closed_asks_again() -> None:
    async def serve(line: Line) -> None:
        await line.request()
        await line.say(reply(b"answered"))
        if line.buyer.connections == 1:
            await line.request()

    async with raw_buyer(serve) as buyer, courier_for() as courier:
        await hold(courier, ping(buyer.url()))
        second = await hold(courier, ping(buyer.url()))

    assert b"answered" == second.answer.body
    assert (2, 3) == (buyer.connections, len(buyer.requests))


async def test_a_post_on_a_connection_that_dies_is_never_sent_again() -> None:
    async def serve(line: Line) -> None:
        await line.request()
        await line.say(reply(b"answered"))
        await line.request()

    async with raw_buyer(serve) as buyer, courier_for() as courier:
        await hold(courier, ping(buyer.url()))
        second = await hold(courier, post(buyer.url()))

    assert (Loss.RESET, True, 2) == (lost(second.lost), second.delivered, len(buyer.requests))


async def test_a_post_uses_only_a_connection_that_was_used_just_now() -> None:
    async with raw_buyer(says(reply())) as buyer, courier_for() as courier:
        await hold(courier, ping(buyer.url()))
        await hold(courier, post(buyer.url()))
        assert buyer.connections == 1
        (pool,) = courier.lane.pools.values()
        pool.idle[0].used_at -= limits.POST_IDLE_SECONDS + 0.1
        await hold(courier, post(buyer.url()))
        assert buyer.connections == 2
        await hold(courier, ping(buyer.url()))
        assert buyer.connections == 2


async def test_a_connection_idle_for_a_minute_is_used_by_nobody() -> None:
    async with raw_buyer(says(reply())) as buyer, courier_for() as courier:
        await hold(courier, ping(buyer.url()))
        (pool,) = courier.lane.pools.values()
        pool.idle[0].used_at -= limits.POOL_IDLE_SECONDS + 0.1
        await hold(courier, ping(buyer.url()))

    assert buyer.connections == 2


async def test_a_connection_the_buyer_closed_while_idle_is_not_used_for_a_post() -> None:
    async with (
        raw_buyer(says_then_closes(reply())) as closing,
        raw_buyer(says(reply())) as other,
        courier_for() as courier,
    ):
        await hold(courier, ping(closing.url()))
        await hold(courier, ping(other.url(), key="other"))  # meanwhile the close is heard
        result = await hold(courier, post(closing.url()))

    assert (200, 2) == (result.status, closing.connections)
