"""The store: a card without a personal value, one who is first, two minutes, one debit; and what each refusal says."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from exchange.flows.shelf import list_unsold
from exchange.flows.store import (
    CLAIM_MS,
    HELD_AT_ONCE,
    OTHERS_FIRST_MS,
    Bought,
    CannotBuy,
    Claim,
    card_in,
    claim,
    confirm,
    finish_purchases,
    release,
)
from exchange.model.actor import Actor, Role
from exchange.model.party import Cap, State, StoreRule, Window
from exchange.storage.database import Row
from exchange.storage.store import read_item, save_search, searches_of, shelf
from tests.flows.doom import Crash, doomed
from tests.flows.lab import later, post
from tests.flows.promises import broken
from tests.flows.receivers import events, hook, listen, run_all
from tests.market import Exchange, buying, consumer, contract, selling, surname, usd

HOUR = 3_600_000
RULE = StoreRule(usd("20"), ((HOUR, 60), (24 * HOUR, 25)), days=3)
PERSONAL = ("Maria", surname(1), "consumer.example", "602958", "85016", "3196")


def person(buyer_id: str) -> Actor:
    return Actor(Role.BUYER, f"{buyer_id}@buyer.example", buyer_id)


async def unsold(exchange: Exchange, *buyers: str, numbers: int = 1, deposit: str = "1000", **store: Any) -> list[str]:
    """Leads that nobody bought, in the store; and buyers that may take them there."""
    rule = replace(RULE, **store)
    await exchange.add(*selling("cedar", store=rule, slots=rule.sales))
    for name in buyers:
        await exchange.add(*buying(name, deposit, connection="store"))
    for number in range(numbers):
        await post(exchange, consumer(number + 1))
    assert numbers == await list_unsold(exchange.market)
    rows = await exchange.rows("SELECT lead_id FROM store_items ORDER BY listed_at, lead_id")
    return [row["lead_id"] for row in rows]


async def seen(exchange: Exchange, buyer_id: str) -> list[Row]:
    now = exchange.clock.now()
    return await exchange.market.db.read(shelf, buyer_id, "", now, (2**62, ""), 50)


async def bought(exchange: Exchange, buyer_id: str, lead_id: str) -> Bought:
    held = await claim(exchange.market, lead_id, person(buyer_id))
    return await confirm(exchange.market, held.id, person(buyer_id))


async def why(exchange: Exchange, buyer_id: str, lead_id: str) -> CannotBuy:
    with pytest.raises(CannotBuy) as refused:
        await claim(exchange.market, lead_id, person(buyer_id))
    return refused.value


async def test_a_card_holds_nothing_personal(exchange: Exchange) -> None:
    (lead_id,) = await unsold(exchange, "acme")

    (row,) = await seen(exchange, "acme")

    assert ("AZ", "850") == (card_in(row).us_state, card_in(row).zip3)
    assert ("Owns the home", "yes") in card_in(row).facts
    assert not [word for word in PERSONAL if word in row["card"]]
    assert lead_id == row["lead_id"]


async def test_a_claim_is_paid_and_shown_and_the_seller_earns(either: Exchange) -> None:
    (lead_id,) = await unsold(either, "acme")

    got = await bought(either, "acme", lead_id)

    assert surname(1) == got.lead.text("last_name")
    assert usd("980") == (await either.balance("acme")).posted
    sale = (await either.rows("SELECT buyer_id, price_units, payout_units FROM sales"))[0]
    assert ("acme", 200_000, 160_000) == (sale["buyer_id"], sale["price_units"], sale["payout_units"])
    assert [{"state": "sold"}] == await either.rows("SELECT state FROM leads")
    assert got == await confirm(either.market, got.claim_id, person("acme"))
    assert [] == await seen(either, "acme")
    assert 1 == await either.count("sales")


async def test_of_fifty_who_claim_at_once_one_wins_and_one_is_debited(either: Exchange) -> None:
    names = [f"b{number}" for number in range(20)]
    (lead_id,) = await unsold(either, *names)

    async def attempt(name: str) -> Claim | CannotBuy:
        try:
            return await claim(either.market, lead_id, person(name))
        except CannotBuy as refused:
            return refused

    ends = await asyncio.gather(*(attempt(name) for name in names))
    won = [(name, end) for name, end in zip(names, ends, strict=True) if isinstance(end, Claim)]
    ((winner, held),) = won
    await asyncio.gather(*(confirm(either.market, held.id, person(winner)) for _ in range(3)), return_exceptions=True)
    await confirm(either.market, held.id, person(winner))

    assert {"taken"} == {end.slug for end in ends if isinstance(end, CannotBuy)}
    assert 1 == await either.count("sales")
    balances = [(await either.balance(name)).posted for name in names]
    assert 1 == balances.count(usd("980")) and 19 == balances.count(usd("1000"))


async def test_a_claim_that_is_not_paid_is_free_again_after_two_minutes(either: Exchange) -> None:
    (lead_id,) = await unsold(either, "acme", "birch")
    held = await claim(either.market, lead_id, person("acme"))
    assert "taken" == (await why(either, "birch", lead_id)).slug
    later(either, CLAIM_MS / 1000)

    theirs = await claim(either.market, lead_id, person("birch"))

    with pytest.raises(CannotBuy, match="two minutes are over"):
        await confirm(either.market, held.id, person("acme"))
    await confirm(either.market, theirs.id, person("birch"))
    assert usd("1000") == (await either.balance("acme")).posted


async def test_who_comes_second_reads_since_when_it_is_taken(exchange: Exchange) -> None:
    (lead_id,) = await unsold(exchange, "acme", "birch")
    await claim(exchange.market, lead_id, person("acme"))
    later(exchange, 2)

    assert "Taken 2 s ago." == str(await why(exchange, "birch", lead_id))


async def test_a_released_claim_is_free_at_once(exchange: Exchange) -> None:
    (lead_id,) = await unsold(exchange, "acme", "birch")
    held = await claim(exchange.market, lead_id, person("acme"))

    assert not await release(exchange.market, held.id, person("birch"))
    assert await release(exchange.market, held.id, person("acme"))
    assert lead_id == (await bought(exchange, "birch", lead_id)).lead.id


@pytest.mark.parametrize(("hours", "price"), [(0, "20.00"), (0.9, "20.00"), (1, "12.00"), (23, "12.00"), (24, "5.00")])
async def test_the_price_falls_with_age(exchange: Exchange, hours: float, price: str) -> None:
    (lead_id,) = await unsold(exchange, "acme")
    later(exchange, hours * 3_600)

    assert price == (await claim(exchange.market, lead_id, person("acme"))).price.text


async def test_the_price_of_a_claim_stays(exchange: Exchange) -> None:
    (lead_id,) = await unsold(exchange, "acme")
    later(exchange, 3_599)
    held = await claim(exchange.market, lead_id, person("acme"))
    later(exchange, 10)

    assert "20.00" == (await confirm(exchange.market, held.id, person("acme"))).price.text


async def test_a_balance_that_is_too_low_is_told_with_what_is_missing(exchange: Exchange) -> None:
    (lead_id,) = await unsold(exchange, "acme", deposit="12.40")

    refused = await why(exchange, "acme", lead_id)

    assert ("balance", usd("7.60")) == (refused.slug, refused.missing)


async def test_money_that_is_gone_between_claim_and_payment_is_never_overdrawn(either: Exchange) -> None:
    first, second = await unsold(either, "acme", numbers=2, deposit="30")
    held = [await claim(either.market, lead_id, person("acme")) for lead_id in (first, second)]

    ends = await asyncio.gather(
        *(confirm(either.market, each.id, person("acme")) for each in held), return_exceptions=True
    )

    assert 1 == sum(isinstance(end, Bought) for end in ends)
    assert ["balance"] == [end.slug for end in ends if isinstance(end, CannotBuy)]
    assert usd("10") == (await either.balance("acme")).posted


async def test_caps_filters_and_pauses_hold_in_the_store_too(exchange: Exchange) -> None:
    first, second = await unsold(exchange, "acme", "birch", numbers=2)
    capped = contract("acme", connection="store", caps=(Cap(Window.DAY, "count", 1),), version=2)
    await exchange.add(capped, contract("birch", connection="store", state=State.PAUSED, version=2))
    await bought(exchange, "acme", first)

    assert "not_eligible" == (await why(exchange, "acme", second)).slug
    assert "Paused" in str(await why(exchange, "birch", second))
    assert "no_contract" == (await why(exchange, "nobody", second)).slug


async def test_a_consumer_bought_before_is_never_offered_again(exchange: Exchange) -> None:
    (first,) = await unsold(exchange, "acme")
    await bought(exchange, "acme", first)
    rows = await exchange.rows("SELECT phone_index FROM leads")
    later(exchange, 60 * 86_400)
    await post(exchange, consumer(1))
    await list_unsold(exchange.market)
    second = (await exchange.rows("SELECT lead_id FROM store_items WHERE state = 'listed'"))[0]["lead_id"]

    assert 1 == len(rows)
    assert [] == await seen(exchange, "acme")
    assert "owned" == (await why(exchange, "acme", second)).slug


async def test_a_lead_may_be_sold_to_several_and_to_each_once(either: Exchange) -> None:
    (lead_id,) = await unsold(either, "acme", "birch", "cobalt", sales=2)

    await bought(either, "acme", lead_id)
    await bought(either, "birch", lead_id)

    assert "not_listed" == (await why(either, "cobalt", lead_id)).slug
    assert [{"times_sold": 2, "payout_units": 320_000}] == await either.rows(
        "SELECT times_sold, payout_units FROM leads"
    )


async def test_a_purchase_that_a_crash_cut_anywhere_is_finished_or_was_never_begun(either: Exchange) -> None:
    leads = await unsold(either, "acme", "birch", numbers=16)
    for point, lead_id in enumerate(leads, 1):
        who = person("acme" if point % 2 else "birch")  # one alone would hold more than it may
        held = await claim(either.market, lead_id, who)
        with suppress(Crash):
            await confirm(doomed(either, point).market, held.id, who)
    cut = {row["state"] for row in await either.rows("SELECT state FROM store_claims")}
    later(either, 200)

    await finish_purchases(either.market)

    states = [row["state"] for row in await either.rows("SELECT state FROM store_claims ORDER BY id")]
    assert {"held", "buying"} <= cut
    assert {"held", "bought"} == set(states)
    assert states.count("bought") == await either.count("sales") == await either.count("attempts")
    assert 0 == await finish_purchases(either.market)
    assert [] == await broken(either.market)


async def test_a_claim_that_is_confirmed_twice_at_once_sells_once_and_frees_nothing(either: Exchange) -> None:
    (lead_id,) = await unsold(either, "acme", "birch")
    held = await claim(either.market, lead_id, person("acme"))

    ends = await asyncio.gather(
        *(confirm(either.market, held.id, person("acme")) for _ in range(5)), return_exceptions=True
    )

    assert {held.id} == {end.claim_id for end in ends if isinstance(end, Bought)}
    assert {"busy"} >= {end.slug for end in ends if isinstance(end, CannotBuy)}
    assert "not_listed" == (await why(either, "birch", lead_id)).slug
    assert [{"state": "bought"}] == await either.rows("SELECT state FROM store_claims")
    assert [{"state": "sold"}] == await either.rows("SELECT state FROM store_items")


async def test_nobody_holds_the_whole_shelf(exchange: Exchange) -> None:
    leads = await unsold(exchange, "acme", "birch", numbers=HELD_AT_ONCE + 1)
    held = [await claim(exchange.market, lead_id, person("acme")) for lead_id in leads[:-1]]

    assert "too_many" == (await why(exchange, "acme", leads[-1])).slug
    await release(exchange.market, held[0].id, person("acme"))
    assert "let_go" == (await why(exchange, "acme", leads[0])).slug
    await bought(exchange, "birch", leads[0])
    assert leads[-1] == (await claim(exchange.market, leads[-1], person("acme"))).lead_id
    later(exchange, CLAIM_MS / 1000)
    assert "let_go" == (await why(exchange, "acme", leads[1])).slug
    later(exchange, OTHERS_FIRST_MS / 1000)
    assert leads[1] == (await claim(exchange.market, leads[1], person("acme"))).lead_id


async def test_leads_leave_the_shelf_after_their_days(exchange: Exchange) -> None:
    (lead_id,) = await unsold(exchange, "acme", days=1)
    later(exchange, 86_401)
    await list_unsold(exchange.market)

    item = await exchange.market.db.read(read_item, lead_id)

    assert item is not None and "over" == item["state"]
    assert "not_listed" == (await why(exchange, "acme", lead_id)).slug
    assert [] == await seen(exchange, "acme")


async def test_a_store_contract_is_never_asked_in_an_auction(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", connection="store", price=usd("50")))

    answer = await post(exchange)

    assert "unsold" == answer["status"]
    assert 0 == await exchange.count("attempts")


async def test_who_saved_a_search_is_told_of_what_it_finds_and_nobody_else(either: Exchange) -> None:
    await either.add(
        *selling("cedar", store=RULE), *buying("acme", connection="store"), *buying("birch", connection="store")
    )
    await listen(either, hook("ember"), person("acme"), "store.match")
    await listen(either, hook("flint"), person("birch"), "*")
    wanted: dict[str, object] = {"states": ["AZ"]}
    await either.market.db.write(save_search, "srch_1", person("acme"), "Arizona", wanted, either.clock.now())
    await post(either)
    await list_unsold(either.market)

    await run_all(either)

    (told,) = events(either, hook("ember"))
    assert ("store.match", "Arizona", "20.00") == (told["type"], told["data"]["search"], told["data"]["price"])
    assert not [word for word in PERSONAL if word in str(told)]
    assert [] == events(either, hook("flint"))


async def test_a_saved_search_counts_what_it_finds(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar", store=RULE), *buying("acme", connection="store"))
    searches: dict[str, dict[str, object]] = {
        "Arizona": {"states": ["AZ"]},
        "Texas": {"states": ["TX"]},
        "Cheap": {"most": "10"},
    }
    for name, wanted in searches.items():
        now = exchange.clock.now()
        await exchange.market.db.write(save_search, f"srch_{name}", person("acme"), name, wanted, now)
    await post(exchange)

    await list_unsold(exchange.market)

    found = {row["name"]: row["found"] for row in await exchange.market.db.read(searches_of, "acme")}
    assert {"Arizona": 1, "Texas": 0, "Cheap": 0} == found
