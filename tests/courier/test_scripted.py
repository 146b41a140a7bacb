from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from exchange.clock import SimulatedClock
from exchange.connector import BadReply
from exchange.courier.breaker import Breaker
from exchange.courier.courier import CLOSED_EARLY, Call, Result
from exchange.courier.scripted import Delay, RoutedCourier, ScriptedCourier, by_url
from exchange.model.wire import HttpMessage, Loss, Lost, Reply
from tests.courier.rawbuyer import courier_for, ping, post, raw_buyer, reply, says, silent

YES = Reply(200, {}, b"yes")


def token_then_post() -> Generator[HttpMessage, Reply, str]:
    token = yield HttpMessage("GET", "http://simulated.invalid/token", delivers=False)
    answer = yield HttpMessage("POST", "http://simulated.invalid/post", {"X-Token": token.body.decode()}, b"lead")
    return answer.body.decode()


def scripted(**scripts: Reply | Lost | Delay) -> ScriptedCourier:
    told = {
        f"http://simulated.invalid/{name}": (lambda message, outcome=outcome: outcome)
        for name, outcome in scripts.items()
    }
    return ScriptedCourier(by_url(told), SimulatedClock(), keep=True)


async def test_a_conversation_is_answered_from_the_script_and_recorded() -> None:
    courier = scripted(token=Reply(200, {}, b"t1"), post=Delay(250, YES))
    began = courier.clock.monotonic()

    result = await courier.converse(Call("acme", token_then_post(), True), began + 1)

    assert ("yes", True, 200, 250) == (result.answer, result.delivered, result.status, result.took_ms)
    assert [0, 250] == [record.took_ms for record in result.records]
    assert {"X-Token": "t1"} == courier.messages[1].headers
    assert 0.25 == pytest.approx(courier.clock.monotonic() - began)


async def test_time_moves_to_each_answer_in_turn_and_never_past_the_deadline() -> None:
    courier = scripted(a=Delay(300, YES), b=Delay(100, YES), c=Delay(60_000, YES))
    began = courier.clock.monotonic()
    heard: list[tuple[int, int]] = []

    def on_result(index: int, result: Result) -> bool:
        heard.append((index, round((courier.clock.monotonic() - began) * 1000)))
        return False

    results = await courier.fan_out([ping(f"http://simulated.invalid/{x}") for x in "abc"], began + 2, on_result)

    assert [(1, 100), (0, 300), (2, 2000)] == heard
    assert [None, None, Loss.TIMEOUT] == [result.lost and result.lost.why for result in results]


async def test_with_a_breaker_who_does_not_answer_is_left_alone() -> None:
    clock, breaker = SimulatedClock(), Breaker()
    courier = ScriptedCourier(lambda message: Delay(60_000, YES), clock, breaker=breaker)
    calls = [await courier.converse(ping("http://simulated.invalid/a"), clock.monotonic() + 1) for _ in range(7)]

    assert [Loss.TIMEOUT] * 5 + [Loss.BREAKER] * 2 == [result.lost.why for result in calls if result.lost is not None]
    assert breaker.state("acme", clock.now()).open


async def test_an_early_close_cuts_the_later_answers() -> None:
    courier = scripted(a=Delay(300, YES), b=Delay(100, YES))
    began = courier.clock.monotonic()

    results = await courier.fan_out(
        [ping("http://simulated.invalid/a"), ping("http://simulated.invalid/b")], began + 2, lambda index, result: True
    )

    assert Lost(Loss.TIMEOUT, CLOSED_EARLY) == results[0].lost
    assert YES == results[1].answer
    assert 0.1 == pytest.approx(courier.clock.monotonic() - began)


@pytest.mark.parametrize(
    ("outcome", "delivered"),
    [(Lost(Loss.CONNECT), False), (Lost(Loss.TLS), False), (Lost(Loss.RESET), True), (Lost(Loss.TRUNCATED), True)],
)
async def test_a_scripted_loss_delivers_what_a_real_one_would(outcome: Lost, delivered: bool) -> None:
    courier = scripted(post=outcome)

    result = await courier.converse(post("http://simulated.invalid/post"), courier.clock.monotonic() + 1)

    assert (outcome, delivered) == (result.lost, result.delivered)


async def test_the_attempt_is_marked_before_the_script_hears_of_the_lead() -> None:
    courier = scripted(token=YES, post=YES)
    heard: list[int] = []

    async def mark() -> None:
        heard.append(len(courier.messages))

    await courier.converse(Call("acme", token_then_post(), True, mark), courier.clock.monotonic() + 1)

    assert [1] == heard


async def test_an_address_nobody_scripted_refuses_the_connection() -> None:
    courier = scripted(post=YES)

    result = await courier.converse(post("http://simulated.invalid/other"), courier.clock.monotonic() + 1)

    assert result.lost is not None and result.lost.why is Loss.CONNECT


