"""What is worked out of the market before a lead comes: once, and again only where something changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from exchange.flows.market import refresh
from exchange.model.party import State
from exchange.storage.parties import save_buyer, save_campaign
from tests.market import NOW, buyer, contract, open_exchange, selling

HERE, ELSEWHERE = "solar", "auto_insurance"


async def test_what_did_not_change_is_not_compiled_again(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        market = exchange.market
        await exchange.add(buyer("acme"), contract("acme"), *selling("cedar"), *selling("birch"))
        before = market.deals
        paused = replace(before.buyers["acme"], state=State.PAUSED)

        await market.db.write(save_buyer, paused, NOW)
        assert await refresh(market)

        after = market.deals
        assert after.books[HERE] is not before.books[HERE]
        assert after.books[ELSEWHERE] is before.books[ELSEWHERE]
        assert all(after.intakes[name] is before.intakes[name] for name in before.intakes)


async def test_a_campaign_is_compiled_again_with_its_own_change_only(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        market = exchange.market
        await exchange.add(*selling("cedar"), *selling("birch"))
        before = market.deals
        campaign = before.campaigns["cedar-solar"]

        await market.db.write(save_campaign, replace(campaign, aliases=(("postzahl", "zip"),)), NOW, "operator")
        assert await refresh(market)

        after = market.deals
        assert "zip" == after.intakes["cedar-solar"].names.canonical("Postzahl")
        assert before.intakes["cedar-solar"].names.canonical("Postzahl") is None
        assert after.intakes["birch-solar"] is before.intakes["birch-solar"]
        assert all(after.books[name] is before.books[name] for name in before.books)
