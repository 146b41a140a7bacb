"""Ask a buyer what became of a post it never answered clearly. What it says settles the attempt; silence does not."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.connector import Terms
from exchange.courier.courier import Call
from exchange.flows.market import Market
from exchange.flows.settle import OPEN_STATES, CannotSettle, Decision, settle, terms_of
from exchange.model.actor import Actor, Role
from exchange.model.auction import Accepted, Rejected
from exchange.storage.selling import read_attempt

_SECONDS = 10.0


class StillUnknown(Exception):
    """The buyer could not say; the job asks again later."""


async def ask_outcome(market: Market, payload: Mapping[str, object]) -> None:
    """Settle one attempt by the buyer's own word. Raises `StillUnknown` while there is none."""
    attempt = await market.db.write(read_attempt, str(payload["attempt_id"]))
    if attempt is None or attempt["state"] not in OPEN_STATES:
        return
    contract = await terms_of(market, attempt)
    connection = market.connections.get(contract.connection) if contract is not None else None
    if contract is None or connection is None or connection.asks is None:
        return
    terms = Terms(market.clock.now(), attempt["reference"], connection.secrets)
    conversation = connection.asks.ask(attempt["reference"], contract, terms)
    call = Call(contract.buyer_id, conversation, delivers=False, contract=contract.id, simulated=connection.simulated)
    result = await market.courier.converse(call, market.clock.monotonic() + _SECONDS)
    decision = _decision(result.answer)
    if decision is None:
        raise StillUnknown(attempt["id"])
    try:
        await settle(market, attempt["id"], decision, Actor(Role.BUYER, contract.buyer_id, contract.buyer_id))
    except CannotSettle:
        return  # somebody settled it while the buyer was asked


def _decision(answer: object) -> Decision | None:
    """Only a clear yes or no decides."""
    if isinstance(answer, Accepted):
        return Decision(True, "the buyer's status page says so", answer.price, answer.reference)
    if isinstance(answer, Rejected):
        return Decision(False, answer.detail or "the buyer's status page says so")
    return None
