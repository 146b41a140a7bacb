"""A buyer takes its request back: one that waits is declined, what was credited is charged again."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.clock import month_of
from exchange.flows.job_ends import ComeBack
from exchange.flows.jobs import WITHDRAW, job
from exchange.flows.market import Market
from exchange.flows.return_decide import Choice, decide_return
from exchange.flows.settle import StillAtWork
from exchange.model.actor import Actor, Role
from exchange.model.returns import ReturnState
from exchange.storage.database import Row
from exchange.storage.returns import note_withdrawn, return_of

_WHY = "Its buyer took the request back."
_AGAIN_MS = 5_000  # while the lead is being sold


async def withdraw(market: Market, request: Row, actor: Actor) -> bool:
    """Note it at once; a job does the rest. False when it was noted before."""
    now, buyer = market.clock.now(), market.deals.buyers.get(request["buyer_id"])
    name = buyer.name if buyer is not None else request["buyer_id"]
    payload: dict[str, object] = {"return_id": request["id"], "by": actor.name}
    work = job(market, f"return:{request['id']}", WITHDRAW, payload, now, now, f"withdraw:{request['id']}")
    told = f"{name} takes its request back"
    return await market.db.write(note_withdrawn, request, now, month_of(now), told, actor.name, work)


async def withdraw_job(market: Market, payload: Mapping[str, object]) -> None:
    """The job. What cannot be charged again now (too little money, sold again since) fails, and is tried for days; a
    lead that was given instead stays given."""
    request = await market.db.write(return_of, str(payload["return_id"]))
    if request is None or request["state"] in (ReturnState.DECLINED.value, ReturnState.REPLACED.value):
        return
    actor = Actor(Role.BUYER, str(payload["by"]), request["buyer_id"])
    try:
        await decide_return(market, request["id"], Choice(ReturnState.DECLINED, _WHY, withdrawn=True), actor)
    except StillAtWork:
        raise ComeBack(market.clock.now() + _AGAIN_MS) from None
