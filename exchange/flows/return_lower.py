"""A buyer is given less than it was credited, for less was granted further on: the rest is charged again."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.clock import month_of
from exchange.flows.job_ends import ComeBack
from exchange.flows.jobs import LOWER, job
from exchange.flows.market import Market
from exchange.flows.return_decide import Choice, decide_return, may_lower
from exchange.flows.settle import StillAtWork
from exchange.model.actor import Actor, Role
from exchange.model.money import Money
from exchange.model.returns import ReturnState
from exchange.storage.database import Row
from exchange.storage.returns import ask_less, return_of

_WHY = "Its buyer asks for less than it was given."
_AGAIN_MS = 5_000  # while the lead is being sold


async def lower(market: Market, request: Row, part: Money, actor: Actor) -> bool:
    """Note that no more than `part` of its price is asked; a job does the rest. False when so much was not given."""
    if not may_lower(request, part):
        return False
    now, buyer = market.clock.now(), market.deals.buyers.get(request["buyer_id"])
    name = buyer.name if buyer is not None else request["buyer_id"]
    payload: dict[str, object] = {"return_id": request["id"], "by": actor.name}
    unique = f"lower:{request['id']}:{part.units}"
    work = job(market, f"return:{request['id']}", LOWER, payload, now, now, unique)
    told = f"{name} asks for no more than {part.text} {part.currency} of it"
    return await market.db.write(ask_less, request, part.units, now, month_of(now), told, actor.name, work)


async def lower_job(market: Market, payload: Mapping[str, object]) -> None:
    """The job. What cannot be charged again now (too little money, sold again since) fails, and is tried for days."""
    request = await market.db.write(return_of, str(payload["return_id"]))
    if request is None or request["asked_units"] is None:
        return
    part = Money(request["asked_units"], request["currency"])
    if not may_lower(request, part):
        return
    actor = Actor(Role.BUYER, str(payload["by"]), request["buyer_id"])
    try:
        choice = Choice(ReturnState.PARTIAL, _WHY, credit=part, lowers=True)
        await decide_return(market, request["id"], choice, actor)
    except StillAtWork:
        raise ComeBack(market.clock.now() + _AGAIN_MS) from None
