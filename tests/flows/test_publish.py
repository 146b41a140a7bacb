"""Drafted rules in force: only what was drafted, one line with before and after, all or nothing, and back again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from exchange.flows.market import refresh
from exchange.flows.publish import CannotPublish, Moved, publish, roll_back
from exchange.flows.redrawn import parties_of
from exchange.flows.simulate import read_draft
from exchange.model.actor import Actor, Role
from exchange.model.party import Cap, State, Window
from exchange.stages.draft import Parties
from tests.flows.lab import person, post
from tests.market import Exchange, buying, contract, selling, usd

OLIVE = Actor(Role.OPERATOR, "olive@operator.example")
DRAFT = """
campaign.cedar-solar.floor=12
campaign.cedar-solar.tier.2=there
campaign.cedar-solar.tier.2.strategy=priority
contract.birch-solar.tier=2
contract.birch-solar.cap.day=3
buyer.acme.state=paused
"""


async def put(exchange: Exchange, text: str) -> str:
    return await publish(exchange.market, read_draft(exchange.market, text), "test", "a better tree", OLIVE)


def plain(parties: Parties) -> Parties:
    """Without the numbers of versions."""
    return Parties(
        {name: replace(each, version=0) for name, each in parties.campaigns.items()},
        {name: replace(each, version=0) for name, each in parties.contracts.items()},
        parties.buyers,
    )


async def test_publishing_changes_only_what_was_drafted_with_one_line_and_rolls_back(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme"), *buying("birch", caps=(Cap(Window.HOUR, "count", 9),)))
    before, lines = plain(parties_of(either.market)), await either.count("audit_lines")

    line_id = await put(either, DRAFT)

    after = parties_of(either.market)
    campaign, birch = after.campaigns["cedar-solar"], after.contracts["birch-solar"]
    assert (usd("12"), [1, 2], "priority") == (
        campaign.floor,
        [tier.number for tier in campaign.tiers],
        campaign.tiers[1].strategy.value,
    )
    assert (2, {Cap(Window.HOUR, "count", 9), Cap(Window.DAY, "count", 3)}) == (birch.tier, set(birch.caps))
    assert State.PAUSED is after.buyers["acme"].state
    assert before.contracts["acme-solar"] == plain(after).contracts["acme-solar"]
    assert lines + 1 == await either.count("audit_lines")
    told = (await either.rows("SELECT * FROM audit_lines WHERE id = :id", id=line_id))[0]
    assert ("rules.published", "olive@operator.example") == (told["action"], told["actor"])
    assert {"why": "a better tree"}.items() <= json.loads(told["after_json"]).items()
    assert ("0.00", "1", "active") == tuple(
        json.loads(told["before_json"])[name]
        for name in ("campaign.cedar-solar.floor", "contract.birch-solar.tier", "buyer.acme.state")
    )
    assert "accepted" == (await post(either, person(1)))["status"]
    assert ["birch"] == [row["buyer_id"] for row in await either.rows("SELECT buyer_id FROM sales")]

    await roll_back(either.market, line_id, OLIVE)

    assert before == plain(parties_of(either.market))
    with pytest.raises(Moved):
        await roll_back(either.market, line_id, OLIVE)


async def test_a_tier_that_was_taken_away_comes_back_as_it_was(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme"))
    late = "campaign.cedar-solar.tier.2"
    await put(exchange, f"{late}=there\n{late}.floor=7\n{late}.name=Late")
    before = plain(parties_of(exchange.market))

    line_id = await put(exchange, "campaign.cedar-solar.tier.2=")
    assert 1 == len(exchange.market.deals.campaigns["cedar-solar"].tiers)
    await roll_back(exchange.market, line_id, OLIVE)

    assert before == plain(parties_of(exchange.market))


async def test_nothing_is_published_over_what_somebody_changed_or_before_it_is_ready(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme"), *buying("birch", state=State.PAUSED))
    line_id = await put(exchange, "contract.acme-solar.priority=5\ncampaign.cedar-solar.floor=3")
    await exchange.add(contract("acme", priority=7))
    lines = await exchange.count("audit_lines")

    with pytest.raises(Moved):
        await roll_back(exchange.market, line_id, OLIVE)
    with pytest.raises(CannotPublish, match="birch-solar: No accepted answer"):
        await put(exchange, "contract.birch-solar.state=active\ncampaign.cedar-solar.floor=4")
    with pytest.raises(CannotPublish, match="Nothing would change"):
        await put(exchange, "campaign.cedar-solar.floor=3")
    await refresh(exchange.market)

    assert usd("3") == exchange.market.deals.campaigns["cedar-solar"].floor
    assert lines == await exchange.count("audit_lines")
