"""What a post was that gave no clear answer: told by a person, a rule, the buyer's status page, or a test's script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.jobs import RESELL, job
from exchange.flows.lead_terms import as_earned
from exchange.flows.market import Market
from exchange.flows.tell import DELIVERY_FAILED, News, tell, tell_buyer, tell_seller
from exchange.model.actor import Actor, Role
from exchange.model.auction import AttemptState, Bought
from exchange.model.audit import AuditLine
from exchange.model.delivery import DeliveryState
from exchange.model.money import Money
from exchange.model.party import Campaign, Contract, OnUnclear
from exchange.model.reason import Reason
from exchange.model.work import Claim, Closing, JobRow, LeadState, Settlement, Sums
from exchange.stages.duplicates.windows import scope_key, taken_until, windows_of
from exchange.stages.settle import Earlier, SaleTerms, as_sale
from exchange.storage.database import Row
from exchange.storage.deliveries import read_delivery
from exchange.storage.holds import held_account
from exchange.storage.leads import standing_sales
from exchange.storage.parties import read_campaign_version, read_contract_version
from exchange.storage.selling import LeadMoved, read_attempt, read_lead, settle_once

OPEN_STATES = ("unclear", "pending")
_AT_WORK = (LeadState.OPEN.value, LeadState.SELLING.value)
WAITS = (LeadState.UNCLEAR, LeadState.PENDING)
BY_RULE = "the contract says"
"""How the detail of an attempt begins about which nobody ever said anything."""
TRIES = 8  # another sale of the same lead between reading and writing is rare, seven in a row are not chance
_WORDS = MappingProxyType(
    {
        AttemptState.ACCEPTED: "accepted",
        AttemptState.REJECTED: "refused",
        AttemptState.FAILED: "failed",
        AttemptState.UNCLEAR: "unclear",
    }
)
_WHY = MappingProxyType(
    {
        AttemptState.REJECTED: Reason.BUYER_REJECTED,
        AttemptState.FAILED: Reason.POST_FAILED,
        AttemptState.UNCLEAR: Reason.OUTCOME_UNCLEAR,
    }
)
_ENDS = MappingProxyType(
    {
        AttemptState.ACCEPTED: DeliveryState.ACCEPTED,
        AttemptState.REJECTED: DeliveryState.REFUSED,
        AttemptState.FAILED: DeliveryState.FAILED,
    }
)
"""How a delivery ends with its attempt, when it has not ended by itself."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`accepted`, at another price than the bid if `price` is given, or `otherwise`: rejected, failed or unclear.

    `why` goes into the record.
    """

    accepted: bool
    why: str
    price: Money | None = None
    buyer_reference: str | None = None
    otherwise: AttemptState = AttemptState.REJECTED

    @property
    def state(self) -> AttemptState:
        return AttemptState.ACCEPTED if self.accepted else self.otherwise


class CannotSettle(Exception):
    """The sentence says what is in the way."""


class StillAtWork(CannotSettle):
    """Somebody sells the lead at this moment. It is over soon."""


class NoSuchDelivery(CannotSettle):
    """The id names nothing."""


Keep = Callable[[Settlement, Sums, tuple[Closing, ...], AuditLine], Awaitable[LeadState | None]]


async def settle(
    market: Market, attempt_id: str, decision: Decision, actor: Actor, ip: str = "", *, keep: Keep | None = None
) -> LeadState:
    """Settle one unclear or pending attempt. The first decision stands; a second one is refused.

    `keep` stores it with more that belongs to it; unless said it is stored by itself.
    """
    keep = keep or partial(_alone, market)
    for _ in range(TRIES):
        with suppress(LeadMoved):
            return await _settle(market, attempt_id, decision, actor, ip, keep)
    raise StillAtWork(f"The lead of {attempt_id} is being sold at this moment. Try again.")


async def _alone(
    market: Market, settlement: Settlement, before: Sums, closings: tuple[Closing, ...], line: AuditLine
) -> LeadState | None:
    return await market.db.write(settle_once, settlement, before, closings, line)


async def _settle(market: Market, attempt_id: str, decision: Decision, actor: Actor, ip: str, keep: Keep) -> LeadState:
    attempt = await market.db.write(read_attempt, attempt_id)
    if attempt is None:
        raise NoSuchDelivery(f"There is no delivery {attempt_id}.")
    if attempt["state"] not in _may_be(decision):
        raise CannotSettle(f"{attempt_id} is {attempt['state']}; only an unclear or pending delivery can be settled.")
    _check_price(attempt, decision)
    lead = await market.db.write(read_lead, attempt["lead_id"])
    assert lead is not None
    if lead["state"] in _AT_WORK:
        raise StillAtWork(f"The lead of {attempt_id} is still being sold. Try again in a moment.")
    contract = await terms_of(market, attempt)
    if contract is None:
        raise CannotSettle(f"{attempt_id} was made under a contract that is gone.")
    now = market.clock.now()
    delivery = await market.db.write(read_delivery, attempt_id)
    settlement = await _settlement(market, attempt, lead, contract, decision, now)
    closings = _closings(market, settlement, lead, _Rules(contract, delivery is not None), actor, now)
    line = _audit_line(market, attempt, settlement, actor, ip, now)
    state = await keep(settlement, sums_of(lead), closings, line)
    if state is None:
        raise CannotSettle(f"{attempt_id} was settled by somebody else a moment ago.")
    return state


def sums_of(lead: Row) -> Sums:
    return Sums(lead["revenue_units"], lead["payout_units"], lead["times_sold"])


def _may_be(decision: Decision) -> tuple[str, ...]:
    """What is unclear already does not become so again."""
    return OPEN_STATES if decision.state is not AttemptState.UNCLEAR else ("pending",)


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
    before, what = {"state": attempt["state"]}, f"delivery:{attempt['id']}"
    return audit_line(market.ids, now, actor, "delivery.settled", what, before=before, after=after, ip=ip)


async def terms_of(market: Market, attempt: Row) -> Contract | None:
    """The contract version an attempt was made under. The simulated buyers of test mode are in no table."""
    found = await market.db.read(read_contract_version, attempt["contract_id"], attempt["contract_version"])
    return found if found is not None else market.deals.contracts.get(attempt["contract_id"])


async def _settlement(
    market: Market, attempt: Row, lead: Row, contract: Contract, decision: Decision, now: int
) -> Settlement:
    price = decision.price or Money(attempt["price_units"], attempt["currency"])
    settlement = Settlement(
        attempt["id"],
        lead["id"],
        month_of(now),
        decision.state,
        _WHY[decision.state].slug if decision.state in _WHY else None,
        decision.why,
        price,
        decision.buyer_reference or attempt["buyer_reference"],
        now,
        _settle_after(contract, decision, now),
        expected=_may_be(decision),
        delivery=_ENDS.get(decision.state),
    )
    if not decision.accepted:
        return settlement
    account = await market.db.write(held_account, attempt["id"]) if attempt["mode"] == "live" else None
    if attempt["mode"] == "live" and account is None:
        raise CannotSettle(f"{attempt['id']} holds no money any more.")
    promised = attempt["promised_units"]
    terms = SaleTerms(
        market.ids.new("sal", now),
        Bought(*(attempt[column] for column in Bought._fields)),
        await as_earned(market, await campaign_of(market, lead), lead, attempt["request_id"]),
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
    found = await market.db.read(read_campaign_version, lead["campaign_id"], lead["campaign_version"])
    return found if found is not None else market.deals.campaigns[lead["campaign_id"]]


async def _earlier(market: Market, lead: Row) -> Earlier:
    currency = lead["currency"]
    payouts = sum(
        row["payout_units"] - row["returned_payout_units"] for row in await market.db.write(standing_sales, lead["id"])
    )
    return Earlier(
        Money(lead["revenue_units"], currency), Money(payouts, currency), Money(lead["payout_units"], currency)
    )


class _Rules(NamedTuple):
    """What the contract says of a sale that is not made."""

    contract: Contract
    beside: bool  # it is delivered beside the request

    @property
    def resells(self) -> bool:
        """Silence has a rule of its own; a delivery that failed or was refused has another."""
        if self.beside:
            return self.contract.on_failure == "resell"
        return self.contract.on_unclear is OnUnclear.ASSUME_REJECTED


def _settle_after(contract: Contract, decision: Decision, now: int) -> int | None:
    """When the contract's rule settles what is unclear now."""
    by_rule = decision.state is AttemptState.UNCLEAR and contract.on_unclear is not OnUnclear.ASK
    return now + contract.unclear_after_ms if by_rule else None


