"""What the simulated buyers of test mode do later: settle a waiting test lead, or return a sold one."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.clock import month_of
from exchange.flows.market import Market
from exchange.flows.settle import CannotSettle, Decision, settle
from exchange.model.actor import Actor, Role
from exchange.storage.closing import add_event

SIMULATED = Actor(Role.BUYER, "simulated buyer")


async def settle_test_lead(market: Market, payload: Mapping[str, object]) -> None:
    accepted = payload["decision"] == "accepted"
    try:
        await settle(market, str(payload["attempt_id"]), Decision(accepted, "the test outcome asked for it"), SIMULATED)
    except CannotSettle:
        return  # somebody settled it by hand in the meantime


async def return_test_lead(market: Market, payload: Mapping[str, object]) -> None:
    now = market.clock.now()
    sentence = "Returned: the test outcome asked for it"
    await market.db.write(add_event, str(payload["lead_id"]), month_of(now), now, "returned", sentence, SIMULATED.name)
