"""Many leads by one call: each claimed and paid on its own, never above what the order or the balance allows."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from exchange.flows.store import claim
from exchange.flows.store_orders import CannotOrder, Order, Ordered, buy_many
from exchange.stages.store import Wanted
from tests.flows.doom import Crash, doomed
from tests.flows.lab import later
from tests.flows.promises import broken
from tests.flows.test_store import person, unsold
from tests.market import Exchange, usd

ORDER = Order("march-1", Wanted(states=("AZ",)), usd("50"), 10)


async def spent_by(exchange: Exchange, buyer_id: str, deposit: str = "1000") -> str:
    return (usd(deposit) - (await exchange.balance(buyer_id)).posted).text


async def states(exchange: Exchange) -> list[str]:
    return [row["state"] for row in await exchange.rows("SELECT state FROM store_claims ORDER BY state")]


def told(got: Ordered) -> tuple[int, str, str]:
    return len(got.bought), got.spent.text, got.why


async def test_it_stops_at_its_limit_and_every_lead_is_a_claim_of_its_own(either: Exchange) -> None:
    await unsold(either, "acme", numbers=4)

    got = await buy_many(either.market, ORDER, person("acme"))

    assert (2, "40.00", "limit") == told(got)
    assert ["bought", "bought"] == await states(either)
    assert "40.00" == await spent_by(either, "acme")
    assert {"Maria"} == {each.lead.text("first_name") for each in got.bought}
    assert [] == await broken(either.market)


async def test_the_same_order_again_buys_nothing_more_and_tells_the_same(either: Exchange) -> None:
    await unsold(either, "acme", numbers=4)
    first = await buy_many(either.market, ORDER, person("acme"))

    again = await buy_many(either.market, ORDER, person("acme"))

    assert first == again
    assert "40.00" == await spent_by(either, "acme")
    with pytest.raises(CannotOrder, match="another order"):
        await buy_many(either.market, replace(ORDER, limit=usd("60")), person("acme"))


async def test_the_same_order_at_the_same_time_buys_once(either: Exchange) -> None:
    await unsold(either, "acme", numbers=4)

    ends = await asyncio.gather(
        *(buy_many(either.market, ORDER, person("acme")) for _ in range(4)), return_exceptions=True
    )

    assert {(2, "40.00", "limit")} == {told(end) for end in ends if isinstance(end, Ordered)}
    assert {"busy"} >= {end.slug for end in ends if isinstance(end, CannotOrder)}
    assert "40.00" == await spent_by(either, "acme")


async def test_two_orders_at_once_share_the_shelf_and_pass_no_balance(either: Exchange) -> None:
    await unsold(either, "acme", numbers=6, deposit="70")

    ends = await asyncio.gather(
        *(buy_many(either.market, replace(ORDER, reference=name, limit=usd("60")), person("acme")) for name in "ab")
    )

    assert 3 == sum(len(end.bought) for end in ends)
    assert "60.00" == await spent_by(either, "acme", "70")
    assert "balance" in {end.why for end in ends}
    assert "held" not in await states(either)


async def test_a_crash_anywhere_leaves_an_order_that_goes_on_within_its_limit(exchange: Exchange) -> None:
    await unsold(exchange, "acme", numbers=12)
    for point in range(1, 14, 2):
        order = replace(ORDER, reference=f"crash-{point}", limit=usd("20"))
        with suppress(Crash):
            await buy_many(doomed(exchange, point).market, order, person("acme"))
        later(exchange, 121)

        got = await buy_many(exchange.market, order, person("acme"))

        assert (1, "20.00") == told(got)[:2], point
    assert "140.00" == await spent_by(exchange, "acme")
    assert [] == await broken(exchange.market)


async def test_what_fits_nobody_or_is_held_by_somebody_is_passed_over(exchange: Exchange) -> None:
    first, second, third = await unsold(exchange, "acme", "birch", numbers=3)
    await claim(exchange.market, first, person("birch"))
    await claim(exchange.market, second, person("acme"))

    got = await buy_many(exchange.market, ORDER, person("acme"))
    texas = replace(ORDER, reference="x", wanted=Wanted(states=("TX",)))
    other = await buy_many(exchange.market, texas, person("acme"))

    assert (1, "20.00", "none_left") == told(got)
    assert [third] == [each.lead.id for each in got.bought]
    assert (0, "0.00", "none_left") == told(other)


async def test_it_takes_no_more_leads_than_asked_for(exchange: Exchange) -> None:
    await unsold(exchange, "acme", numbers=3)

    assert (2, "40.00", "all") == told(
        await buy_many(exchange.market, replace(ORDER, most=2, limit=usd("500")), person("acme"))
    )