def failed_news(attempt_id: str, lead: Row, contract: Contract, why: str, now: int) -> tuple[News, ...]:
    """What both sides are told of a delivery that failed for good."""
    told = {"lead_id": lead["id"], "delivery_id": attempt_id, "why": why}
    to_seller = {"lead_id": lead["id"]}  # the words of a buyer's server would tell whose it is
    return (
        News(DELIVERY_FAILED, Role.BUYER, contract.buyer_id, attempt_id, now, told),
        News(DELIVERY_FAILED, Role.SELLER, lead["seller_id"], attempt_id, now, to_seller),
    )


def _failed_news(market: Market, settlement: Settlement, lead: Row, contract: Contract, now: int) -> tuple[JobRow, ...]:
    if settlement.state is not AttemptState.FAILED:
        return ()
    news = failed_news(settlement.attempt_id, lead, contract, settlement.detail, now)
    return tuple(job for each in news for job in tell(market, each))


def _closings(
    market: Market, settlement: Settlement, lead: Row, rules: _Rules, actor: Actor, now: int
) -> tuple[Closing, ...]:
    sold = settlement.sale is not None
    over = settlement.state in (AttemptState.REJECTED, AttemptState.FAILED)
    campaign = market.deals.campaigns[lead["campaign_id"]]
    news = _failed_news(market, settlement, lead, rules.contract, now)
    if sold:
        news = (*tell_buyer(market, rules.contract, lead, settlement, now), *news)

    def told(state: LeadState, goes_on: bool) -> tuple[JobRow, ...]:
        """The seller hears once all is known, and nothing that changes nothing."""
        if goes_on or state in WAITS or (state is LeadState.SOLD and not sold):
            return news
        return (*tell_seller(market, campaign, lead, state, _earned(lead, settlement), now), *news)

    event = f"Settled as {_WORDS[settlement.state]} by {actor.name}: {settlement.detail}"
    after = After(settlement.attempt_id, over and rules.resells, event, actor, told)
    return closings(market, lead, after, now)


