"""The rules look at a request: what is found is stored with it, and what is proved is decided at once."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from exchange.flows.market import Market
from exchange.flows.return_decide import CannotDecide, Choice, decide_return
from exchange.flows.return_evidence import gather
from exchange.flows.settle import terms_of
from exchange.log import logger
from exchange.model.actor import SYSTEM
from exchange.model.returns import OPEN_RETURNS, Advice, Fact, Mark, ReturnState, Suggestion
from exchange.stages.returns.evidence import facts
from exchange.stages.returns.suggest import suggest
from exchange.storage.database import Row
from exchange.storage.returns import note_evidence, return_of

_LOG = logger(__name__)
_OPEN = tuple(each.value for each in OPEN_RETURNS)
_STATES = {Advice.APPROVE: ReturnState.APPROVED, Advice.DECLINE: ReturnState.DECLINED}


async def consider(market: Market, return_id: str) -> Row:
    """The request after the rules looked at it, once. Raises `LookupError` when there is none."""
    request = await market.db.write(return_of, return_id)
    if request is None:
        raise LookupError(return_id)
    if not _waits(request) or request["looked_at"] is not None:
        return request
    return await look_again(market, request)


def _waits(request: Row) -> bool:
    return request["state"] in _OPEN and request["withdrawn_at"] is None


async def look_again(market: Market, request: Row) -> Row:
    """As `consider`, also for one that was looked at before: its buyer brought more."""
    found, contract = await gather(market, request), await terms_of(market, request)
    if found is None or contract is None:
        made = Suggestion(Advice.LOOK, "no_proof", "The terms it was sold under are gone: a person looks")
        told: tuple[Fact, ...] = ()
    else:
        made, told = suggest(contract.returns, found), facts(found)
    now = market.clock.now()
    if await market.db.write(note_evidence, request["id"], packed(told), made, now) and made.automatic:
        choice = Choice(_STATES[made.advice], made.sentence, rule=made.rule, automatic=True)
        try:
            return (await decide_return(market, request["id"], choice, SYSTEM)).request
        except CannotDecide as error:
            _LOG.warning("A return was not decided by rule", request=request["id"], why=str(error))
    row = await market.db.write(return_of, request["id"])
    assert row is not None
    return row


async def consider_job(market: Market, payload: Mapping[str, object]) -> None:
    """The job that makes sure that every request is looked at, and that what is proved is decided."""
    return_id = str(payload["return_id"])
    request = await market.db.write(return_of, return_id)
    if request is None or not _waits(request):
        return
    if request["looked_at"] is None:
        await look_again(market, request)
    elif request["suggestion"] in ("approve", "decline"):  # it may have been cut off between looking and deciding
        await _finish(market, request)


async def _finish(market: Market, request: Row) -> None:
    contract, found = await terms_of(market, request), await gather(market, request)
    if contract is None or found is None:
        return
    made = suggest(contract.returns, found)
    if made.automatic and made.rule == request["rule"]:
        choice = Choice(_STATES[made.advice], made.sentence, rule=made.rule, automatic=True)
        await decide_return(market, request["id"], choice, SYSTEM)


def packed(told: tuple[Fact, ...]) -> str:
    return orjson.dumps([[each.name, each.sentence, each.mark.value] for each in told]).decode()


def unpacked(kept: str | None) -> tuple[Fact, ...]:
    """The facts of a stored request; none when the rules did not look yet."""
    return tuple(Fact(name, sentence, Mark(mark)) for name, sentence, mark in orjson.loads(kept or "[]"))
