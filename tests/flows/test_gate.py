"""A campaign's own caps, filters and redirects in the line: exact however many come at once."""

from __future__ import annotations

import asyncio

from exchange.flows.market import refresh
from exchange.flows.trail import read_trail
from exchange.model.party import Cap, Clause, Gate, Group, SaleMode, Window
from tests.flows.lab import post
from tests.market import REFUSED, SOLD, Exchange, buying, consumer, selling, usd


def gate(*caps: Cap, filters: Group | None = None) -> Gate:
    return Gate(caps=caps, filters=filters)


async def test_a_cap_is_never_passed_by_many_at_once_and_says_so_itself(either: Exchange) -> None:
    three = gate(Cap(Window.DAY, "count", 3))
    await either.add(*selling("cedar", gate=three), *buying("acme", "9000", price=usd("20")))

    answers = await asyncio.gather(*(post(either, consumer(number)) for number in range(1, 9)))

    assert 3 == sum(each["status"] == "accepted" for each in answers)
    assert {"cap_reached"} == {each["reason"] for each in answers if each["status"] != "accepted"}
    late = await post(either, consumer(50))
    assert ("rejected", ["The cap is 3 sales a day."]) == (late["status"], late["details"])
    row = (await either.rows("SELECT document FROM trails WHERE lead_id = :id", id=late["lead_id"]))[0]
    assert "The cap is 3 sales a day." in str(read_trail(bytes(row["document"]))["steps"])


async def test_money_caps_count_what_the_seller_earns(exchange: Exchange) -> None:
    some = gate(Cap(Window.WEEK, "money", 400_000))  # 40.00; each sale earns 16.00
    await exchange.add(*selling("cedar", gate=some), *buying("acme", "9000", price=usd("20")))

    told = [(await post(exchange, consumer(number)))["status"] for number in (1, 2, 3)]

    assert ["accepted", "accepted", "unsold"] == told


async def test_an_unsold_lead_gives_its_place_back(exchange: Exchange) -> None:
    one = gate(Cap(Window.DAY, "count", 1))
    await exchange.add(*selling("cedar", gate=one), *buying("acme", "9000", price=usd("20")))
    exchange.buyers.answers_posts("acme", REFUSED, SOLD)
    first = await post(exchange, consumer(1))
    await refresh(exchange.market)  # as it does every second

    second = await post(exchange, consumer(2))

    assert ("unsold", "accepted") == (first["status"], second["status"])


async def test_the_consumer_goes_where_the_campaign_says_when_no_buyer_does(exchange: Exchange) -> None:
    big = gate(filters=Group("all", (Clause("monthly_bill", "at_least", ("201",)),)))
    ways = {"redirect_sold": "https://thanks.example/", "redirect_unsold": "https://others.example/"}
    await exchange.add(*selling("cedar", **ways), *selling("birch", gate=big, **ways))
    await exchange.add(*buying("acme", "9000", price=usd("20"), sale_mode=SaleMode.EITHER))

    sold, refused = await post(exchange, consumer(1)), await post(exchange, consumer(2), seller="birch")

    assert ("https://thanks.example/", "https://others.example/") == (sold["redirect_url"], refused["redirect_url"])
    assert ["monthly_bill must be $201 or more, got $101 to $150."] == refused["details"]
    assert big == exchange.market.deals.campaigns["birch-solar"].gate
