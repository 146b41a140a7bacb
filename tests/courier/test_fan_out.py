from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from exchange import limits
from exchange.connector import BadReply
from exchange.courier.breaker import Breaker, BreakerState
from exchange.courier.courier import CLOSED_EARLY, Call, Result
from exchange.model.wire import HttpMessage, Loss, Lost, Reply
from tests.courier.rawbuyer import (
    Line,
    RawBuyer,
    courier_for,
    hold,
    one_message,
    ping,
    post,
    raw_buyer,
    reply,
    says,
    silent,
)


def why(result: Result) -> Loss:
    assert isinstance(result.lost, Lost), result
    return result.lost.why


async def until(condition: asyncio.Event) -> None:
    await asyncio.wait_for(condition.wait(), 5)


async def test_fifty_buyers_answer_in_the_order_asked_though_one_is_dead() -> None:
    async with raw_buyer(says(reply(b"bid"))) as buyer, raw_buyer(silent) as dead, courier_for() as courier:
        calls = [ping(dead.url() if i == 7 else buyer.url(), key=f"buyer{i}") for i in range(50)]
        began = courier.clock.monotonic()
        heard: dict[int, float] = {}

        def on_result(index: int, result: Result) -> bool:
            heard[index] = courier.clock.monotonic() - began
            return False

        results = await courier.fan_out(calls, began + 1.5, on_result)

    assert [i for i in range(50) if i != 7] == [i for i, result in enumerate(results) if result.answer is not None]
    assert Loss.TIMEOUT is why(results[7])
    assert max(at for index, at in heard.items() if index != 7) < 1.0 <= heard[7]


async def test_the_fan_out_ends_early_and_cuts_the_rest() -> None:
    async with raw_buyer(says(reply(b"bid"))) as fast, raw_buyer(silent) as slow, courier_for() as courier:
        await hold(courier, ping(fast.url(), key="fast"))  # connected before the others are asked
        began = courier.clock.monotonic()
        calls = [ping(slow.url(), key="slow"), ping(fast.url(), key="fast")]
        slow_heard = asyncio.ensure_future(slow.heard.wait())
        results = await courier.fan_out(calls, began + 5, lambda index, result: index == 1)
        slow_heard.cancel()

    assert courier.clock.monotonic() - began < 2
    assert results[1].answer.body == b"bid"
    assert results[0].lost is not None
    assert (CLOSED_EARLY, False) == (results[0].lost.detail, results[0].delivered)


async def test_a_cut_ping_that_was_written_is_a_timeout_and_hangs_up() -> None:
    async def waits(line: Line) -> None:
        await line.request()
        await line.buyer.go_on.wait()
        await line.say(reply(b"bid"))
        await line.request()

    async with raw_buyer(silent) as slow, raw_buyer(waits) as fast, courier_for() as courier:
        calls = [ping(slow.url(), key="slow"), ping(fast.url(), key="fast")]
        running = asyncio.ensure_future(
            courier.fan_out(calls, courier.clock.monotonic() + 5, lambda index, result: index == 1)
        )
        await until(slow.heard)
        fast.go_on.set()
        results = await running
        await until_hung_up(slow)

    assert Lost(Loss.TIMEOUT, CLOSED_EARLY) == results[0].lost


async def until_hung_up(buyer: RawBuyer) -> None:
    await asyncio.wait_for(buyer.hung_up.wait(), 5)


async def test_a_mistake_in_the_listener_is_raised_and_nothing_is_left_running() -> None:
    def broken(index: int, result: Result) -> bool:
        raise LookupError("a mistake")

    async with raw_buyer(says(reply())) as buyer, courier_for() as courier:
        with pytest.raises(LookupError):
            await courier.fan_out([ping(buyer.url()) for _ in range(3)], courier.clock.monotonic() + 5, broken)

        assert (await hold(courier, ping(buyer.url()))).answer.status == 200


async def test_no_calls_give_no_results() -> None:
    async with courier_for() as courier:
        assert [] == await courier.fan_out([], courier.clock.monotonic() + 1)


async def test_one_buyer_never_has_more_connections_than_its_pool() -> None:
    async def slow(line: Line) -> None:
        while True:
            await line.request()
            if len(line.buyer.requests) >= limits.POOL_PER_BUYER:
                line.buyer.go_on.set()
            await line.buyer.go_on.wait()
            await line.say(reply())

    async with raw_buyer(slow) as buyer, courier_for() as courier:
        results = await courier.fan_out(
            [ping(buyer.url()) for _ in range(limits.POOL_PER_BUYER + 40)], courier.clock.monotonic() + 10
        )

    assert all(result.answer is not None for result in results)
    assert limits.POOL_PER_BUYER == buyer.most_at_once


async def test_a_full_pool_loses_what_waits_and_leaves_other_buyers_alone() -> None:
    async with raw_buyer(silent) as hog, raw_buyer(says(reply())) as other, courier_for() as courier:
        calls = [ping(hog.url(), key="hog") for _ in range(limits.POOL_PER_BUYER + limits.POOL_WAITING)]
        results = await courier.fan_out([*calls, ping(other.url(), key="other")], courier.clock.monotonic() + 1)

    assert results[-1].answer.status == 200
    assert {Loss.TIMEOUT, Loss.POOL} == {why(result) for result in results[:-1]}


