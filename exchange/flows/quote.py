"""A ping: what would this lead earn? Ask tier after tier until one sells, and promise the payout for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import orjson
from pydantic import TypeAdapter

from exchange.flows.ask import Asked, ask, askable, eligible
from exchange.flows.case import Case, ping_id, zero
from exchange.flows.checks import clear, nobody_takes, refusal
from exchange.flows.lead_terms import reserve_of
from exchange.flows.market import Market
from exchange.flows.ranking import tell_ranking
from exchange.model.answer import Answer
from exchange.model.auction import Bid, NoBid, Progress, Quote
from exchange.model.money import Money
from exchange.model.party import Contract, Strategy, Tier
from exchange.model.reason import Reason
from exchange.model.work import LeadState, QuoteRow
from exchange.model.worth import NO_WORTH
from exchange.stages.auction import Plan, Rules, groups, run_auction
from exchange.stages.consent_policy import BY_NAME, policy_of
from exchange.stages.price import least_after_promise, reserve, tier_reserve

QUOTE: TypeAdapter[Quote] = TypeAdapter(Quote)
_CHOOSE_FIRST = "Nobody has a price before it was chosen: show the companies, then ping again with consented_buyers."


class Outlook(NamedTuple):
    """What asking has brought so far: enough to say why nothing was sold."""

    eligible: int = 0
    asked: int = 0
    timed_out: int = 0
    bids: int = 0
    below: bool = False

    def after(self, contracts: int, asked: Asked, below: bool) -> Outlook:
        """With one more group asked. `below`: a bid was refused only because it was too low."""
        late = sum(refusal.reason is Reason.PING_TIMEOUT for refusal in asked.refusals)
        return Outlook(
            self.eligible + contracts,
            self.asked + len(asked.contracts),
            self.timed_out + late,
            self.bids + len(asked.bids),
            self.below or below,
        )

    def reason(self, priced_out: bool) -> Reason:
        """One cause, one code: nobody eligible, nobody in time, nobody bidding, or every bid too low."""
        if not self.eligible:
            return Reason.BELOW_FLOOR if priced_out else Reason.NO_ELIGIBLE_BUYER
        if self.below:
            return Reason.BELOW_FLOOR
        if self.asked and self.timed_out == self.asked:
            return Reason.PING_TIMEOUT
        return Reason.NO_BID


def tiers(case: Case) -> tuple[Tier, ...]:
    """The ping tree, top down. Test leads ask everybody at once: simulated buyers stand in no tree."""
    return case.campaign.tiers if case.live else case.campaign.tiers[:1]


def rules(case: Case, market: Market, tier: Tier, reserve: Money, promised: Money | None = None) -> Rules:
    """What a tier's auction is held under, once the seller was promised a payout or before."""
    campaign = case.campaign
    draw = market.ids.draw() if tier.strategy is Strategy.WEIGHTED else 0.0
    exclusive = None if promised is None else least_after_promise(campaign, promised, reserve, True)
    worth = NO_WORTH
    if tier.strategy is Strategy.EXPECTED:
        worth = market.live.standings.worth(campaign.vertical, campaign.seller_id)
    return Rules(
        tier.strategy, campaign.slots, reserve, campaign.exclusive_only, draw, market.live.served, exclusive, worth
    )


def least_price(case: Case) -> Money | None:
    """The reserve of this lead. A test lead that asks for `below_floor` gets one above every simulated bid."""
    if case.lead.test_outcome == "below_floor":
        return Money(30 * 10_000, case.currency)
    if case.spent_units:  # breaking even means to earn what was spent on the lead, too
        kept = case.campaign.min_margin + Money(case.spent_units, case.currency)
        return reserve(replace(case.campaign, min_margin=kept), case.lead.min_price)
    if case.lead.min_price is None:
        return reserve_of(case)
    return reserve(case.campaign, case.lead.min_price)


