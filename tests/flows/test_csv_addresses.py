"""Addresses of a contract's CSV: who made which, and one in the place of another once only."""

from __future__ import annotations

import asyncio

import pytest

from exchange.flows.csv_addresses import NoSuchAddress, addresses_of, make_address, revoke_address, rotate_address
from exchange.flows.documents import save_document
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM
from exchange.model.lead import Mode
from tests.flows.lab import OPERATOR, later
from tests.market import Exchange, buying


async def test_the_list_says_who_made_each_and_of_two_who_change_one_at_once_one_does(either: Exchange) -> None:
    market = either.market
    await save_document(market, CONNECTION, "linden", {"connection": "linden", "connector": "csv_url"}, SYSTEM)
    await either.add(*buying("linden"))
    await make_address(market, "linden", "linden-solar", Mode.TEST, SYSTEM)
    later(either, 1)
    await make_address(market, "linden", "linden-solar", Mode.LIVE, OPERATOR)
    live, test = await addresses_of(market, "linden")
    rotated = await asyncio.gather(
        *(rotate_address(market, "linden", live["id"], OPERATOR) for _ in range(3)), return_exceptions=True
    )
    await revoke_address(market, "linden", test["id"], OPERATOR)
    with pytest.raises(NoSuchAddress, match="taken back already"):
        await revoke_address(market, "linden", live["id"], OPERATOR)

    assert [(OPERATOR.name, "live"), (SYSTEM.name, "test")] == [
        (each["made_by"], each["mode"]) for each in (live, test)
    ]
    assert 2 == sum(isinstance(each, NoSuchAddress) for each in rotated)
    (left,) = await addresses_of(market, "linden")
    assert ("linden-solar", "live", OPERATOR.name) == (left["party_id"], left["mode"], left["made_by"])
    assert left["id"] not in (live["id"], test["id"])
