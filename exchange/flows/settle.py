"""What a post was that gave no clear answer: told by a person, a rule, the buyer's status page, or a test's script."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from exchange.clock import month_of
from exchange.flows.jobs import RESELL, job
from exchange.flows.market import Market
from exchange.flows.tell import tell_buyer, tell_seller
from exchange.model.actor import Actor
from exchange.model.auction import AttemptState
from exchange.model.audit import AuditLine
from exchange.model.money import Money
from exchange.model.party import Campaign, Contract, OnUnclear
from exchange.model.reason import Reason
from exchange.model.work import Closing, JobRow, LeadState, Settlement
from exchange.stages.settle import Earlier, SaleTerms, as_sale
from exchange.storage.database import Row
from exchange.storage.holds import held_account
from exchange.storage.leads import sales_of
from exchange.storage.parties import read_campaign_version, read_contract_version
from exchange.storage.selling import read_attempt, read_lead, settle_once

OPEN_STATES = ("unclear", "pending")
_AT_WORK = (LeadState.OPEN.value, LeadState.SELLING.value)
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
    _check_price(attempt, decision)
    lead = await market.db.write(read_lead, attempt["lead_id"])
    assert lead is not None
    if lead["state"] in _AT_WORK:
        raise CannotSettle(f"The lead of {attempt_id} is still being sold. Try again in a moment.")
    contract = await terms_of(market, attempt)
    if contract is None:
        raise CannotSettle(f"{attempt_id} was made under a contract that is gone.")
    now = market.clock.now()
    settlement = await _settlement(market, attempt, lead, contract, decision, now)
    closings = _closings(market, settlement, lead, contract, actor, now)
    line = _audit_line(market, attempt, settlement, actor, ip, now)
    state = await market.db.write(settle_once, settlement, closings, line)
    if state is None:
        raise CannotSettle(f"{attempt_id} was settled by somebody else a moment ago.")
    return state


def _check_price(attempt: Row, decision: Decision) -> None:
    bid, price = Money(attempt["price_units"], attempt["currency"]), decision.price
    if price is None:
        return
    if price.currency != bid.currency or price > bid:
        raise CannotSettle(f"{attempt['id']} holds {bid.text} {bid.currency}; its price cannot be above that.")
    if price.units < 0:
        raise CannotSettle(f"{attempt['id']} cannot be sold for less than nothing.")


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


async def terms_of(market: Market, attempt: Row) -> Contract | None:
    """The contract version an attempt was made under. The simulated buyers of test mode are in no table."""
    found = await market.db.write(read_contract_version, attempt["contract_id"], attempt["contract_version"])
    return found if found is not None else market.deals.contracts.get(attempt["contract_id"])


async def _settlement(
    market: Market, attempt: Row, lead: Row, contract: Contract, decision: Decision, now: int
) -> Settlement:
    price = decision.price or Money(attempt["price_units"], attempt["currency"])
    settlement = Settlement(
        attempt["id"],
        lead["id"],
        month_of(now),
        AttemptState.ACCEPTED if decision.accepted else AttemptState.REJECTED,
        None if decision.accepted else Reason.BUYER_REJECTED.slug,
        decision.why,
        price,
        decision.buyer_reference or attempt["buyer_reference"],
        now,
        expected=OPEN_STATES,
    )
    if not decision.accepted:
        return settlement
    account = await market.db.write(held_account, attempt["id"]) if attempt["mode"] == "live" else None
    if attempt["mode"] == "live" and account is None:
        raise CannotSettle(f"{attempt['id']} holds no money any more.")
    promised = attempt["promised_units"]
    terms = SaleTerms(
        market.ids.new("sal", now),
        await campaign_of(market, lead),
        account,
        bool(attempt["exclusive"]),
        Money(promised, lead["currency"]) if promised is not None else None,
        _bytes(lead["phone_index"]),
        _bytes(lead["email_index"]),
        await _earlier(market, lead),
    )
    return as_sale(settlement, terms, price, None)


async def campaign_of(market: Market, lead: Row) -> Campaign:
    """The campaign version a lead was taken under: its terms hold to the end."""
    found = await market.db.write(read_campaign_version, lead["campaign_id"], lead["campaign_version"])
    return found if found is not None else market.deals.campaigns[lead["campaign_id"]]


async def _earlier(market: Market, lead: Row) -> Earlier:
    currency = lead["currency"]
    payouts = sum(row["payout_units"] for row in await market.db.write(sales_of, lead["id"]))
    return Earlier(
        Money(lead["revenue_units"], currency), Money(payouts, currency), Money(lead["payout_units"], currency)
    )


def _closings(
    market: Market, settlement: Settlement, lead: Row, contract: Contract, actor: Actor, now: int
) -> tuple[Closing, ...]:
    """One end for every state the lead may be in after this; the storage knows which it is."""
    sold = settlement.sale is not None
    resells = not sold and contract.on_unclear is OnUnclear.ASSUME_REJECTED and lead["mode"] == "live"
    campaign = market.deals.campaigns[lead["campaign_id"]]
    word = "accepted" if sold else "refused"
    ends = []
    for state in (LeadState.SOLD, LeadState.UNCLEAR, LeadState.PENDING, LeadState.UNSOLD):
        waits = state in (LeadState.UNCLEAR, LeadState.PENDING)
        goes_on = resells and not waits
        if goes_on:
            jobs = _resale(market, lead, settlement, now)
        elif waits or (state is LeadState.SOLD and not sold):
            jobs = ()  # the seller hears once all is known, and nothing that changes nothing
        else:
            jobs = tell_seller(market, campaign, lead, state, _earned(lead, settlement), now)
        if sold:
            jobs = (*jobs, *tell_buyer(market, contract, lead, settlement, now))
        ends.append(
            Closing(
                lead["id"],
                month_of(now),
                now,
                LeadState.SELLING if goes_on and state is LeadState.UNSOLD else state,
                _reason_of(state),
                None,
                None if state is LeadState.UNSOLD and not goes_on else now + claim_ms(market, lead),
                jobs=jobs,
                event=f"Settled as {word} by {actor.name}: {settlement.detail}",
                actor=actor.name,
                ends=state,
            )
        )
    return tuple(ends)


def _reason_of(state: LeadState) -> str | None:
    reasons = {
        LeadState.UNCLEAR: Reason.OUTCOME_UNCLEAR,
        LeadState.PENDING: Reason.AWAITING_RECEIPT,
        LeadState.UNSOLD: Reason.BUYER_REJECTED,
    }
    return reasons[state].slug if state in reasons else None


def claim_ms(market: Market, lead: Row) -> int:
    """How long the consumer of a sold lead stays taken."""
    campaign, vertical = market.deals.campaigns.get(lead["campaign_id"]), market.verticals.get(lead["vertical"])
    days = campaign.duplicate_days if campaign is not None else None
    if days is None:
        days = vertical.duplicate_days if vertical is not None else 0
    return days * _DAY_MS


def _earned(lead: Row, settlement: Settlement) -> Money:
    payout = settlement.sale.payout_units if settlement.sale is not None else 0
    return Money(lead["payout_units"] + payout, lead["currency"])


def _resale(market: Market, lead: Row, settlement: Settlement, now: int) -> tuple[JobRow, ...]:
    unique = f"resell:{settlement.attempt_id}"
    return (job(market, f"resell:{lead['id']}", RESELL, {"lead_id": lead["id"]}, now, now, unique),)


def _bytes(value: bytes | None) -> bytes | None:
    return bytes(value) if value is not None else None


async def settle_by_rule(market: Market, attempt: Row, actor: Actor) -> LeadState:
    """What the contract says silence means, when its time has come."""
    contract = await terms_of(market, attempt)
    if contract is None:
        raise CannotSettle(f"{attempt['id']} was made under a contract that is gone.")
    accepted = contract.on_unclear is OnUnclear.ASSUME_ACCEPTED
    decision = Decision(accepted, f"the contract says {contract.on_unclear.value.replace('_', ' ')}")
    return await settle(market, attempt["id"], decision, actor)