async def test_a_deadline_already_past_asks_nobody() -> None:
    courier = scripted(post=YES)

    result = await courier.converse(post("http://simulated.invalid/post"), courier.clock.monotonic())

    assert result.lost is not None and result.lost.why is Loss.DEADLINE_BEFORE
    assert [] == courier.messages


def inside(call: Call) -> Call:
    """The same call, to a buyer inside the exchange."""
    return call._replace(simulated=True)


def at_once() -> Generator[HttpMessage, Reply, str]:
    yield from ()
    return "said nothing"


def broken() -> Generator[HttpMessage, Reply, str]:
    yield from ()
    raise BadReply("no credentials")


async def test_simulated_calls_go_to_the_script_and_the_rest_over_the_wire() -> None:
    async with raw_buyer(says(reply(b"real"))) as buyer, courier_for() as real:
        simulated = ScriptedCourier(lambda message: YES, real.clock, keep=True)
        courier = RoutedCourier(simulated, real)
        calls = [
            inside(ping("http://simulated.invalid/a")),
            ping(buyer.url()),
            inside(Call("acme", token_then_post(), True)),
            Call("acme", at_once(), False),
            Call("acme", broken(), False),
        ]
        results = await courier.fan_out(calls, real.clock.monotonic() + 5)
        alone = await courier.converse(ping(buyer.url()), real.clock.monotonic() + 5)

    assert (b"yes", b"real", "yes") == (results[0].answer.body, results[1].answer.body, results[2].answer)
    assert "said nothing" == results[3].answer
    assert results[4].error is not None and results[4].error.why == "no credentials"
    assert b"real" == alone.answer.body
    assert ["http://simulated.invalid/a", "http://simulated.invalid/post", "http://simulated.invalid/token"] == sorted(
        message.url for message in simulated.messages
    )


async def test_an_early_close_ends_both_halves() -> None:
    async with raw_buyer(silent) as slow, courier_for() as real:
        courier = RoutedCourier(ScriptedCourier(lambda message: YES, real.clock), real)
        began = real.clock.monotonic()
        results = await courier.fan_out(
            [ping(slow.url()), inside(ping("http://simulated.invalid/a"))], began + 5, lambda index, result: index == 1
        )

    assert real.clock.monotonic() - began < 2
    assert results[0].lost is not None and results[0].lost.detail == CLOSED_EARLY
    assert YES == results[1].answer


async def test_a_connector_of_several_steps_is_the_same_on_both_couriers() -> None:
    def conversation(url: str) -> Generator[HttpMessage, Reply, bytes]:
        first = yield HttpMessage("POST", url, {}, b"1", False)
        second = yield HttpMessage("POST", url, {}, b"2")
        return first.body + second.body

    async with raw_buyer(says(reply(b"x"))) as buyer, courier_for() as real:
        script = ScriptedCourier(lambda message: Reply(200, {}, b"x"), real.clock)
        over_wire = await real.converse(Call("a", conversation(buyer.url()), True), real.clock.monotonic() + 5)
        told = await script.converse(
            Call("a", conversation("http://simulated.invalid/a"), True), real.clock.monotonic() + 5
        )

    assert (over_wire.answer, over_wire.delivered, len(over_wire.records)) == (b"xx", True, 2)
    assert (told.answer, told.delivered, len(told.records)) == (b"xx", True, 2)


async def test_a_call_to_a_simulated_buyer_never_leaves_whatever_its_address() -> None:
    async with raw_buyer(says(reply(b"real"))) as buyer, courier_for() as real:
        courier = RoutedCourier(ScriptedCourier(lambda message: YES, real.clock), real)
        results = await courier.fan_out([inside(ping(buyer.url()))], real.clock.monotonic() + 5)
        result = await courier.converse(inside(ping(buyer.url())), real.clock.monotonic() + 5)

    assert (YES, YES) == (results[0].answer, result.answer)


async def test_a_courier_that_is_not_told_to_keep_messages_forgets_them() -> None:
    courier = ScriptedCourier(lambda message: YES)

    await courier.converse(ping("http://simulated.invalid/a"), courier.clock.monotonic() + 1)

    assert [] == courier.messages


async def test_conversations_beside_each_other_take_as_long_as_the_longest() -> None:
    courier = scripted(token=Reply(200, {}, b"t1"), post=Delay(250, YES), other=Delay(100, YES))
    began = courier.clock.monotonic()

    def other() -> Generator[HttpMessage, Reply, str]:
        return (yield HttpMessage("POST", "http://simulated.invalid/other")).body.decode()

    calls = Call("acme", token_then_post(), True), Call("birch", other(), True)
    results = await asyncio.gather(*(courier.converse(call, began + 1) for call in calls))

    assert [250, 100] == [result.took_ms for result in results]
    assert 0.25 == pytest.approx(courier.clock.monotonic() - began)
