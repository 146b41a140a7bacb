"""Who may see a lead of the store, and from what age: everybody else finds nothing, by whatever way they ask."""

from __future__ import annotations

import pytest

from exchange.clock import SimulatedClock
from exchange.flows.revert import revert
from exchange.flows.shelf import list_unsold
from exchange.flows.store_rules import BadRule, set_store_rule
from exchange.storage.store import save_search
from tests.flows.lab import OPERATOR, post
from tests.flows.test_store import bought, person, seen, why
from tests.market import Exchange, buying, consumer, selling, usd

FORM = {"listed": "yes", "price": "20", "falls": "50 % after 1 h", "days": "3", "sales": "1"}


async def market_with(exchange: Exchange, **form: str) -> str:
    """A lead in the store by this rule, and the buyers acme and birch."""
    await exchange.add(*selling("cedar"), *buying("acme", connection="store"), *buying("birch", connection="store"))
    now = exchange.clock.now()
    for buyer_id in ("acme", "birch"):
        await exchange.market.db.write(save_search, f"srch_{buyer_id}", person(buyer_id), "any", {}, now)
    await set_store_rule(exchange.market, "cedar-solar", {**FORM, **form}, OPERATOR)
    answer = await post(exchange, consumer(1))
    assert 1 == await list_unsold(exchange.market)
    return str(answer["lead_id"])


async def test_only_who_is_named_sees_it_and_each_from_its_age(either: Exchange) -> None:
    lead_id = await market_with(either, **{"sees:acme": "yes", "sees:birch": "yes", "from:birch": "1 h"})
    assert [lead_id] == [row["lead_id"] for row in await seen(either, "acme")]
    assert [] == await seen(either, "birch")
    assert "not_listed" == (await why(either, "birch", lead_id)).slug
    found = await either.rows("SELECT id, found FROM saved_searches ORDER BY id")
    assert [("srch_acme", 1), ("srch_birch", 0)] == [(row["id"], row["found"]) for row in found]

    assert isinstance(either.clock, SimulatedClock)
    either.clock.advance(3_600)

    assert usd("10") == (await bought(either, "birch", lead_id)).price


async def test_who_is_not_named_never_sees_it_and_nobody_named_means_all(exchange: Exchange) -> None:
    lead_id = await market_with(exchange, **{"sees:acme": "yes"})
    assert isinstance(exchange.clock, SimulatedClock)
    exchange.clock.advance(80_000)
    assert [] == await seen(exchange, "birch")
    assert [lead_id] == [row["lead_id"] for row in await seen(exchange, "acme")]

    (line,) = await exchange.rows("SELECT * FROM audit_lines WHERE subject = 'campaign:cedar-solar'")
    assert "seen by Acme" in line["after_json"] and "nothing is listed" in line["before_json"]
    await revert(exchange.market, line["id"], OPERATOR)
    assert exchange.market.deals.campaigns["cedar-solar"].store is None


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"price": "free"}, "price: an amount"),
        ({"price": "0"}, "price must be above nothing"),
        ({"falls": "soon"}, "falls are such as"),
        ({"days": "0"}, "days: a whole number from 1"),
        ({"sales": "99"}, "sales: a whole number from 1"),
        ({"sees:acme": "yes", "from:acme": "later"}, "from of Acme is a time"),
    ],
)
async def test_a_rule_that_cannot_be_names_its_field(exchange: Exchange, form: dict[str, str], told: str) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", connection="store"))
    with pytest.raises(BadRule, match=told):
        await set_store_rule(exchange.market, "cedar-solar", {**FORM, **form}, OPERATOR)