async def quote(case: Case, market: Market) -> tuple[Answer, LeadState, QuoteRow | None]:
    """The answer to a ping, and the quote that backs it."""
    least = least_price(case)
    outlook = Outlook()
    if least is None:
        return _unsold(case, Reason.BELOW_FLOOR)
    for tier in tiers(case):
        floor = tier_reserve(tier, least)
        contracts = eligible(case, market, floor, tier)
        later = groups(contracts, tier)
        while later:
            group = later.pop(0)
            left_ms = case.time_left_ms(market)
            if not group or left_ms <= 0:
                continue
            deadline = market.clock.monotonic() + min(tier.ping_ms, left_ms) / 1000
            asked = await ask(case, market, group, floor, tier, deadline)
            under = rules(case, market, tier, floor)
            plan = run_auction(asked.bids, asked.contracts, under, Progress(), market.clock.now())
            outlook = outlook.after(len(group), asked, plan.below)
            if plan.winners:
                case = await clear(case, market)
                if (refused := refusal(case)) is not None:
                    return refused[0]._replace(ping_id=ping_id(case)), refused[1], None
                unheard = (*asked.unheard, *(contract for below in later for contract in below))
                return _quoted(case, market, plan, tier, under, unheard)
        if not tier.goes_on:
            break
    nobody_takes(case)
    return _unsold(case, outlook.reason(case.trail.priced_out()))


def _unsold(case: Case, reason: Reason) -> tuple[Answer, LeadState, None]:
    answer = Answer("unsold", case.submission.id, ping_id=ping_id(case), reason=reason)
    if companies := _companies(case, ()):
        answer = answer._replace(companies=companies, message=_CHOOSE_FIRST)
    return answer, LeadState.UNSOLD, None


def _quoted(
    case: Case, market: Market, plan: Plan, tier: Tier, under: Rules, unheard: Sequence[Contract]
) -> tuple[Answer, LeadState, QuoteRow]:
    now = market.clock.now()
    payout = zero(case)
    for bid in plan.winners:
        payout = payout + case.campaign.payout.of(bid.price)
    expires_at = now + case.campaign.price_hold_ms
    made = Quote(
        ping_id(case),
        case.lead.id,
        case.campaign.id,
        case.submission.seller_id,
        plan.bids,
        payout,
        plan.exclusive,
        now,
        expires_at,
        tier.number,
        tuple(contract.id for contract in unheard),
    )
    case.trail.step(
        "auction",
        f"Auction: {case.deals.buyer_name(plan.winners[0].contract_id)} wins at {plan.winners[0].price.text}",
        "Exclusive" if plan.exclusive else f"Shared, {len(plan.winners)} winners",
        tier.strategy.value.replace("_", " "),
        *tell_ranking(case, plan, under),
    )
    answer = Answer(
        "accepted",
        case.submission.id,
        ping_id=made.id,
        price=payout,
        expires_at=expires_at,
        exclusive=plan.exclusive,
        companies=_companies(case, made.bids),
    )
    unseen = {spec.name for spec in case.vertical.fields if spec.personal} | case.lead.appended  # no buyer saw them
    pinged = {name: value.clean for name, value in case.lead.values.items() if name not in unseen}
    document = orjson.dumps({"quote": orjson.loads(QUOTE.dump_json(made)), "values": pinged}).decode()
    row = QuoteRow(made.id, case.campaign.id, case.submission.seller_id, document, payout, now, expires_at)
    return answer, LeadState.QUOTED, row


def _companies(case: Case, bids: Sequence[Bid]) -> tuple[str, ...]:
    """Whom the consumer may choose, where companies must be named: who bid, then who bids once it was chosen."""
    if policy_of(case.lead, case.vertical) not in BY_NAME:
        return ()
    later = () if case.lead.consent.buyers else askable(case, case.trail.to_be_named())
    names = [bid.brand or case.deals.buyer_name(bid.contract_id) for bid in bids]
    return tuple(dict.fromkeys([*names, *(case.deals.buyer_name(contract.id) for contract in later)]))


def bids_of(quote: Quote, now: int) -> tuple[tuple[Bid, ...], tuple[NoBid, ...]]:
    """The bids of a quote that still stand, and those that ran out."""
    standing = tuple(bid for bid in quote.bids if bid.expires_at is None or bid.expires_at > now)
    gone = tuple(NoBid(bid.contract_id, Reason.BID_EXPIRED) for bid in quote.bids if bid not in standing)
    return standing, gone


def with_ping_id(answer: Answer, case: Case) -> Answer:
    return answer._replace(ping_id=ping_id(case))
