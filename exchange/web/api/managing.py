"""What operators do by program: settle deliveries whose outcome is not known, and book what buyers paid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from exchange.flows.settle import CannotSettle, Decision, NoSuchDelivery, settle
from exchange.flows.top_up import top_up
from exchange.model.lead import Problem
from exchange.model.money import BadMoney, Money
from exchange.model.reason import Reason
from exchange.stages.notes import note_problem
from exchange.stages.respond import rfc3339
from exchange.storage.ledger import BookingConflict
from exchange.storage.seller_views import OpenDelivery, open_deliveries
from exchange.storage.selling import read_attempt
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.pages import length, page, since, wrong

DECISIONS = ("accepted", "rejected")
OPEN_STATES = ("unclear", "pending")
_REFERENCE = re.compile(r"[!-~]{1,80}")


async def deliveries(call: Call) -> Told:
    """Deliveries that wait for somebody to say what they were."""
    caller = call.admit_by_header("operator")
    state = call.request.query.get("state", "").strip()
    if state and state not in OPEN_STATES:
        raise wrong("state", "not_allowed", "state must be one of 2 values", state, OPEN_STATES)
    limit = length(call)
    states = (state,) if state else OPEN_STATES
    found = await call.market.db.read(open_deliveries, caller.actor, states, since(call), limit)
    last = (found[-1].made_at, found[-1].id) if found else None
    return Told(page("deliveries", [_delivery(each) for each in found], last, limit))


async def settle_delivery(call: Call) -> Told:
    """Say what a delivery was. The first decision stands."""
    caller = call.admit_by_header("operator")
    delivery_id = call.request.match_info["delivery_id"]
    sent = sent_fields(await call.read_fields())
    attempt = await call.market.db.read(read_attempt, delivery_id)
    if attempt is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such delivery.")
    decision = _decision(sent, attempt["currency"])
    try:
        state = await settle(call.market, delivery_id, decision, caller.actor, call.remote_ip)
    except NoSuchDelivery:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such delivery.") from None
    except CannotSettle as error:
        raise Stop(Reason.CANNOT_SETTLE, 409, str(error)) from None
    lead_id = attempt["lead_id"]
    fields = {
        "status": "settled",
        "delivery_id": delivery_id,
        "outcome": DECISIONS[0] if decision.accepted else DECISIONS[1],
        "lead_id": lead_id,
        "lead_state": state.value,
    }
    return Told(fields, lead_id=lead_id)


async def top_up_buyer(call: Call) -> Told:
    """Book a payment. The same reference with the same amount is booked once."""
    caller = call.admit_by_header("operator")
    buyer_id = call.request.match_info["buyer_id"]
    sent = sent_fields(await call.read_fields())
    buyer = call.market.deals.buyers.get(buyer_id)
    if buyer is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such buyer.")
    amount, reference = _payment(sent, buyer.limit.currency)
    try:
        done = await top_up(call.market, buyer_id, amount, reference, caller.actor, call.remote_ip)
    except BookingConflict:
        message = "This reference is booked already, with another amount."
        raise Stop(Reason.IDEMPOTENCY_CONFLICT, 409, message) from None
    assert done is not None
    fields = {
        "status": "booked" if done.new else "unchanged",
        "buyer_id": buyer_id,
        "amount": amount.text,
        "currency": amount.currency,
        "balance": done.posted.text,
        "available": done.available.text,
    }
    return Told(fields)


def _decision(sent: Mapping[str, str], currency: str) -> Decision:
    problems: list[Problem] = []
    word = sent.get("decision", "")
    if word not in DECISIONS:
        code = "not_allowed" if word else "missing"
        problems.append(Problem("decision", code, "decision must be accepted or rejected.", word, DECISIONS))
    price = _amount(sent, "price", currency, problems) if "price" in sent else None
    note = sent.get("note", "")
    if note and (wrong := note_problem(note)) is not None:
        problems.append(wrong)
    if problems:
        raise Stop(Reason.INVALID, 422, problems=tuple(problems))
    return Decision(word == DECISIONS[0], note or "told by the API", price)


def _payment(sent: Mapping[str, str], currency: str) -> tuple[Money, str]:
    problems: list[Problem] = []
    amount = _amount(sent, "amount", currency, problems)
    if amount is not None and not amount.units:
        problems.append(Problem("amount", "range", "amount must be above zero.", sent["amount"]))
    reference = sent.get("reference", "")
    if not _REFERENCE.fullmatch(reference):
        told = "reference must be 1 to 80 visible ASCII characters: it makes a repeat harmless."
        problems.append(Problem("reference", "pattern" if reference else "missing", told, reference))
    if problems or amount is None:
        raise Stop(Reason.INVALID, 422, problems=tuple(problems))
    return amount, reference


def _amount(sent: Mapping[str, str], name: str, currency: str, problems: list[Problem]) -> Money | None:
    text = sent.get(name, "")
    try:
        money = Money.parse(text, currency)
    except BadMoney:
        told = f"{name} must be a decimal amount of {currency} such as 1250.00."
        problems.append(Problem(name, "type" if text else "missing", told, text))
        return None
    if money.units < 0:
        problems.append(Problem(name, "range", f"{name} must not be negative.", text))
    return money


def _delivery(delivery: OpenDelivery) -> dict[str, Any]:
    after = delivery.settle_after
    return {
        "delivery_id": delivery.id,
        "lead_id": delivery.lead_id,
        "buyer_id": delivery.buyer_id,
        "contract_id": delivery.contract_id,
        "state": delivery.state,
        "reason": delivery.reason,
        "detail": delivery.detail or None,
        "price": delivery.price.text,
        "currency": delivery.price.currency,
        "buyer_reference": delivery.buyer_reference,
        "test": True if delivery.mode == "test" else None,
        "made_at": rfc3339(delivery.made_at),
        "settle_after": rfc3339(after) if after is not None else None,
    }
