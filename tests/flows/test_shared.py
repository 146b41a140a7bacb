"""Leads sold more than once: up to their slots, to each company once, and only as far as that brings more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exchange.flows.watch import watch
from exchange.model.party import Payout, SaleMode, Strategy
from tests.flows.lab import HUNG_UP, UNREACHABLE, attempts, owed, ping, post, post_on, spent, tiers, told_about
from tests.market import REFUSED, Exchange, buying, contract, selling, usd


async def market(exchange: Exchange, *names: str, slots: int = 3, **changes: Any) -> None:
    """Buyers of shared leads that bid 20, 19, 18 … in the order they are named."""
    for place, name in enumerate(names):
        await exchange.add(*buying(name, sale_mode=SaleMode.SHARED, **changes))
        exchange.buyers.bids(name, f"{20 - place}.00")
    await exchange.add(*selling("cedar", slots=slots))


async def sold_to(exchange: Exchange) -> list[str]:
    return [row["buyer_id"] for row in await exchange.rows("SELECT buyer_id FROM sales ORDER BY price_units DESC")]


async def test_the_best_bids_fill_the_slots(either: Exchange) -> None:
    await market(either, "acme", "birch", "cobalt", "delta")
    posted = await post(either)

    assert (3, False, "45.60") == (posted["times_sold"], posted["exclusive"], posted["price"])
    assert ["acme", "birch", "cobalt"] == await sold_to(either)
    assert "45.60" == await owed(either)
    assert [] == either.buyers.posts("delta")


@pytest.mark.parametrize("refuses", ["acme", "birch", "cobalt"])
async def test_a_slot_that_was_refused_goes_to_the_next(either: Exchange, refuses: str) -> None:
    await market(either, "acme", "birch", "cobalt", "delta")
    either.buyers.answers_posts(refuses, REFUSED)
    posted = await post(either)

    assert 3 == posted["times_sold"]
    assert [name for name in ("acme", "birch", "cobalt", "delta") if name != refuses] == await sold_to(either)
    sold = [row["slot"] for row in await attempts(either) if row["state"] == "accepted"]
    assert [1, 2, 3] == sorted(sold)


async def test_all_slots_refused_one_after_another(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch", "cobalt", "delta", "ember", slots=2)
    for name in ("acme", "birch", "cobalt"):
        exchange.buyers.answers_posts(name, REFUSED)
    exchange.buyers.answers_posts("delta", UNREACHABLE)
    posted = await post(exchange)

    assert ("accepted", 1) == (posted["status"], posted["times_sold"])
    assert ["ember"] == await sold_to(exchange)


async def test_an_unclear_post_uses_up_a_slot_and_its_leg(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch", "cobalt", slots=2)
    exchange.buyers.answers_posts("acme", HUNG_UP)
    posted = await post(exchange)

    assert ("accepted", 1) == (posted["status"], posted["times_sold"])
    assert {"acme": ("unclear", "post_unreadable"), "birch": ("accepted", None)} == await told_about(exchange)


async def test_only_unclear_posts_leave_the_lead_queued(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch", "cobalt", slots=2)
    exchange.buyers.answers_posts("acme", HUNG_UP)
    exchange.buyers.answers_posts("birch", HUNG_UP)
    posted = await post(exchange)

    assert (202, "queued", "outcome_unclear") == (posted.status_code, *posted.told)
    assert [] == exchange.buyers.posts("cobalt")


async def test_a_company_gets_a_lead_once_whoever_sells_it_on(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch", leg="globex")
    await exchange.add(*buying("cobalt", sale_mode=SaleMode.SHARED))
    exchange.buyers.bids("cobalt", "5.00")
    posted = await post(exchange)

    assert 2 == posted["times_sold"]
    assert ["acme", "cobalt"] == await sold_to(exchange)


async def test_a_leg_that_refused_through_one_contract_may_be_had_through_another(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch", leg="globex")
    exchange.buyers.answers_posts("acme", REFUSED)
    await post(exchange)

    assert ["birch"] == await sold_to(exchange)


async def test_leftovers_take_what_no_other_shared_bid_wants(exchange: Exchange) -> None:
    await exchange.add(*buying("ember", sale_mode=SaleMode.LEFTOVER))
    exchange.buyers.bids("ember", "50.00")
    await market(exchange, "acme", "birch", slots=3)
    await post(exchange)

    assert {"acme", "birch", "ember"} == set(await sold_to(exchange))


async def test_a_leftover_stays_out_while_others_fill_the_slots(exchange: Exchange) -> None:
    await exchange.add(*buying("ember", sale_mode=SaleMode.LEFTOVER))
    exchange.buyers.bids("ember", "50.00")
    await market(exchange, "acme", "birch", slots=2)
    await post(exchange)

    assert ["acme", "birch"] == await sold_to(exchange)


@pytest.mark.parametrize(
    ("exclusive", "buyers"), [("40.00", ["acme", "birch", "cobalt"]), ("57.00", ["flint"]), ("58.00", ["flint"])]
)
async def test_the_larger_sum_decides_between_exclusive_and_shared(
    exchange: Exchange, exclusive: str, buyers: list[str]
) -> None:
    await market(exchange, "acme", "birch", "cobalt")
    await exchange.add(*buying("flint"))
    exchange.buyers.bids("flint", exclusive)
    posted = await post(exchange)

    assert buyers == await sold_to(exchange)
    assert (buyers == ["flint"]) == posted["exclusive"]


async def test_when_the_exclusive_winner_refuses_the_lead_is_shared(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch", slots=2)
    await exchange.add(*buying("flint"))
    exchange.buyers.bids("flint", "50.00")
    exchange.buyers.answers_posts("flint", REFUSED)
    posted = await post_on(exchange, await ping(exchange))

    assert (2, False) == (posted["times_sold"], posted["exclusive"])
    assert ["acme", "birch"] == await sold_to(exchange)


async def test_when_all_sharers_refuse_it_may_still_go_exclusively(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch", slots=2)
    await exchange.add(*buying("flint"))
    exchange.buyers.bids("flint", "30.00")
    exchange.buyers.answers_posts("acme", REFUSED)
    exchange.buyers.answers_posts("birch", REFUSED)
    posted = await post(exchange)

    assert (1, True) == (posted["times_sold"], posted["exclusive"])
    assert ["flint"] == await sold_to(exchange)


async def test_an_unclear_exclusive_post_ends_the_sale(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch", slots=2)
    await exchange.add(*buying("flint"))
    exchange.buyers.bids("flint", "50.00")
    exchange.buyers.answers_posts("flint", HUNG_UP)

    assert ("queued", "outcome_unclear") == (await post(exchange)).told
    assert [] == [*exchange.buyers.posts("acme"), *exchange.buyers.posts("birch")]


async def test_a_contract_that_buys_either_way_bids_both_prices(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", sale_mode=SaleMode.EITHER, price=usd("22"), shared_price=usd("15")))
    await exchange.add(*buying("birch", sale_mode=SaleMode.SHARED, price=usd("12")), *selling("cedar", slots=2))
    posted = await post(exchange)

    assert (2, "21.60") == (posted["times_sold"], posted["price"])
    assert ("15.00", "12.00") == (await spent(exchange, "acme"), await spent(exchange, "birch"))


async def test_slots_left_by_one_tier_are_filled_by_the_next(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", sale_mode=SaleMode.SHARED), *buying("birch", sale_mode=SaleMode.SHARED, tier=2))
    await exchange.add(*selling("cedar", slots=2, tiers=tiers(Strategy.HIGHEST_PRICE, Strategy.HIGHEST_PRICE)))
    posted = await post(exchange)

    assert 2 == posted["times_sold"]
    assert [1, 2] == [row["slot"] for row in await attempts(exchange)]


async def test_a_fixed_payout_is_earned_on_every_sale(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch", slots=2)
    await exchange.add(*selling("cedar", slots=2, payout=Payout(usd("5"))))
    posted = await post(exchange)

    assert ("10.00", "10.00") == (posted["price"], await owed(exchange))


async def test_a_campaign_of_exclusive_leads_shares_none(exchange: Exchange) -> None:
    await market(exchange, "acme", "birch", slots=3)
    await exchange.add(*selling("cedar", slots=3, exclusive_only=True))

    assert ("unsold", "no_eligible_buyer") == (await post(exchange)).told


async def test_who_watches_reads_once_who_bought_for_two_of_its_companies(exchange: Exchange) -> None:
    await market(exchange, "acme", slots=2)
    await exchange.add(replace(contract("birch", sale_mode=SaleMode.SHARED), buyer_id="acme"))
    await post(exchange)

    assert 2 == await exchange.count("sales")
    assert ("Acme",) == (await anext(watch(exchange.market, last=1))).buyers
