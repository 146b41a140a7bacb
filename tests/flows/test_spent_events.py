"""Events about terms and money: full caps, balances that run low, campaigns that change."""

from __future__ import annotations

from dataclasses import replace

from exchange.flows.answers import save_answers, with_answers
from exchange.flows.by_hand import audit_line
from exchange.flows.market import refresh
from exchange.flows.spent import tell_spent
from exchange.flows.terms import change_campaign
from exchange.flows.top_up import top_up
from exchange.model.actor import Actor, Role
from exchange.model.party import Cap, State, Window
from tests.flows.lab import OPERATOR, later, person, post
from tests.flows.receivers import ACME, CEDAR, arrived, events, hook, listen, run_all
from tests.market import Exchange, buying, selling, usd

DAY_S = 86_400
BIRCH = Actor(Role.BUYER, "x@birch.example", "birch")


async def looked(exchange: Exchange) -> None:
    """As the worker does every few seconds, in a process that has told nothing yet."""
    await refresh(exchange.market)
    await tell_spent(exchange.market)
    exchange.market.live.told_spent.clear()
    await tell_spent(exchange.market)
    await tell_spent(exchange.market)
    await run_all(exchange)


async def test_a_full_cap_is_told_once_in_each_of_its_windows(either: Exchange) -> None:
    caps = (Cap(Window.DAY, "count", 2), Cap(Window.TOTAL, "money", usd("70").units))
    await either.add(
        *selling("cedar"),
        *buying("acme", "9000", price=usd("20"), caps=caps),
        *buying("birch", "9000", price=usd("10")),
    )
    await listen(either, hook("ember"), ACME, "cap.reached")
    await listen(either, hook("delta"), BIRCH, "*")
    for number in range(2):
        assert [] == events(either, hook("ember"))
        await post(either, person(number))
        await looked(either)
    await looked(either)
    (day,) = events(either, hook("ember"))
    later(either, DAY_S)
    await looked(either)
    await post(either, person(3))
    await looked(either)
    _, total = events(either, hook("ember"))

    assert ("cap.reached", "acme-solar", {"role": "buyer", "id": "acme"}) == (day["type"], day["object"], day["party"])
    assert {"contract_id": "acme-solar", "cap": "cap:day", "unit": "count", "most": 2, "used": 2} == day["data"]
    assert ("cap:total", "money", "70.00", "60.00", "USD") == tuple(
        total["data"][name] for name in ("cap", "unit", "most", "used", "currency")
    )
    assert [] == [each for each in events(either, hook("delta")) if each["type"] == "cap.reached"]


async def test_a_low_balance_is_told_once_after_each_payment(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme", "50", price=usd("20")))
    await listen(either, hook("ember"), ACME, "balance.low")
    for number in range(2):
        await looked(either)
        assert [] == events(either, hook("ember"))
        await post(either, person(number))
    await looked(either)
    await looked(either)
    (told,) = events(either, hook("ember"))
    await top_up(either.market, "acme", usd("15"), "first", OPERATOR)
    await looked(either)
    await post(either, person(2))
    await looked(either)
    _, again = events(either, hook("ember"))

    assert ("acme", "10.00", "20.00", "USD") == tuple(
        told["data"][name] for name in ("buyer_id", "available", "highest_price", "currency")
    )
    assert "5.00" == again["data"]["available"]


async def test_nobody_hears_of_caps_and_balances_unless_somebody_asked(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme", "10", price=usd("20")))
    await looked(either)
    assert [] == await either.rows("SELECT id FROM jobs")
    await listen(either, hook("ember"), ACME, "balance.*")
    await looked(either)

    assert ["balance.low"] == [told["type"] for told in events(either, hook("ember"))]


async def test_every_change_of_a_campaigns_terms_is_told_to_its_seller_but_not_what_the_house_keeps(
    either: Exchange,
) -> None:
    market = either.market
    await either.add(*selling("cedar"))
    await listen(either, hook("ember"), CEDAR, "campaign.changed")
    await listen(either, hook("delta"), OPERATOR, "campaign.changed")
    campaign = market.deals.campaigns["cedar-solar"]
    await save_answers(market, with_answers(campaign, "matched", None), OPERATOR)
    for change in (
        {"state": State.PAUSED, "paused_reason": "for a while", "min_margin": usd("2")},
        {"state": State.ACTIVE, "paused_reason": ""},
        {"min_margin": usd("3")},
        {},
    ):
        line = audit_line(market.ids, market.clock.now(), OPERATOR, "campaign.changed", "campaign:cedar-solar")
        await change_campaign(market, replace(market.deals.campaigns["cedar-solar"], **change), line)
    await run_all(either)

    told = [(each["data"]["state"], *each["data"]["changed"]) for each in events(either, hook("ember"))]
    paused = ("state", "paused_reason")
    assert sorted([("active", "answers"), ("paused", *paused), ("active", *paused)]) == sorted(told)
    heard = [each["data"]["changed"] for each in events(either, hook("delta"))]
    assert 2 == heard.count(["min_margin"]) and 5 == len(heard)
    assert 5 == len(arrived(either, hook("delta")))
