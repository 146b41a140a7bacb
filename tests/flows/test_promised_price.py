"""What a seller was promised: kept by whoever buys in the end, down to break-even, and never to the house's loss."""

from __future__ import annotations

from exchange.model.party import Payout, SaleMode, Strategy
from tests.flows.lab import (
    Heard,
    owed,
    ping,
    post_on,
    spent,
    tiers,
    told_about,
)
from tests.market import REFUSED, Exchange, buying, reply, selling, usd


async def quoted(exchange: Exchange, runner_up: str, **terms: object) -> Heard:
    """Acme wins the ping at 30.00, which promises 24.00, and refuses the post."""
    await exchange.add(*buying("acme"), *buying("birch"), *selling("cedar", **terms))
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.bids("birch", runner_up)
    exchange.buyers.answers_posts("acme", REFUSED)
    return await ping(exchange)


async def test_the_runner_up_buys_and_the_seller_is_paid_what_was_promised(either: Exchange) -> None:
    posted = await post_on(either, await quoted(either, "26.00"))

    assert ("accepted", "24.00", None) == (posted["status"], posted["price"], posted["price_changed"])
    assert {"acme": ("rejected", "buyer_rejected"), "birch": ("accepted", None)} == await told_about(either)
    assert ("24.00", "26.00", "0.00") == (
        await owed(either),
        await spent(either, "birch"),
        await spent(either, "acme"),
    )


async def test_at_break_even_the_house_keeps_nothing(exchange: Exchange) -> None:
    posted = await post_on(exchange, await quoted(exchange, "24.00", min_margin=usd("1")))

    assert ("accepted", "24.00") == (posted["status"], posted["price"])


async def test_below_break_even_the_lead_is_unsold(exchange: Exchange) -> None:
    posted = await post_on(exchange, await quoted(exchange, "23.99"))

    assert "unsold" == posted["status"]
    assert [] == exchange.buyers.posts("birch")
    assert "0.00" == await owed(exchange)


async def test_a_campaign_that_allows_a_loss_keeps_its_promise_below_break_even(exchange: Exchange) -> None:
    posted = await post_on(exchange, await quoted(exchange, "10.00", allow_loss=True))

    assert ("accepted", "24.00") == (posted["status"], posted["price"])
    assert ("24.00", "10.00") == (await owed(exchange), await spent(exchange, "birch"))


async def test_a_lower_tier_keeps_the_promise_too(exchange: Exchange) -> None:
    exclusive, rest = tiers(Strategy.HIGHEST_PRICE, Strategy.HIGHEST_PRICE)
    await exchange.add(*buying("acme"), *buying("birch", tier=2), *buying("cobalt", tier=2))
    await exchange.add(*selling("cedar", tiers=(exclusive, rest)))
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.bids("birch", "25.00")
    exchange.buyers.bids("cobalt", "23.00")
    exchange.buyers.answers_posts("acme", REFUSED)
    exchange.buyers.answers_posts("birch", REFUSED)
    posted = await post_on(exchange, await ping(exchange))

    assert "unsold" == posted["status"]
    assert ([], 1) == (exchange.buyers.posts("cobalt"), len(exchange.buyers.posts("birch")))


async def test_a_buyer_that_takes_it_for_less_pays_less_and_the_seller_hears_of_it(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", lower_price="accept_lower"), *selling("cedar"))
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.answers_posts("acme", reply(status="sold", id="b1", price="20.00"))
    posted = await post_on(exchange, await ping(exchange))

    assert ("accepted", "16.00", True) == (posted["status"], posted["price"], posted["price_changed"])
    assert ("16.00", "20.00", "0.00") == (
        await owed(exchange),
        await spent(exchange, "acme"),
        (await exchange.balance("acme")).held.text,
    )


async def test_a_fixed_payout_above_a_lowered_price_is_cut_to_it(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", lower_price="accept_lower"))
    await exchange.add(*selling("cedar", payout=Payout(usd("18"))))
    exchange.buyers.answers_posts("acme", reply(status="sold", id="b1", price="15.00"))
    posted = await post_on(exchange, await ping(exchange))

    assert ("accepted", "15.00", True) == (posted["status"], posted["price"], posted["price_changed"])
    assert ("15.00", "15.00") == (await owed(exchange), await spent(exchange, "acme"))


async def test_a_lowered_price_is_a_refusal_unless_the_contract_says_otherwise(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *buying("birch"), *selling("cedar"))
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.answers_posts("acme", reply(status="sold", id="b1", price="20.00"))
    await post_on(exchange, await ping(exchange))

    assert {"acme": ("rejected", "price_lowered"), "birch": ("accepted", None)} == await told_about(exchange)


async def test_a_price_above_the_bid_costs_the_buyer_its_bid(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    exchange.buyers.answers_posts("acme", reply(status="sold", id="b1", price="45.00"))
    posted = await post_on(exchange, await ping(exchange))

    assert ("accepted", "20.00") == (posted["status"], posted["price"])
    assert "25.00" == await spent(exchange, "acme")


async def test_a_shared_promise_is_made_up_when_the_sales_bring_enough(either: Exchange) -> None:
    for name in ("acme", "birch", "cobalt"):
        await either.add(*buying(name, sale_mode=SaleMode.SHARED))
    await either.add(*selling("cedar", slots=2))
    for name, price in (("acme", "20.00"), ("birch", "18.00"), ("cobalt", "15.00")):
        either.buyers.bids(name, price)
    either.buyers.answers_posts("birch", REFUSED)
    pinged = await ping(either)
    posted = await post_on(either, pinged)

    assert ("30.40", "30.40", None) == (pinged["price"], posted["price"], posted["price_changed"])
    assert "30.40" == await owed(either)  # 16.00 and 12.00, and 2.40 to keep the promise
    assert ("20.00", "15.00") == (await spent(either, "acme"), await spent(either, "cobalt"))


async def test_a_shared_promise_is_not_made_up_at_a_loss(exchange: Exchange) -> None:
    for name in ("acme", "birch"):
        await exchange.add(*buying(name, sale_mode=SaleMode.SHARED))
    await exchange.add(*selling("cedar", slots=2))
    exchange.buyers.answers_posts("birch", REFUSED)
    pinged = await ping(exchange)
    posted = await post_on(exchange, pinged)

    assert ("40.00", "20.00", True) == (pinged["price"], posted["price"], posted["price_changed"])
