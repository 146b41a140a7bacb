"""In what order buyers are asked and chosen: tiers, each with its own strategy, and the reserve that all must reach."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from exchange.courier.scripted import Delay
from exchange.ids import SeededIds
from exchange.model.lead import Mode
from exchange.model.party import Cap, Payout, Strategy, Window
from tests.flows.lab import (
    UNREACHABLE,
    held,
    later,
    owed,
    person,
    ping,
    post,
    post_on,
    tier,
    tiers,
    told_about,
)
from tests.market import NO_BID, POST, REFUSED, Exchange, bid, buying, selling, usd

NAMES = ("acme", "birch", "cobalt")


async def market(exchange: Exchange, strategy: Strategy, prices: dict[str, str], **changes: Any) -> None:
    for place, (name, price) in enumerate(prices.items()):
        await exchange.add(*buying(name, priority=place, **changes))
        exchange.buyers.bids(name, price)
    await exchange.add(*selling("cedar", tiers=tiers(strategy)))


async def buyers_of(exchange: Exchange, leads: int, first: int = 0) -> list[str]:
    """Who bought each of so many leads."""
    found = []
    for number in range(first, first + leads):
        later(exchange, 1)
        answer = await post(exchange, person(number))
        rows = await exchange.rows("SELECT buyer_id FROM sales WHERE lead_id = :id", id=answer["lead_id"])
        found.append(rows[0]["buyer_id"] if rows else "nobody")
    return found


async def test_the_highest_price_wins(exchange: Exchange) -> None:
    await market(exchange, Strategy.HIGHEST_PRICE, {"acme": "10.00", "birch": "30.00", "cobalt": "20.00"})

    assert ["birch"] == await buyers_of(exchange, 1)


async def test_a_tie_falls_to_the_lower_priority_number(exchange: Exchange) -> None:
    await market(exchange, Strategy.HIGHEST_PRICE, {"birch": "30.00", "acme": "30.00"})

    assert ["birch"] == await buyers_of(exchange, 1)


async def test_priority_comes_before_price(exchange: Exchange) -> None:
    await market(exchange, Strategy.PRIORITY, {"acme": "10.00", "birch": "30.00"})

    assert ["acme"] == await buyers_of(exchange, 1)


async def test_a_waterfall_asks_one_after_another_and_stops_at_the_first_that_buys(exchange: Exchange) -> None:
    await market(exchange, Strategy.WATERFALL, {"acme": "10.00", "birch": "30.00", "cobalt": "40.00"})
    exchange.buyers.answers_pings("acme", NO_BID)

    assert ["birch"] == await buyers_of(exchange, 1)
    assert [1, 1, 0] == [len(exchange.buyers.pings(name)) for name in NAMES]


async def test_a_waterfall_goes_on_when_a_post_is_refused(exchange: Exchange) -> None:
    await market(exchange, Strategy.WATERFALL, {"acme": "10.00", "birch": "30.00"})
    exchange.buyers.answers_posts("acme", REFUSED)

    assert ["birch"] == await buyers_of(exchange, 1)


async def test_a_pinged_waterfall_goes_on_below_the_one_that_refused(exchange: Exchange) -> None:
    await market(exchange, Strategy.WATERFALL, {"acme": "10.00", "birch": "30.00", "cobalt": "40.00"})
    exchange.buyers.answers_posts("acme", REFUSED)
    posted = await post_on(exchange, await ping(exchange))

    assert ("accepted", "8.00") == (posted["status"], posted["price"])
    assert {"acme": ("rejected", "buyer_rejected"), "birch": ("accepted", None)} == await told_about(exchange)
    assert [1, 1, 0] == [len(exchange.buyers.pings(name)) for name in NAMES]


async def test_turns_are_taken_whatever_is_bid(either: Exchange) -> None:
    await market(either, Strategy.ROUND_ROBIN, {"acme": "10.00", "birch": "30.00", "cobalt": "20.00"})

    assert ["birch", "cobalt", "acme"] * 2 == await buyers_of(either, 6)


async def test_a_turn_is_not_lost_by_refusing_a_lead(exchange: Exchange) -> None:
    await market(exchange, Strategy.ROUND_ROBIN, {"acme": "10.00", "birch": "30.00"})
    exchange.buyers.answers_posts("birch", REFUSED)
    first = await buyers_of(exchange, 1)
    exchange.buyers.posts_answered.clear()

    assert (["acme"], ["birch", "acme"]) == (first, await buyers_of(exchange, 2, first=1))


async def test_weights_share_leads_out(exchange: Exchange) -> None:
    await market(exchange, Strategy.WEIGHTED, {"acme": "10.00", "birch": "10.00"})
    await exchange.add(*buying("birch", weight=3))
    exchange.market.live.served.clear()
    exchange.market = replace(exchange.market, ids=SeededIds(7))
    got = Counter(await buyers_of(exchange, 60))

    assert 60 == got.total()
    assert 9 <= got["acme"] <= 21


async def test_tiers_are_asked_in_order_each_in_its_own_way(exchange: Exchange) -> None:
    for name, number in (("acme", 1), ("birch", 2), ("cobalt", 2)):
        await exchange.add(*buying(name, tier=number, priority=number if name == "birch" else 9))
    await exchange.add(*selling("cedar", tiers=tiers(Strategy.HIGHEST_PRICE, Strategy.PRIORITY)))
    exchange.buyers.bids("cobalt", "50.00")
    exchange.buyers.answers_posts("acme", REFUSED)
    await post(exchange)

    assert {"acme": ("rejected", "buyer_rejected"), "birch": ("accepted", None)} == await told_about(exchange)


async def test_a_lower_tier_is_not_asked_while_the_upper_sells(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *buying("birch", tier=2))
    exchange.buyers.bids("birch", "50.00")
    await exchange.add(*selling("cedar", tiers=tiers(Strategy.HIGHEST_PRICE, Strategy.HIGHEST_PRICE)))

    assert ["acme"] == await buyers_of(exchange, 1)
    assert [] == exchange.buyers.pings("birch")


@pytest.mark.parametrize(
    ("terms", "fields", "price", "sold"),
    [
        ({"floor": usd("20")}, {}, "19.99", False),
        ({"floor": usd("20")}, {}, "20.00", True),
        ({}, {"min_price": "20.00"}, "24.99", False),
        ({}, {"min_price": "20.00"}, "25.00", True),
        ({"min_margin": usd("5")}, {}, "24.99", False),
        ({"min_margin": usd("5")}, {}, "25.00", True),
        ({"min_margin_bp": 2_500}, {}, "30.00", False),
        ({"payout": Payout(usd("10"))}, {}, "9.99", False),
        ({"payout": Payout(usd("10"))}, {"min_price": "10.01"}, "50.00", False),
        ({"payout": Payout(usd("10"), 5_000)}, {}, "20.00", True),
    ],
)
async def test_a_bid_must_reach_the_reserve(
    exchange: Exchange, terms: dict[str, Any], fields: dict[str, str], price: str, sold: bool
) -> None:
    await exchange.add(*buying("acme"), *selling("cedar", **terms))
    exchange.buyers.bids("acme", price)
    posted = await post(exchange, {**POST, **fields})

    assert (("accepted", None) if sold else ("unsold", "below_floor")) == posted.told


@pytest.mark.parametrize(
    ("payout", "earned"),
    [(Payout(usd("7")), "7.00"), (Payout(usd("0"), 8_000), "26.6667"), (Payout(usd("2"), 5_000), "18.6667")],
    ids=["fixed", "percent", "hybrid"],
)
async def test_what_the_seller_earns(exchange: Exchange, payout: Payout, earned: str) -> None:
    await exchange.add(*buying("acme"), *selling("cedar", payout=payout))
    exchange.buyers.bids("acme", "33.3334")
    posted = await post(exchange)

    assert (earned, earned) == (posted["price"], await owed(exchange))


async def test_a_fixed_price_needs_no_ping(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", price=usd("22")), *selling("cedar"))
    posted = await post_on(exchange, await ping(exchange))

    assert ("accepted", "17.60") == (posted["status"], posted["price"])
    assert [] == exchange.buyers.pings("acme")


async def test_a_full_cap_passes_the_lead_to_the_next(either: Exchange) -> None:
    await either.add(*buying("acme", caps=(Cap(Window.DAY, "count", 2),)), *buying("birch"), *selling("cedar"))
    either.buyers.bids("birch", "20.00")

    assert ["acme", "acme", "birch"] == await buyers_of(either, 3)


async def test_a_buyer_that_cannot_be_reached_passes_the_lead_to_the_next(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *buying("birch"), *selling("cedar"))
    exchange.buyers.bids("birch", "20.00")
    exchange.buyers.answers_posts("acme", UNREACHABLE)

    assert ["birch"] == await buyers_of(exchange, 1)
    assert "0.00" == await held(exchange, "acme")


async def test_a_buyer_without_money_is_not_asked(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", "30"), *selling("cedar"))

    assert ["acme", "nobody"] == await buyers_of(exchange, 2)
    assert 2 == len(exchange.buyers.pings("acme"))


async def test_test_leads_meet_simulated_buyers_only(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    tried = await post(exchange, mode=Mode.TEST)

    assert ("accepted", "20.00", True) == (tried["status"], tried["price"], tried["test"])
    assert ([], 0, 0) == (
        exchange.buyers.sent,
        await exchange.count("holds"),
        await exchange.count("sales WHERE mode = 'live'"),
    )


async def test_a_contract_whose_connection_is_gone_stops_nobody(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", connection="forgotten"), *buying("birch"), *selling("cedar"))

    assert ["birch"] == await buyers_of(exchange, 1)


async def test_a_tier_has_its_own_time_to_bid(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar", tiers=tier(Strategy.HIGHEST_PRICE, ping_ms=300)))
    exchange.buyers.answers_pings("acme", Delay(301, bid("30.00")))
    assert ("unsold", "timeout") == (await post(exchange)).told


async def test_at_second_price_the_winner_pays_what_the_next_would_have_and_its_ping_promises_that(
    exchange: Exchange,
) -> None:
    await market(exchange, Strategy.SECOND_PRICE, {"acme": "30.00", "birch": "24.00", "cobalt": "12.00"})

    pinged = await ping(exchange, person(1))
    sold = await post_on(exchange, pinged, person(1))
    exchange.buyers.bids("birch", None)
    exchange.buyers.bids("cobalt", None)
    alone = await post(exchange, person(2))

    assert ("19.20", "19.20") == (pinged["price"], sold["price"])
    assert "24.00" == alone["price"], "nobody else bids and there is no floor: it pays its own bid, 30.00"
    assert [240_000, 300_000] == [
        row["price_units"] for row in await exchange.rows("SELECT * FROM sales ORDER BY price_units")
    ]


async def test_a_tier_has_a_floor_of_its_own_and_may_be_the_last(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", tier=1), *buying("birch", tier=2))
    exchange.buyers.bids("acme", "20.00")
    exchange.buyers.bids("birch", "15.00")
    first, second = tiers(Strategy.HIGHEST_PRICE, Strategy.HIGHEST_PRICE)

    await exchange.add(*selling("cedar", tiers=(replace(first, floor=usd("25")), second)))
    assert ["acme"] == await buyers_of(exchange, 1)  # asked again with the tier below, whose floor it pays

    await exchange.add(*selling("cedar", tiers=(replace(first, floor=usd("25"), goes_on=False), second)))
    assert ["nobody"] == await buyers_of(exchange, 1, first=1)
    pinged = await ping(exchange, person(2))
    assert ("unsold", "below_floor") == pinged.told
