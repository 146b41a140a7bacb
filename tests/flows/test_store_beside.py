"""The store beside the other ways a lead is sold: sent again, posted again, bought by two. One consumer, one sale."""

from __future__ import annotations

import asyncio

import pytest

from exchange.flows.resend import CannotResend, resend
from exchange.flows.shelf import list_unsold
from exchange.flows.store import CannotBuy, claim, confirm
from exchange.model.party import StoreRule
from tests.flows.lab import OPERATOR, post
from tests.flows.promises import broken
from tests.flows.test_deliver import run_for
from tests.flows.test_store import person
from tests.later_buyers import NO_SUCH, TAKEN, LaterBuyer, connect
from tests.market import Exchange, buying, consumer, selling, usd

RULE = StoreRule(usd("20"), (), days=3)


async def on_the_shelf(exchange: Exchange) -> tuple[str, str]:
    """A lead that birch's mail server refused and that is in the store, with the delivery that failed."""
    await exchange.add(
        *buying("birch", price=usd("30"), on_failure="unsold"),
        *buying("acme", connection="store"),
        *selling("cedar", store=RULE),
    )
    connect(exchange.market, birch=LaterBuyer("birch"))
    exchange.buyers.answers_posts("birch", NO_SUCH)
    await post(exchange, consumer(1))
    await run_for(exchange, 1, 1)
    exchange.buyers.answers_posts("birch", TAKEN)
    assert 1 == await list_unsold(exchange.market)
    (failed,) = await exchange.rows("SELECT id, lead_id FROM attempts WHERE state IN ('failed', 'rejected')")
    return failed["id"], failed["lead_id"]


async def sold_to(exchange: Exchange) -> list[str]:
    rows = await exchange.rows("SELECT buyer_id FROM sales WHERE reversed_at IS NULL ORDER BY accepted_at")
    return [row["buyer_id"] for row in rows]


async def refused(exchange: Exchange, claim_id: str) -> str:
    with pytest.raises(CannotBuy) as why:
        await confirm(exchange.market, claim_id, person("acme"))
    return why.value.slug


async def test_a_lead_that_is_sent_again_cannot_be_bought_in_the_store(either: Exchange) -> None:
    delivery, lead_id = await on_the_shelf(either)
    held = await claim(either.market, lead_id, person("acme"))
    await resend(either.market, delivery, OPERATOR)

    slug = await refused(either, held.id)
    await run_for(either, 60)

    assert "not_listed" == slug
    assert ["birch"] == await sold_to(either)
    assert usd("1000") == (await either.balance("acme")).available
    assert [] == await broken(either.market)


async def test_a_lead_that_was_bought_in_the_store_cannot_be_sent_again(either: Exchange) -> None:
    delivery, lead_id = await on_the_shelf(either)
    held = await claim(either.market, lead_id, person("acme"))
    await confirm(either.market, held.id, person("acme"))

    with pytest.raises(CannotResend, match="sold to somebody else"):
        await resend(either.market, delivery, OPERATOR)

    assert ["acme"] == await sold_to(either)


async def test_sent_again_and_bought_in_the_store_at_once_is_one_sale(either: Exchange) -> None:
    delivery, lead_id = await on_the_shelf(either)
    held = await claim(either.market, lead_id, person("acme"))

    await asyncio.gather(
        confirm(either.market, held.id, person("acme")),
        resend(either.market, delivery, OPERATOR),
        confirm(either.market, held.id, person("acme")),
        return_exceptions=True,
    )
    await run_for(either, 60)

    assert 1 == len(await sold_to(either))
    assert [] == await broken(either.market)


async def test_a_consumer_who_was_posted_and_sold_again_meanwhile_cannot_be_bought_in_the_store(
    either: Exchange,
) -> None:
    _, lead_id = await on_the_shelf(either)
    held = await claim(either.market, lead_id, person("acme"))
    await post(either, consumer(1))
    await run_for(either, 60)

    assert "not_listed" == await refused(either, held.id)
    assert ["birch"] == await sold_to(either)


async def test_a_consumer_who_was_bought_in_the_store_is_a_duplicate(either: Exchange) -> None:
    _, lead_id = await on_the_shelf(either)
    held = await claim(either.market, lead_id, person("acme"))
    await confirm(either.market, held.id, person("acme"))

    answer = await post(either, consumer(1))
    await run_for(either, 60)

    assert "duplicate" == answer["status"]
    assert ["acme"] == await sold_to(either)
