"""What a delivery's end means for its sale: booked, not made, undone, or a matter for people."""

from __future__ import annotations

from exchange.flows.job_ends import ComeBack
from exchange.flows.market import Market
from exchange.flows.settle import CannotSettle, Decision, StillAtWork, settle, terms_of
from exchange.flows.undo import reverse_sale
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.auction import AttemptState
from exchange.model.delivery import DeliveryState, spoken
from exchange.model.money import Money
from exchange.stages.delivery import Consequence, consequence
from exchange.storage.database import Row
from exchange.storage.deliveries import read_delivery
from exchange.storage.selling import read_attempt

LEAD_AT_WORK_MS = 500
_OTHERWISE = {
    Consequence.REFUSE: AttemptState.REJECTED,
    Consequence.FAIL: AttemptState.FAILED,
    Consequence.UNCLEAR: AttemptState.UNCLEAR,
}


async def conclude(market: Market, attempt_id: str) -> Consequence:
    """Draw the consequence of how a delivery stands. Doing it twice changes nothing.

    Raises `ComeBack` while its lead is being sold.
    """
    delivery = await market.db.read(read_delivery, attempt_id)
    attempt = await market.db.read(read_attempt, attempt_id)
    if delivery is None or attempt is None:
        return Consequence.NOTHING
    contract = await terms_of(market, attempt)
    if contract is None:
        raise LookupError(f"{attempt_id} was made under a contract that is gone")
    state = DeliveryState(delivery["state"])
    follows = consequence(attempt["state"], state, contract)
    actor = _who(delivery, state)
    try:
        await _draw(market, follows, delivery, attempt, actor)
    except StillAtWork as busy:
        raise ComeBack(market.clock.now() + LEAD_AT_WORK_MS) from busy
    except CannotSettle:
        return Consequence.NOTHING  # somebody was faster, and what they decided stands
    return follows


async def _draw(market: Market, follows: Consequence, delivery: Row, attempt: Row, actor: Actor) -> None:
    why = delivery["last_error"] or f"its delivery was {delivery['state']}"
    if follows is Consequence.SELL:
        price = Money(delivery["price_units"], attempt["currency"]) if delivery["price_units"] is not None else None
        decision = Decision(True, _arrived(delivery), price, delivery["provider_ref"])
        await settle(market, attempt["id"], decision, actor)
    elif follows in _OTHERWISE:
        await settle(market, attempt["id"], Decision(False, why, otherwise=_OTHERWISE[follows]), actor)
    elif follows is Consequence.REVERSE:
        await reverse_sale(market, attempt["id"], why, actor, DeliveryState(delivery["state"]))


def _arrived(delivery: Row) -> str:
    by = f"by {spoken(delivery['channel'])}"
    return f"accepted {by}" if delivery["state"] == DeliveryState.ACCEPTED.value else f"it arrived {by}"


def _who(delivery: Row, state: DeliveryState) -> Actor:
    """A person at the buyer said so, or the exchange saw it."""
    if state in (DeliveryState.ACCEPTED, DeliveryState.REFUSED):
        return Actor(Role.BUYER, delivery["buyer_id"], delivery["buyer_id"])
    return SYSTEM
