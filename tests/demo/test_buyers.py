"""The demo's buyers answer real HTTP in their dialects, the same way for the same lead."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
import pytest
from aiohttp import ClientError, ClientSession

from exchange.clock import SimulatedClock, SystemClock
from exchange.demo.buyers import DemoBuyers, read_fields
from exchange.demo.dialects import DIALECTS
from exchange.demo.personalities import Latency, Personality, Shaving, Trouble, react

AT_ONCE = Latency(median=0, p95=0)


def somebody(name: str, **changed: object) -> Personality:
    values: dict[str, object] = {
        "name": name,
        "port": 0,
        "dialect": "pairs",
        "reference_field": "order",
        "ping_field": "ping_id",
        "prefix": "X-",
        "bid_cents_least": 1_000,
        "bid_cents_most": 3_000,
        "bid_percent": 100,
        "accept_percent": 100,
        "latency_ms": AT_ONCE,
    }
    return Personality.model_validate(values | changed)


CAST = (
    *(somebody(f"yes_{name}", dialect=name) for name in DIALECTS),
    *(somebody(f"no_{name}", dialect=name, bid_percent=0, accept_percent=0) for name in DIALECTS),
    somebody("lossy", lost_percent=100),
    somebody("slow", latency_ms=Latency(median=900, p95=900)),
    somebody("lender", redirect="https://lender.example/next"),
)


@pytest.fixture
async def buyers() -> AsyncIterator[DemoBuyers]:
    running = DemoBuyers(CAST, seed=7, clock=SimulatedClock())
    await running.start()
    yield running
    await running.close()


async def send(buyers: DemoBuyers, name: str, stage: str, **fields: str) -> str:
    async with ClientSession() as session:
        reply = await session.post(f"{buyers.addresses[name]}/{stage}", data=fields)
        return await reply.text()


EXPECTED = {
    "boberdoo": ("<status>Matched</status>", "<status>Unmatched</status>"),
    "phonexa": ('"status":"continue"', '"status":"reject"'),
    "leadspedia": ('"result":"success"', '"result":"failed"'),
    "leadspedia_xml": ("<result>success</result>", "<result>failed</result>"),
    "leadexec": ("<isValidPing>true</isValidPing>", "<isValidPing>false</isValidPing>"),
    "px": ('"Success":true', '"Success":false'),
    "cake": ("<code>0</code>", "<code>1</code>"),
    "pairs": ("status=accept&", "status=reject&"),
}


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
async def test_a_ping_is_answered_in_the_words_of_its_dialect(buyers: DemoBuyers, dialect: str) -> None:
    yes, no = EXPECTED[dialect]

    assert yes in await send(buyers, f"yes_{dialect}", "ping", order="a1")
    assert no in await send(buyers, f"no_{dialect}", "ping", order="a1")


async def test_a_post_costs_what_the_ping_was_told(buyers: DemoBuyers) -> None:
    ping = dict(pair.split("=") for pair in (await send(buyers, "yes_pairs", "ping", order="a1")).split("&"))

    post = await send(buyers, "yes_pairs", "post", order="b2", ping_id=ping["ping_id"])

    assert f"price={ping['price']}" in post


async def test_a_repeated_post_is_one_lead(buyers: DemoBuyers) -> None:
    first = await send(buyers, "yes_pairs", "post", order="a1")

    assert first == await send(buyers, "yes_pairs", "post", order="a1")
    assert {"a1"} == buyers.taken("yes_pairs")


async def test_a_lost_answer_still_took_the_lead_and_asking_tells(buyers: DemoBuyers) -> None:
    with pytest.raises(ClientError):
        await send(buyers, "lossy", "post", order="a1")

    assert {"a1"} == buyers.taken("lossy")
    assert "status=accept" in await send(buyers, "lossy", "ask", order="a1")
    assert "status=reject" in await send(buyers, "lossy", "ask", order="never-sent")


async def test_a_refused_post_takes_nothing(buyers: DemoBuyers) -> None:
    assert "status=reject" in await send(buyers, "no_pairs", "post", order="a1")
    assert frozenset() == buyers.taken("no_pairs")


async def test_answers_take_their_time_on_the_clock_handed_in() -> None:
    clock = SimulatedClock(0)
    slow = DemoBuyers([somebody("slow", latency_ms=Latency(median=900, p95=900))], seed=7, clock=clock)
    await slow.start()
    try:
        await send(slow, "slow", "ping", order="a1")
    finally:
        await slow.close()

    assert clock.now() == 900


async def test_a_hurried_buyer_never_moves_the_clock() -> None:
    clock = SimulatedClock(0)
    cast = [somebody("silent", silent_percent=100), somebody("slow", latency_ms=Latency(median=900, p95=900))]
    hurried = DemoBuyers(cast, seed=7, clock=clock, hurry=True)
    await hurried.start()
    try:
        await send(hurried, "slow", "ping", order="a1")
        with pytest.raises(ClientError):
            await send(hurried, "silent", "post", order="a1")
    finally:
        await hurried.close()

    assert clock.now() == 0
    assert {"a1"} == hurried.taken("silent")


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"<a><b></a>", b"{", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'])
async def test_any_body_gets_an_answer(buyers: DemoBuyers, body: bytes) -> None:
    async with ClientSession() as session:
        for kind in ("application/json", "text/xml", "application/x-www-form-urlencoded"):
            reply = await session.post(
                f"{buyers.addresses['yes_pairs']}/ping", data=body, headers={"Content-Type": kind}
            )
            assert reply.status == 200


def test_the_same_lead_meets_the_same_buyer_again_and_another_seed_another() -> None:
    who = somebody("bid", bid_percent=60, accept_percent=70)
    tokens = [f"ref-{number}" for number in range(50)]

    assert [react(who, 7, "ping", t, 0.0) for t in tokens] == [react(who, 7, "ping", t, 0.0) for t in tokens]
    assert [react(who, 7, "ping", t, 0.0) for t in tokens] != [react(who, 8, "ping", t, 0.0) for t in tokens]


def test_bids_stay_in_their_range_and_come_about_as_often_as_said() -> None:
    who = somebody("bid", bid_percent=60)

    cents = [react(who, 1, "ping", f"ref-{number}", 0.0).cents for number in range(2_000)]

    made = [each for each in cents if each]
    assert 1_100 <= len(made) <= 1_300
    assert all(1_000 <= each <= 3_000 for each in made)


def test_trouble_starts_when_it_is_due() -> None:
    who = somebody("sunpath", troubles=(Trouble(after_s=15, latency_ms=1_200), Trouble(after_s=40)))

    assert react(who, 1, "ping", "a", 14.9).latency_ms == 0
    assert react(who, 1, "ping", "a", 15.0).latency_ms == 1_200
    assert react(who, 1, "ping", "a", 39.0).answers
    assert not react(who, 1, "ping", "a", 40.0).answers


def test_nested_requests_are_read_by_last_name() -> None:
    soap = b'<s:Envelope xmlns:s="urn:s"><s:Body><Lead xmlns="urn:l"><Zip>85016</Zip></Lead></s:Body></s:Envelope>'

    assert read_fields("application/json", orjson.dumps({"Contact": {"Zip": "85016"}, "n": 1})) == {
        "Zip": "85016",
        "n": "1",
    }
    assert read_fields("text/xml", soap) == {"Zip": "85016"}
    assert read_fields("application/x-www-form-urlencoded", b"zip=85016&x=") == {"zip": "85016", "x": ""}


async def test_a_system_clock_serves_as_well() -> None:
    running = DemoBuyers([somebody("now")], seed=1, clock=SystemClock())
    await running.start()
    try:
        assert "status=accept" in await send(running, "now", "ping", order="a1")
    finally:
        await running.close()
    assert running.asked("now") == (1, 0)


def test_a_buyer_that_shaves_keeps_its_word_before_and_takes_less_since() -> None:
    who = somebody("sunpath", accept_percent=95, duplicate_percent=0)
    shaves = who.model_copy(update={"shaves": Shaving(days=7, accept_percent=60, duplicate_percent=100)})
    before, since = (
        [react(shaves, 7, "post", f"ref-{number}", days * 86_400.0) for number in range(400)] for days in (-7.1, -6.9)
    )
    assert [each.accepts for each in before] == [react(who, 7, "post", f"ref-{n}", 0.0).accepts for n in range(400)]
    assert 360 < sum(each.accepts for each in before) and 210 < sum(each.accepts for each in since) < 270
    assert not any(each.duplicate for each in before) and all(each.duplicate for each in since)
