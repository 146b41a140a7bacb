"""Who may not be sold any more leaves the store's shelf, for everybody and by whatever way it became known."""

from __future__ import annotations

import pytest

from exchange.flows.list_desk import Wish, change_values, make_list
from exchange.flows.revoke import Taken, revoke
from exchange.flows.shelf import list_unsold, look_over
from exchange.flows.store import CannotBuy, claim, confirm
from exchange.model.actor import Actor, Role
from exchange.model.suppression import Purpose, Scope
from exchange.stages.respond import rfc3339
from exchange.storage.erase import erase_lead
from exchange.storage.store import save_search
from tests.flows.lab import later, post
from tests.flows.test_consent import with_policy
from tests.flows.test_store import RULE, bought, person, seen, unsold, why
from tests.market import Exchange, buying, consumer, selling

PAT = Actor(Role.OPERATOR, "pat")


async def put_on_list(exchange: Exchange, phone: str, purpose: Purpose = Purpose.DNC_INTERNAL) -> None:
    row = await make_list(exchange.market, Wish("ours", purpose=purpose), PAT)
    assert 1 == await change_values(exchange.market, [row], {"phone": phone}, True, PAT)


async def two(exchange: Exchange) -> tuple[str, str]:
    """The leads of consumers 1 and 2, on the shelf."""
    await unsold(exchange, "acme", numbers=2)
    return await lead_of(exchange, 1), await lead_of(exchange, 2)


async def lead_of(exchange: Exchange, number: int) -> str:
    index = exchange.market.vault.index("phone", f"+1{consumer(number)['phone']}")
    return str((await exchange.rows("SELECT id FROM leads WHERE phone_index = :index", index=index))[0]["id"])


async def state(exchange: Exchange, lead_id: str) -> tuple[str, str | None]:
    (row,) = await exchange.rows("SELECT state, gone FROM store_items WHERE lead_id = :lead", lead=lead_id)
    return row["state"], row["gone"]


async def test_a_consent_taken_back_takes_every_card_of_the_consumer_off_at_once(either: Exchange) -> None:
    first, second = await two(either)
    held = await claim(either.market, first, person("acme"))

    await revoke(either.market, Taken(consumer(1)["phone"], means="by telephone"), PAT)

    assert [second] == [row["lead_id"] for row in await seen(either, "acme")]
    assert ("over", "The consumer took the consent back.") == await state(either, first)
    with pytest.raises(CannotBuy):
        await confirm(either.market, held.id, person("acme"))
    assert 0 == await either.count("sales")


async def test_a_consumer_who_came_on_a_list_leaves_at_the_next_look_and_once(either: Exchange) -> None:
    first, second = await two(either)
    assert 0 == await look_over(either.market)
    await put_on_list(either, consumer(1)["phone"])

    assert 1 == await look_over(either.market)
    assert 0 == await look_over(either.market)
    assert [second] == [row["lead_id"] for row in await seen(either, "acme")]
    assert ("over", "The consumer asked not to be called.") == await state(either, first)
    assert second == (await bought(either, "acme", second)).lead.id


async def test_a_claim_finds_it_before_the_look_does(exchange: Exchange) -> None:
    (lead_id,) = await unsold(exchange, "acme")
    await put_on_list(exchange, consumer(1)["phone"], Purpose.LITIGATOR)

    assert "not_listed" == (await why(exchange, "acme", lead_id)).slug
    assert [] == await seen(exchange, "acme")


async def test_who_is_listed_before_is_never_put_on_the_shelf(either: Exchange) -> None:
    await either.add(*selling("cedar", store=RULE), *buying("acme", connection="store"))
    answer = await post(either, consumer(1))
    await put_on_list(either, consumer(1)["phone"])

    assert 0 == await list_unsold(either.market)
    assert 0 == await list_unsold(either.market)
    assert [] == await seen(either, "acme")
    assert ("over", "The consumer asked not to be called.") == await state(either, answer["lead_id"])


async def test_what_is_on_a_buyers_own_list_is_seen_by_the_others_alone(either: Exchange) -> None:
    market = either.market
    first, second = await two(either)
    await either.add(*buying("birch", connection="store"))
    own = await make_list(market, Wish("ours", scope=Scope.BUYER, party="acme"), PAT)
    await change_values(market, [own], {"phone": consumer(1)["phone"]}, True, PAT)
    await change_values(market, [own], {"phone": consumer(3)["phone"]}, True, PAT)
    for buyer_id in ("acme", "birch"):
        await market.db.write(save_search, f"srch_{buyer_id}", person(buyer_id), "All", {}, either.clock.now())

    assert 0 == await look_over(market)
    await post(either, consumer(3))
    assert 1 == await list_unsold(market)

    third = await lead_of(either, 3)
    assert {second} == {row["lead_id"] for row in await seen(either, "acme")}
    assert {first, second, third} == {row["lead_id"] for row in await seen(either, "birch")}
    finds = await either.rows("SELECT buyer_id, found FROM saved_searches ORDER BY buyer_id")
    assert [("acme", 0), ("birch", 1)] == [(row["buyer_id"], row["found"]) for row in finds]
    assert "not_eligible" == (await why(either, "acme", first)).slug

    await change_values(market, [own], {"phone": consumer(1)["phone"]}, False, PAT)
    assert 0 == await look_over(market)
    assert {first, second} == {row["lead_id"] for row in await seen(either, "acme")}
    await market.db.write(erase_lead, third, ("evt_3", "2026-11", either.clock.now(), "Erased"))
    assert 0 == await either.count("store_kept_from")


async def test_an_authorization_that_ends_takes_its_lead_along(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar", store=RULE), *buying("acme", connection="store"))
    await with_policy(exchange, required=["tcpa_consent"], states={"AZ": "authorization"})
    signed = exchange.clock.now() - 364 * 86_400_000
    lead = {**consumer(1), "consented_buyers": "Acme", "consent_method": "click"}
    answer = await post(exchange, {**lead, "authorization_signed_at": rfc3339(signed)})
    assert 1 == await list_unsold(exchange.market) and 1 == len(await seen(exchange, "acme"))

    later(exchange, 86_401)

    assert [] == await seen(exchange, "acme")
    assert "not_listed" == (await why(exchange, "acme", answer["lead_id"])).slug


async def test_an_erased_lead_leaves_too(either: Exchange) -> None:
    (lead_id,) = await unsold(either, "acme")

    event = ("evt_1", "2026-11", either.clock.now(), "Erased")
    assert await either.market.db.write(erase_lead, lead_id, event)

    assert [] == await seen(either, "acme")
    assert ("over", "The consumer's values were erased.") == await state(either, lead_id)