class After(NamedTuple):
    """What follows for a lead when one of its deliveries has ended: it may be sold again, and people are `told`, by
    the state that it is left in and whether it is sold again."""

    attempt_id: str
    resells: bool
    event: str
    actor: Actor
    told: Callable[[LeadState, bool], tuple[JobRow, ...]]


def closings(market: Market, lead: Row, after: After, now: int) -> tuple[Closing, ...]:
    """One end for every state the lead may be in after this; the storage knows which it is."""
    resells = after.resells and lead["mode"] == "live"
    ends = []
    for state in (LeadState.SOLD, *WAITS, LeadState.UNSOLD):
        goes_on = resells and state not in WAITS
        left = LeadState.SELLING if goes_on and state is LeadState.UNSOLD else state
        ends.append(
            Closing(
                lead["id"],
                month_of(now),
                now,
                left,
                reason_of(state),
                None,
                claim_until(market, lead, left, now),
                jobs=(
                    *(resale(market, lead, after.attempt_id, now) if goes_on else ()),
                    *after.told(state, goes_on),
                ),
                event=after.event,
                actor=after.actor.name,
                ends=state,
            )
        )
    return tuple(ends)


def reason_of(state: LeadState) -> str | None:
    reasons = {
        LeadState.UNCLEAR: Reason.OUTCOME_UNCLEAR,
        LeadState.PENDING: Reason.AWAITING_RECEIPT,
        LeadState.UNSOLD: Reason.BUYER_REJECTED,
    }
    return reasons[state].slug if state in reasons else None


def claim_until(market: Market, lead: Row, state: LeadState, now: int) -> int | None:
    """How long a stored lead that ends like this keeps its consumer; None: it is given back."""
    campaign, vertical = market.deals.campaigns.get(lead["campaign_id"]), market.verticals.get(lead["vertical"])
    return taken_until(windows_of(campaign, vertical), state, now)


def claims_of(lead: Row, duplicate_scope: str, until: int) -> tuple[Claim, ...]:
    """The consumer of a stored lead, as its request had taken it."""
    scope = scope_key(duplicate_scope, lead["mode"], lead["vertical"], lead["seller_id"], lead["campaign_id"])
    hashes = sorted({bytes(each) for each in (lead["phone_index"], lead["email_index"]) if each is not None})
    return tuple(Claim(scope, each, until) for each in hashes)


def _earned(lead: Row, settlement: Settlement) -> Money:
    payout = settlement.sale.payout_units if settlement.sale is not None else 0
    return Money(lead["payout_units"] + payout, lead["currency"])


def resale(market: Market, lead: Row, attempt_id: str, now: int) -> tuple[JobRow, ...]:
    """The job that sells the lead again, once for this attempt."""
    unique = f"resell:{attempt_id}"
    return (job(market, f"resell:{lead['id']}", RESELL, {"lead_id": lead["id"]}, now, now, unique),)


def _bytes(value: bytes | None) -> bytes | None:
    return bytes(value) if value is not None else None


async def settle_by_rule(market: Market, attempt: Row, actor: Actor) -> LeadState:
    """What the contract says silence means, when its time has come."""
    contract = await terms_of(market, attempt)
    if contract is None:
        raise CannotSettle(f"{attempt['id']} was made under a contract that is gone.")
    accepted = contract.on_unclear is OnUnclear.ASSUME_ACCEPTED
    decision = Decision(accepted, f"{BY_RULE} {contract.on_unclear.value.replace('_', ' ')}")
    return await settle(market, attempt["id"], decision, actor)
