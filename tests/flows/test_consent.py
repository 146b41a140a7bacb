"""Consent on its way through the line: what is refused for it, what the seller hears, and who may have the lead."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from exchange.catalog import default_config
from exchange.flows.documents import save_document
from exchange.flows.market import refresh
from exchange.flows.shapes import VERTICAL
from exchange.flows.trail import read_trail
from exchange.model.actor import SYSTEM
from exchange.model.party import State
from exchange.stages.respond import rfc3339
from tests.flows.lab import Heard, ping, post, post_on
from tests.market import NOW, PING, POST, Exchange, buyer, buying, selling, usd

DAY_MS = 86_400_000


async def with_policy(exchange: Exchange, **consent: Any) -> None:
    """Solar under another rule of consent, in force from now on."""
    document = YAML(typ="safe", pure=True).load((default_config() / "verticals" / "solar.yaml").read_text("utf-8"))
    await save_document(exchange.market, VERTICAL, "solar", {**document, "consent": consent}, SYSTEM)
    await refresh(exchange.market)


async def steps(exchange: Exchange, answer: Heard) -> list[str]:
    """What the checks said of it, as the timeline has it."""
    rows = await exchange.rows("SELECT document FROM trails WHERE lead_id = :id", id=answer["lead_id"])
    found = [step for row in rows for step in read_trail(bytes(row["document"]))["steps"]]
    return [f"{step['name']} {step['sentence']}" for step in found if step["name"].startswith("check:")]


def agreed(days: float) -> dict[str, str]:
    return {**POST, "tcpa_consent_at": rfc3339(NOW - int(days * DAY_MS))}


async def test_a_stale_consent_is_refused_before_anybody_is_asked(either: Exchange) -> None:
    await either.add(*buying("acme"), *selling("cedar"))

    answer = await post(either, agreed(213))

    assert ("rejected", "consent_stale") == answer.told
    assert [] == either.buyers.pings("acme")
    told = "check:refused The consent was given 213 days before; it is good for 30 days."
    assert told in await steps(either, answer)
    assert ("accepted", None) == (await post(either, agreed(2))).told


async def test_a_missing_consent_leaves_the_price_of_its_ping_for_a_post_that_has_it(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    pinged = await ping(exchange)

    refused = await post_on(exchange, pinged, {**POST, "tcpa_consent": "no"})
    sold = await post_on(exchange, pinged)

    assert (("rejected", "consent_missing"), ("accepted", None)) == (refused.told, sold.told)
    assert pinged["price"] == sold["price"]


@pytest.mark.parametrize(
    ("names", "told"),
    (("Acme Inc., Sunworks", ("accepted", None)), ("Sunworks", ("unsold", "no_eligible_buyer"))),
)
async def test_only_those_named_buy_where_the_policy_asks_for_names(
    exchange: Exchange, names: str, told: tuple[str, str | None]
) -> None:
    await exchange.add(*buying("acme"), *buying("birch"), buyer("birch"), *selling("cedar"))
    exchange.buyers.bids("birch", "40.00")
    await with_policy(exchange, required=["tcpa_consent"], policy="named_seller")

    answer = await post(exchange, {**POST, "consented_buyers": names, "consent_method": "click"})

    assert told == answer.told
    assert [] == exchange.buyers.pings("birch")


async def test_a_state_that_asks_for_names_refuses_a_post_without_any(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    await with_policy(exchange, required=["tcpa_consent"], states={"AZ": "named_seller"})

    assert ("rejected", "consent_missing") == (await post(exchange, {**POST, "consent_method": "written"})).told


async def test_a_ping_that_names_nobody_leaves_the_house_unheard_and_says_who_would_buy(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", price=usd("20")), *buying("birch"), *selling("cedar"))
    exchange.buyers.bids("birch", "40.00")
    await with_policy(exchange, required=["tcpa_consent"], policy="named_seller")

    pinged = await ping(exchange)
    sold = await post_on(exchange, pinged, {**POST, "consented_buyers": "Acme", "consent_method": "click"})
    named = await ping(exchange, {**PING, "consented_buyers": "Birch"})

    assert ("accepted", ["Acme", "Birch"]) == (pinged["status"], pinged["companies"]), "Birch bids once it is chosen"
    assert ("accepted", pinged["price"]) == (sold["status"], sold["price"])
    assert ("accepted", ["Birch"], 1) == (named["status"], named["companies"], len(exchange.buyers.pings("birch")))


async def test_a_ping_that_nobody_prices_before_they_are_chosen_says_whom_to_show(exchange: Exchange) -> None:
    """Who would not have the lead anyway is not shown; a ping that names somebody tells of no others."""
    await exchange.add(*buying("acme"), *buying("birch", max_bid=usd("90")), *selling("cedar"))
    await exchange.add(*buying("cobalt", state=State.PAUSED), *buying("delta", max_bid=usd("1"), price=usd("1")))
    await exchange.add(*selling("cedar", floor=usd("5")))
    await with_policy(exchange, required=["tcpa_consent"], policy="named_seller")

    pinged = await ping(exchange)
    named = await ping(exchange, {**PING, "consented_buyers": "Cobalt"})

    assert ("unsold", ["Birch", "Acme"], []) == (pinged["status"], pinged["companies"], exchange.buyers.pings("acme"))
    assert "consented_buyers" in pinged["message"]
    assert ("unsold", None) == (named["status"], named["companies"])
