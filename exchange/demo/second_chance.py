"""The demo's nurture plan: what of solar nobody bought lies in the store, and is then offered again for less."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.flows.market import Market
from exchange.flows.nurture_plans import add_step, make_plan, switch
from exchange.model.actor import Actor, Role

OLIVE = Actor(Role.OPERATOR, "olive@demo.local")
_PLAN = {"name": "Second chance", "vertical": "solar"}
_STEPS: tuple[Mapping[str, str], ...] = (
    {"kind": "store", "age": "2 d", "price": "12.00", "falls": "60 % after 1 d", "days": "3", "sales": "1"},
    {"kind": "auction", "age": "6 d", "least": "9.00"},
)


async def begin_nurture(market: Market) -> None:
    """Made, given its steps, and switched on."""
    plan = await make_plan(market, _PLAN, "live", OLIVE)
    for step in _STEPS:
        await add_step(market, plan.id, step, OLIVE)
    await switch(market, plan.id, True, "0", OLIVE)