async def test_posts_go_before_pings_when_connections_are_short() -> None:
    async def serve(line: Line) -> None:
        while True:
            await line.request()
            if len(line.buyer.requests) >= limits.POOL_PER_BUYER:
                line.buyer.heard.set()
            else:
                line.buyer.heard.clear()
            await line.buyer.go_on.wait()
            await line.say(reply())

    async with raw_buyer(serve) as buyer, courier_for() as courier:
        pings = [ping(buyer.url()) for _ in range(limits.POOL_PER_BUYER + 100)]
        running = asyncio.ensure_future(courier.fan_out(pings, courier.clock.monotonic() + 10))
        await until(buyer.heard)
        posting = asyncio.ensure_future(hold(courier, post(buyer.url(), b"the post")))
        await asyncio.wait({posting}, timeout=0)
        buyer.go_on.set()
        await posting
        await running

    place = next(i for i, request in enumerate(buyer.requests) if request.endswith(b"the post"))
    assert place <= limits.POOL_PER_BUYER + 1


def steps(url: str, heard: list[str]) -> Generator[HttpMessage, Reply, str]:
    token = yield HttpMessage("GET", f"{url}/token", delivers=False)
    heard.append("token")
    answer = yield HttpMessage("POST", f"{url}/post", {"X-Token": token.body.decode()}, b"lead", True)
    return answer.body.decode()


async def test_the_attempt_is_marked_before_the_first_byte_of_the_lead() -> None:
    order: list[str] = []

    async def mark() -> None:
        order.append(f"marked after {len(buyer.requests)}")

    async with raw_buyer(says(reply(b"t0k3n"))) as buyer, courier_for() as courier:
        call = Call("acme", steps(buyer.url(""), order), True, mark)
        result = await hold(courier, call)

    assert ("t0k3n", True, 2) == (result.answer, result.delivered, len(result.records))
    assert ["token", "marked after 1"] == order
    assert b"X-Token: t0k3n" in buyer.requests[1]


async def test_an_attempt_that_cannot_be_marked_sends_no_lead() -> None:
    async def mark() -> None:
        raise OSError("disk full")

    async with raw_buyer(says(reply())) as buyer, courier_for() as courier:
        result = await hold(courier, post(buyer.url(), before_delivery=mark))

    assert (Loss.DEADLINE_BEFORE, False, []) == (why(result), result.delivered, buyer.requests)


async def test_a_loss_before_the_delivering_message_delivered_nothing() -> None:
    async with raw_buyer(silent) as buyer, courier_for() as courier:
        result = await hold(courier, Call("acme", steps(buyer.url(""), []), True), 0.2)

    assert (Loss.TIMEOUT, False) == (why(result), result.delivered)


async def test_a_post_goes_on_to_its_end_when_its_caller_leaves() -> None:
    ended: list[str] = []

    def conversation(url: str) -> Generator[HttpMessage, Reply, str]:
        answer = yield HttpMessage("POST", url, {}, b"lead", True)
        ended.append(answer.body.decode())
        return "done"

    async def serve(line: Line) -> None:
        await line.request()
        await line.buyer.go_on.wait()
        await line.say(reply(b"accepted"))

    async with raw_buyer(serve) as buyer, courier_for() as courier:
        posting = asyncio.ensure_future(hold(courier, Call("acme", conversation(buyer.url()), True)))
        await until(buyer.heard)
        posting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await posting
        buyer.go_on.set()
        await courier.close()

    assert ["accepted"] == ended


async def test_a_ping_ends_when_its_caller_leaves() -> None:
    async with raw_buyer(silent) as buyer, courier_for() as courier:
        asking = asyncio.ensure_future(hold(courier, ping(buyer.url())))
        await until(buyer.heard)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await until_hung_up(buyer)

        assert {} == courier.left_behind


@pytest.mark.parametrize(
    "broken",
    [
        HttpMessage("POST", "http://127.0.0.1:1/", {"X": "a\r\nHost: evil.example"}, b"", True),
        HttpMessage("POST", "http://127.0.0.1:1/", {"X Y": "a"}, b"", True),
        HttpMessage("POST", "http://127.0.0.1:1/", {"Transfer-Encoding": "chunked"}, b"", True),
        HttpMessage("POST", "http://127.0.0.1:1/", {"content-length": "7"}, b"", True),
        HttpMessage("POST", "http://127.0.0.1:1/", {"X": "日本"}, b"", True),
        HttpMessage("CONNECT", "http://127.0.0.1:1/", {}, b"", True),
        HttpMessage("POST", "http://127.0.0.1:1/", {}, "text", True),  # type: ignore[arg-type] # what is tested
        "no message",
    ],
)
async def test_a_connector_that_writes_nonsense_fails_and_sends_nothing(broken: HttpMessage) -> None:
    async with courier_for() as courier:
        result = await hold(courier, Call("acme", one_message(broken), True))

    assert isinstance(result.error, BadReply)
    assert (False, ()) == (result.delivered, result.records)
    assert "127.0.0.1" not in result.error.why


