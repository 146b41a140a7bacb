"""Sellers on both engines: what they bring, what was wrong in their fields, what is noted, asked and answered."""

from __future__ import annotations

from exchange.flows.campaign_keys import keys_of_seller, make_key, revoke_key
from exchange.flows.campaign_state import answer_wish, ask_for
from exchange.flows.party_people import invite, people_of, set_active
from exchange.flows.passing import passing
from exchange.flows.seller_list import seller_lines
from exchange.flows.sellers import block_sub_id, make_sellers, note, rename, set_standing
from exchange.flows.specs import keep_specs
from exchange.model.actor import Actor, Role
from exchange.storage.audit import audit_about
from exchange.storage.field_errors import field_errors
from exchange.storage.notes import notes_of
from exchange.storage.seller_day import answer_ms_of_seller, asked_back, hours_of_seller
from exchange.storage.sellers import sources_by_day
from exchange.storage.wishes import open_wishes, wishes_of
from tests.flows.lab import OPERATOR, post
from tests.market import NOW, Exchange, buying, consumer, selling, usd

DEE = Actor(Role.SELLER, "dee@cedar.example", "cedar")
OTHER = Actor(Role.SELLER, "bo@birch.example", "birch")
DAY = 86_400_000
BEGIN, END = NOW - NOW % DAY, NOW - NOW % DAY + DAY


async def test_what_a_seller_brings_is_counted_and_told_to_nobody_else(either: Exchange) -> None:
    await either.add(*selling("cedar"), *selling("birch"), *buying("acme", "9000", price=usd("20")))
    await post(either, consumer(1))
    for number in (2, 3):
        await post(either, {**consumer(number), "zip": "8501"})
    read, market = either.market.db.read, either.market

    lines = {each.id: each for each in await seller_lines(market, OPERATOR, "live", BEGIN, END)}
    cedar = lines["cedar"]
    assert (3, 1, 2, (usd("16"),), "live") == (cedar.leads, cedar.sold, cedar.refused, cedar.owed, cedar.state)
    assert (0, None) == (lines["birch"].leads, lines["birch"].last_lead_at)
    since = NOW // DAY - 1
    wrong = await read(field_errors, DEE, "live", since, 5)
    assert [("zip", "pattern", 2)] == [(each.field, each.code, each.times) for each in wrong]
    assert wrong == await read(field_errors, OPERATOR, "live", since, 5, "cedar")
    assert [] == await read(field_errors, OTHER, "live", since, 5, "cedar")
    [hour] = await read(hours_of_seller, DEE, "live", BEGIN, END)
    assert (3, 2, 1, usd("16")) == (hour.leads, hour.refused, hour.sold, hour.earned)
    assert [] == await read(hours_of_seller, OTHER, "live", BEGIN, END)
    assert await read(answer_ms_of_seller, DEE, "live", BEGIN, END) is not None
    assert await read(answer_ms_of_seller, DEE, "test", BEGIN, END) is None
    assert (0, []) == (await read(asked_back, DEE, BEGIN, END), await read(sources_by_day, OTHER, "cedar", 0))
    found = await passing(market, market.deals.campaigns["cedar-solar"])
    assert (1, 1, False) == (found.leads, found.passed, found.of_all)
    assert (await passing(market, market.deals.campaigns["birch-solar"])).of_all


async def test_what_is_done_to_a_seller_is_noted_with_who_and_where(either: Exchange) -> None:
    await either.add(*selling("cedar"))
    market, read = either.market, either.market.db.read
    await keep_specs(market)

    made = await make_sellers(market, [("Acme Media", ""), ("Acme Media", "")], OPERATOR, "192.0.2.7")
    await rename(market, "cedar", "Cedar Digital", OPERATOR, "192.0.2.7")
    await set_standing(market, "cedar", "paused", "Holidays", OPERATOR, "192.0.2.7")
    await block_sub_id(market, "cedar", "pop-19", True, "junk", OPERATOR, "192.0.2.7")
    await note(market, "cedar", "Called them.", OPERATOR, "192.0.2.7")
    await ask_for(market, "cedar-solar", "More, please.", DEE, "192.0.2.9")
    [wish] = await read(open_wishes, OPERATOR)
    await answer_wish(market, "cedar", wish.id, False, "Not now.", OPERATOR)
    key = await make_key(market, "cedar", "cedar-solar", "live", "", DEE, "192.0.2.9")
    [mine] = [row for row in await keys_of_seller(market, "cedar") if row["last4"] == key.secret[-4:]]
    await revoke_key(market, "cedar", mine["id"], DEE)
    await invite(market, "cedar", DEE.name, OPERATOR)  # somebody stays an admin
    await invite(market, "cedar", "Bo@cedar.example", DEE)
    [bo] = [each for each in await people_of(market, Role.SELLER, "cedar") if each["email"] != DEE.name]
    await set_active(market, Role.SELLER, "cedar", bo["id"], False, DEE)

    assert ["acme-media", "acme-media-2"] == [each.id for each in made]
    assert ("Cedar Digital", "Holidays") == (market.deals.sellers["cedar"].name, market.deals.sellers["cedar"].why)
    lines = await read(audit_about, OPERATOR, ["seller:cedar", "campaign:cedar-solar"])
    told = {line.action: line for line in lines}
    assert {
        "seller.renamed",
        "seller.paused",
        "seller.noted",
        "campaign.changed",
        "campaign.wish",
        "key.created",
    } <= set(told)
    paused = told["seller.paused"]
    assert ("192.0.2.7", OPERATOR.name) == (paused.ip, paused.actor.name) and "Holidays" in (paused.after or "")
    assert ["Called them."] == [each.text for each in await read(notes_of, OPERATOR, "seller:cedar")]
    assert [] == await read(notes_of, DEE, "seller:cedar")
    [heard] = await read(wishes_of, DEE, "cedar")
    assert ("declined", "Not now.") == (heard.state, heard.answer)
    assert [] == await read(wishes_of, OTHER, "cedar") == await read(open_wishes, DEE)
    states = {each["email"]: each["state"] for each in await people_of(market, Role.SELLER, "cedar")}
    assert {"bo@cedar.example": "disabled", DEE.name: "active"} == states
