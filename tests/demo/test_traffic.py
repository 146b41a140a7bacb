"""The demo's sellers send by their habits, at their rate, and hear what became of each lead."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import ClientSession

from exchange.catalog import default_config, load_verticals
from exchange.clock import SimulatedClock
from exchange.demo.buyers import read_fields
from exchange.demo.homes import CityHomes
from exchange.demo.personalities import SellerHabits, read_cast
from exchange.demo.posting import encode, read_answer, send
from exchange.demo.traffic import Channel, Traffic, TrafficEvent
from exchange.fields.places import Places
from exchange.model.vertical import Presence
from tests.demo.api import running

VERTICALS = load_verticals(default_config())
SOLAR = VERTICALS["solar"]
HOMES = CityHomes(Places.load())
NOW = 1_795_021_200_000


def channel(name: str, **changed: object) -> Channel:
    values: dict[str, object] = {
        "campaign": name,
        "share": 1,
        "formats": ("json",),
        "calls": ("ping_post",),
        "sub_ids": {"a": 1},
        "states": {"AZ": 1},
        "landing_pages": ("https://page.example/",),
    }
    return Channel(name, name.title(), f"ck_live_{name}", SOLAR, SellerHabits.model_validate(values | changed))


def sells(call: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
    if call == "ping":
        return {"status": "accepted", "ping_id": "png_1", "price": "26.60", "currency": "USD"}
    return {"status": "accepted", "lead_id": "ld_1", "price": "26.60", "currency": "USD"}


def refuses(call: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
    return {"status": "invalid", "reason": "invalid", "errors": [{"field": "zip", "code": "pattern"}]}


async def traffic_of(url: str, channels: list[Channel], most: int, clock: SimulatedClock) -> list[TrafficEvent]:
    events: list[TrafficEvent] = []
    traffic = Traffic(url, channels, HOMES, seed=7, clock=clock, per_minute=60.0, on_event=events.append)
    await traffic.run(most)
    return events


async def test_a_ping_carries_nothing_personal_and_the_post_names_it() -> None:
    async with running(sells) as api:
        events = await traffic_of(api.url, [channel("acme")], 5, SimulatedClock(NOW))

    personal = {spec.name for spec in SOLAR.fields if spec.ping is Presence.ABSENT}
    pings = [fields for call, fields in api.calls if call == "ping"]
    posts = [fields for call, fields in api.calls if call == "post"]
    assert len(pings) == len(posts) == len(events) == 5
    assert not any(personal & set(fields) for fields in pings)
    assert {"png_1"} == {fields["ping_id"] for fields in posts}
    assert {"ck_live_acme"} == {fields["campaign_key"] for fields in (*pings, *posts)}
    assert {("accepted", "26.60", "ld_1")} == {(e.answer.status, e.answer.price, e.answer.lead_id) for e in events}


async def test_a_refused_ping_is_not_posted_and_its_wrong_fields_are_told() -> None:
    async with running(refuses) as api:
        events = await traffic_of(api.url, [channel("acme")], 3, SimulatedClock(NOW))

    assert ["ping"] * 3 == [call for call, _ in api.calls]
    assert {("zip",)} == {event.answer.wrong_fields for event in events}


async def test_formats_and_calls_rotate_by_habit() -> None:
    habits = channel("mixed", formats=("form", "json", "xml"), calls=("pingpost", "post"))
    async with running(sells) as api:
        await traffic_of(api.url, [habits], 12, SimulatedClock(NOW))

    assert Counter({"pingpost": 6, "post": 6}) == Counter(call for call, _ in api.calls)
    assert all(fields["zip"] and fields["phone"] for _, fields in api.calls)


async def test_shares_split_the_rate() -> None:
    channels = [channel("big", share=3, calls=("post",)), channel("small", share=1, calls=("post",))]
    clock = SimulatedClock(NOW)
    async with running(sells) as api:
        events = await traffic_of(api.url, channels, 200, clock)

    counts = Counter(event.campaign_id for event in events)
    assert counts["big"] == pytest.approx(150, abs=25)
    assert (clock.now() - NOW) / 60_000 == pytest.approx(200 / 60, rel=0.3)


async def test_a_pause_holds_the_next_lead_until_it_ends() -> None:
    events: list[TrafficEvent] = []
    async with running(sells) as api:
        clock = SimulatedClock(NOW)
        channels = [channel("acme", calls=("post",))]
        traffic = Traffic(api.url, channels, HOMES, seed=7, clock=clock, per_minute=60.0, on_event=events.append)
        traffic.pause()
        task = asyncio.create_task(traffic.run(3))
        async with ClientSession() as session:  # an answered request of our own: the loop has turned many times
            await send(session, f"{api.url}/api/v1/post", {"campaign_key": "x"}, "json")
        assert traffic.paused and [call for call, _ in api.calls] == ["post"]
        traffic.resume()
        await task

    assert len(events) == 3


async def test_an_exchange_that_is_away_is_an_answer_too() -> None:
    async with running(sells) as api:
        away = api.url
    events = await traffic_of(away, [channel("acme")], 2, SimulatedClock(NOW))

    assert {"unreachable"} == {event.answer.status for event in events}


@pytest.mark.parametrize("form", ["form", "json", "xml"])
def test_values_survive_every_format(form: str) -> None:
    fields = {"a": "x & y <z>", "b": "ä\u00a0", "c": "1=2&3"}
    body, kind = encode(fields, form)

    assert {name: text.strip() for name, text in read_fields(kind, body).items()} == {
        name: text.strip() for name, text in fields.items()
    }


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"status":"accepted","price":"26.60","lead_id":"ld_1"}'),
        (
            "application/xml",
            b"<response><status>accepted</status><price>26.60</price><lead_id>ld_1</lead_id></response>",
        ),
        ("application/x-www-form-urlencoded", b"status=accepted&price=26.60&lead_id=ld_1"),
    ],
)
def test_answers_are_read_in_every_format(kind: str, body: bytes) -> None:
    answer = read_answer(200, kind, body)

    assert (answer.status, answer.price, answer.lead_id) == ("accepted", "26.60", "ld_1")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"<a", b"\xff"])
@pytest.mark.parametrize("kind", ["application/json", "text/xml", "text/plain"])
def test_an_answer_that_makes_no_sense_is_unreadable(kind: str, body: bytes) -> None:
    assert read_answer(502, kind, body).status == "unreadable"


def test_the_cast_sends_in_all_formats_and_by_all_calls() -> None:
    sellers = read_cast(default_config() / "demo" / "cast.yaml").sellers

    assert {"form", "json", "xml"} == {form for seller in sellers for form in seller.formats}
    assert {"ping_post", "pingpost", "post"} == {call for seller in sellers for call in seller.calls}
    assert any(seller.mode == "test" for seller in sellers)
