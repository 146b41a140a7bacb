"""What a post was that gave no clear answer: told by a person, a rule, the buyer's status page, or a test's script."""

from __future__ import annotations

from dataclasses import dataclass, replace

import orjson

from exchange.clock import month_of
from exchange.flows.jobs import POSTBACK, job
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.auction import AttemptState
from exchange.model.audit import AuditLine
from exchange.model.money import Money
from exchange.model.party import Campaign, Contract
from exchange.model.work import Closing, JobRow, LeadState, Settlement
from exchange.stages.settle import SaleTerms, as_sale
from exchange.storage.database import Row
from exchange.storage.parties import read_contract_version
from exchange.storage.selling import lead_attempts, read_attempt, read_lead, settle_once

OPEN_STATES = ("unclear", "pending")
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Decision:
    """`accepted` or `rejected`, at another price than the bid if `price` is given. `why` goes into the record."""

    accepted: bool
    why: str
    price: Money | None = None
    buyer_reference: str | None = None


class CannotSettle(Exception):
    """The sentence says what is in the way."""


class NoSuchDelivery(CannotSettle):
    """The id names nothing."""


async def settle(market: Market, attempt_id: str, decision: Decision, actor: Actor, ip: str = "") -> LeadState:
    """Settle one unclear or pending attempt. The first decision stands; a second one is refused."""
    attempt = await market.db.write(read_attempt, attempt_id)
    if attempt is None:
        raise NoSuchDelivery(f"There is no delivery {attempt_id}.")
    if attempt["state"] not in OPEN_STATES:
        raise CannotSettle(f"{attempt_id} is {attempt['state']}; only an unclear or pending delivery can be settled.")
    bid = Money(attempt["price_units"], attempt["currency"])
    if decision.price is not None and (decision.price.currency != bid.currency or decision.price > bid):
        raise CannotSettle(f"{attempt_id} holds {bid.text} {bid.currency}; its price cannot be above that.")
    lead = await market.db.write(read_lead, attempt["lead_id"])
    contract = await terms_of(market, attempt)
    assert lead is not None
    others = [row for row in await market.db.write(lead_attempts, lead["id"]) if row["id"] != attempt_id]
    now = market.clock.now()
    settlement = _settlement(market, attempt, lead, contract, decision, now)
    closing = _closing(market, settlement, lead, others, decision, actor, now)
    line = _audit_line(market, attempt, settlement, actor, ip, now)
    if not await market.db.write(settle_once, settlement, closing, line):
        raise CannotSettle(f"{attempt_id} was settled by somebody else a moment ago.")
    return closing.state


def _audit_line(market: Market, attempt: Row, settlement: Settlement, actor: Actor, ip: str, now: int) -> AuditLine:
    after = {"state": settlement.state.value, "price": settlement.price.text, "why": settlement.detail}
    return AuditLine(
        market.ids.new("aud", now),
        now,
        month_of(now),
        actor,
        ip,
        "delivery.settled",
        f"delivery:{attempt['id']}",
        orjson.dumps({"state": attempt["state"]}).decode(),
        orjson.dumps(after).decode(),
    )


async def terms_of(market: Market, attempt: Row) -> Contract:
    """The contract version an attempt was made under. The simulated buyers of test mode are in no table."""
    found = await market.db.write(read_contract_version, attempt["contract_id"], attempt["contract_version"])
    return found if found is not None else market.deals.contracts[attempt["contract_id"]]


def _settlement(
    market: Market, attempt: Row, lead: Row, contract: Contract, decision: Decision, now: int
) -> Settlement:
    price = decision.price or Money(attempt["price_units"], attempt["currency"])
    settlement = Settlement(
        attempt["id"],
        lead["id"],
        month_of(now),
        AttemptState.ACCEPTED if decision.accepted else AttemptState.REJECTED,
        None if decision.accepted else "buyer_rejected",
        decision.why,
        price,
        decision.buyer_reference or attempt["buyer_reference"],
        now,
        expected=OPEN_STATES,
    )
    if not decision.accepted:
        return settlement
    campaign = _campaign(market, lead)
    promised = Money(lead["promised_units"], lead["currency"]) if lead["promised_units"] is not None else None
    terms = SaleTerms(
        market.ids.new("sal", now),
        campaign,
        market.deals.buyers[contract.buyer_id] if attempt["mode"] == "live" else None,
        bool(attempt["exclusive"]),
        promised,
        _bytes(lead["phone_index"]),
        _bytes(lead["email_index"]),
    )
    return as_sale(settlement, terms, price, None)


def _closing(
    market: Market, settlement: Settlement, lead: Row, others: list[Row], decision: Decision, actor: Actor, now: int
) -> Closing:
    waits = any(row["state"] in OPEN_STATES for row in others)
    sold = decision.accepted or any(row["state"] == "accepted" for row in others)
    state = LeadState.SOLD if sold else (LeadState.UNCLEAR if waits else LeadState.UNSOLD)
    campaign = _campaign(market, lead)
    days = campaign.duplicate_days
    window_ms = (market.verticals[lead["vertical"]].duplicate_days if days is None else days) * _DAY_MS
    word = "accepted" if decision.accepted else "refused"
    return Closing(
        lead["id"],
        month_of(now),
        now,
        state,
        None if sold else ("outcome_unclear" if waits else "buyer_rejected"),
        None,
        now + window_ms if sold or waits else None,
        jobs=_postbacks(market, campaign, lead, settlement, state, now),
        event=f"Settled as {word} by {actor.name}: {decision.why}",
        actor=actor.name,
    )


def _postbacks(
    market: Market, campaign: Campaign, lead: Row, settlement: Settlement, state: LeadState, now: int
) -> tuple[JobRow, ...]:
    """The seller was told `queued`; now it hears how it ended."""
    if campaign.postback_url is None or state is LeadState.UNCLEAR:
        return ()
    payload: dict[str, object] = {
        "campaign_id": campaign.id,
        "lead_id": lead["id"],
        "seller_lead_id": lead["seller_lead_id"],
        "status": "accepted" if state is LeadState.SOLD else "unsold",
        "price": Money(settlement.sale.payout_units, lead["currency"]).text if settlement.sale else None,
        "currency": lead["currency"],
        "test": lead["mode"] == "test",
    }
    unique = f"postback:{lead['id']}:{state.value}"
    return (job(market, f"postback:{campaign.id}", POSTBACK, payload, now, now, unique),)


def _campaign(market: Market, lead: Row) -> Campaign:
    return market.deals.campaigns[lead["campaign_id"]]


def _bytes(value: bytes | None) -> bytes | None:
    return bytes(value) if value is not None else None


async def settle_by_rule(market: Market, attempt: Row, actor: Actor) -> LeadState:
    """What the contract says silence means, when its time has come."""
    contract = await terms_of(market, attempt)
    accepted = contract.on_unclear.value == "assume_accepted"
    decision = Decision(accepted, f"the contract says {contract.on_unclear.value.replace('_', ' ')}")
    return await settle(market, attempt["id"], replace(decision), actor)