async def test_a_connector_that_breaks_on_the_reply_is_a_bad_reply_and_its_lead_may_be_delivered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def breaks(url: str) -> Generator[HttpMessage, Reply, str]:
        yield HttpMessage("POST", url, {}, b"lead", True)
        raise KeyError("3125550142")

    async with raw_buyer(says(reply())) as buyer, courier_for() as courier:
        result = await hold(courier, Call("acme", breaks(buyer.url()), True))

    assert result.error is not None
    assert ("connector failed: KeyError", True) == (result.error.why, result.delivered)
    assert "KeyError at " in caplog.text and "3125550142" not in caplog.text


async def test_a_bad_reply_keeps_the_record_of_what_was_said() -> None:
    def picky(url: str) -> Generator[HttpMessage, Reply, str]:
        yield HttpMessage("POST", url, {}, b"lead", True)
        raise BadReply("no rule matched", unmapped=True)

    async with raw_buyer(says(reply(b"odd"))) as buyer, courier_for() as courier:
        result = await hold(courier, Call("acme", picky(buyer.url()), True))

    assert result.error is not None and result.error.unmapped
    record = result.records[0]
    assert isinstance(record.outcome, Reply)
    assert (b"odd", b"lead", f"127.0.0.1:{buyer.port}") == (
        record.outcome.body,
        record.message.shown().body,
        record.peer,
    )


async def test_a_conversation_without_end_is_ended() -> None:
    def chatters(url: str) -> Generator[HttpMessage, Reply, str]:
        while True:
            yield HttpMessage("POST", url, {}, b"", False)

    async with raw_buyer(says(reply())) as buyer, courier_for() as courier:
        result = await hold(courier, Call("acme", chatters(buyer.url()), False))

    assert isinstance(result.error, BadReply)
    assert limits.CONVERSATION_STEPS == len(buyer.requests)


async def test_a_buyer_that_is_down_is_left_alone_after_five_losses() -> None:
    async with raw_buyer(silent) as buyer:
        url = buyer.url()
    breaker = Breaker()
    async with courier_for(breaker=breaker) as courier:
        whys = [why(await hold(courier, ping(url))) for _ in range(limits.BREAKER_IN_A_ROW + 1)]
        state = breaker.state("acme", courier.clock.now())

    assert [Loss.CONNECT] * limits.BREAKER_IN_A_ROW + [Loss.BREAKER] == whys
    assert state.open and "5 lost connections in a row" in state.sentence


async def test_a_buyer_that_never_takes_the_connection_in_time_feeds_the_breaker() -> None:
    breaker = Breaker()

    async def hangs(host: str, port: int) -> list[str]:
        await asyncio.get_running_loop().create_future()
        return []

    async with courier_for(resolver=hangs, breaker=breaker) as courier:
        calls = [ping("http://acme.example/ping") for _ in range(limits.BREAKER_IN_A_ROW)]
        results = await courier.fan_out(calls, courier.clock.monotonic() + 0.1)

        assert {Loss.CONNECT} == {why(result) for result in results}
        assert breaker.state("acme", courier.clock.now()).open


async def test_cut_pings_say_nothing_about_a_buyer() -> None:
    async def bids_late(line: Line) -> None:
        await line.request()
        await line.pause(limits.BREAKER_FAIR_MS / 1000 + 0.1)
        await line.say(reply(b"bid"))

    breaker = Breaker()
    async with raw_buyer(bids_late) as fast, raw_buyer(silent) as slow, courier_for(breaker=breaker) as courier:
        calls = [ping(fast.url(), key="fast"), *(ping(slow.url(), key="slow") for _ in range(10))]
        results = await courier.fan_out(calls, courier.clock.monotonic() + 5, lambda index, result: index == 0)

        assert {Loss.TIMEOUT} == {why(result) for result in results[1:]}
        assert BreakerState(False, "") == breaker.state("slow", courier.clock.now())
        assert breaker.admit("slow", courier.clock.now(), delivers=False) is None
        assert breaker.latency_ms("slow") is None
        assert (breaker.latency_ms("fast") or 0) >= limits.BREAKER_FAIR_MS


async def test_of_many_calls_to_a_recovering_buyer_only_one_goes_as_probe() -> None:
    breaker = Breaker()
    async with raw_buyer(silent) as buyer, courier_for(breaker=breaker) as courier:
        for _ in range(limits.BREAKER_IN_A_ROW):
            breaker.lost("acme", courier.clock.now() - limits.BREAKER_PAUSE_MS, 1500, Loss.TIMEOUT)
        calls = [ping(buyer.url()) for _ in range(5)]
        results = await courier.fan_out(calls, courier.clock.monotonic() + 0.3)

        assert [Loss.TIMEOUT] + [Loss.BREAKER] * 4 == [why(result) for result in results]
        assert breaker.state("acme", courier.clock.now() + limits.BREAKER_PAUSE_MS).open

    assert buyer.connections == 1
