"""The seller's deadline: one, passed down, and always answered within. No post is begun that cannot finish."""

from __future__ import annotations

from typing import Any

import pytest

from exchange import limits
from exchange.courier.scripted import Delay
from exchange.model.party import SaleMode, Strategy
from tests.flows.lab import ping, post, post_on, tiers, told_about
from tests.market import POST, REFUSED, SOLD, Exchange, bid, buying, selling, usd


def timed(timeout_ms: int) -> dict[str, str]:
    return {**POST, "timeout_ms": str(timeout_ms)}


async def market(exchange: Exchange, *names: str, **changes: Any) -> None:
    for place, name in enumerate(names):
        await exchange.add(*buying(name, **changes))
        exchange.buyers.bids(name, f"{30 - place}.00")
    await exchange.add(*selling("cedar"))


@pytest.mark.parametrize("ping_ms", [0, 200, 400, 600, 2_000])
@pytest.mark.parametrize("post_ms", [0, 200, 400, 600, 2_000])
async def test_the_answer_is_within_the_deadline_however_slow_the_buyers_are(
    exchange: Exchange, ping_ms: int, post_ms: int
) -> None:
    await market(exchange, "acme", "birch")
    for name in ("acme", "birch"):
        exchange.buyers.answers_pings(name, Delay(ping_ms, bid("30.00")))
        exchange.buyers.answers_posts(name, Delay(post_ms, REFUSED))
    began = exchange.clock.monotonic()
    answer = await post(exchange, timed(1_000))

    assert exchange.clock.monotonic() - began <= 1.0
    assert answer["status"] in ("unsold", "queued")


async def test_no_post_is_begun_that_cannot_finish(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch")
    exchange.buyers.answers_posts("acme", Delay(760, REFUSED))
    answer = await post(exchange, timed(1_000))

    assert ("unsold", "timeout") == answer.told
    assert [] == exchange.buyers.posts("birch")
    assert {"acme": ("rejected", "buyer_rejected")} == await told_about(exchange)


async def test_a_post_is_begun_while_it_can_finish(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch")
    exchange.buyers.answers_posts("acme", Delay(700, REFUSED))

    assert "accepted" == (await post(exchange, timed(1_000)))["status"]


async def test_a_post_that_outlasts_the_deadline_is_queued(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch")
    exchange.buyers.answers_posts("acme", Delay(5_000, SOLD))
    answer = await post(exchange, timed(1_000))

    assert (202, "queued", "outcome_unclear") == (answer.status_code, *answer.told)
    assert 1_000 - limits.ANSWER_RESERVE_MS == answer["took_ms"]


async def test_a_contract_may_have_less_time_than_the_seller(exchange: Exchange) -> None:
    await market(exchange, "acme", post_ms=500)
    exchange.buyers.answers_posts("acme", Delay(600, SOLD))

    assert 500 == (await post(exchange))["took_ms"]


async def test_pings_leave_time_for_the_post(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch")
    exchange.buyers.answers_pings("acme", Delay(10_000, bid("50.00")))
    answer = await post(exchange, timed(1_000))

    assert ("accepted", "23.20") == (answer["status"], answer["price"])


async def test_nobody_answers_the_ping_in_time(exchange: Exchange) -> None:
    await market(exchange, "acme")
    exchange.buyers.answers_pings("acme", Delay(10_000, bid("50.00")))

    assert ("unsold", "timeout") == (await ping(exchange)).told


async def test_an_auction_ends_as_soon_as_nobody_can_bid_more(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *buying("birch", max_bid=usd("40")), *selling("cedar"))
    exchange.buyers.answers_pings("acme", Delay(100, bid("41.00")))
    exchange.buyers.answers_pings("birch", Delay(900, bid("40.00")))
    answer = await post(exchange)

    assert ("accepted", 100) == (answer["status"], answer["took_ms"])


async def test_an_auction_waits_for_whoever_could_bid_more(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch")
    exchange.buyers.answers_pings("acme", Delay(100, bid("41.00")))
    exchange.buyers.answers_pings("birch", Delay(900, bid("42.00")))
    answer = await post(exchange)

    assert ("33.60", 900) == (answer["price"], answer["took_ms"])


async def test_who_was_cut_off_is_asked_when_the_winner_refuses(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *buying("birch", max_bid=usd("40")), *selling("cedar"))
    exchange.buyers.answers_pings("acme", Delay(100, bid("41.00")))
    exchange.buyers.answers_pings("birch", Delay(200, bid("40.00")))
    exchange.buyers.answers_posts("acme", REFUSED)

    assert ("accepted", None) == (await post(exchange)).told


async def test_shared_leads_wait_for_all_bids(exchange: Exchange) -> None:
    for name in ("acme", "birch"):
        await exchange.add(*buying(name, sale_mode=SaleMode.SHARED))
    await exchange.add(*selling("cedar", slots=2))
    exchange.buyers.answers_pings("acme", Delay(100, bid("59.00")))
    exchange.buyers.answers_pings("birch", Delay(300, bid("5.00")))

    assert 2 == (await post(exchange))["times_sold"]


async def test_a_tier_that_cannot_be_posted_to_any_more_is_not_asked(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *buying("birch", tier=2))
    await exchange.add(*selling("cedar", tiers=tiers(Strategy.HIGHEST_PRICE, Strategy.HIGHEST_PRICE)))
    exchange.buyers.answers_posts("acme", Delay(800, REFUSED))
    await post_on(exchange, await ping(exchange), timed(1_000))

    assert [] == exchange.buyers.pings("birch")
