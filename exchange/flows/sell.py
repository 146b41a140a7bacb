"""A post: sell the lead on its ping's bids, then tier after tier, until its slots are filled or nobody is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from exchange import limits
from exchange.flows.ask import Asked, ask, eligible
from exchange.flows.case import Case, claims_until, zero
from exchange.flows.checks import nobody_takes, refusal
from exchange.flows.market import Market
from exchange.flows.place import Placed, place
from exchange.flows.quote import Outlook, bids_of, least_price, rules, tiers
from exchange.model.answer import Answer
from exchange.model.auction import Quote
from exchange.model.ledger import Transaction
from exchange.model.money import Money
from exchange.model.party import Contract, Tier
from exchange.model.reason import Reason
from exchange.model.work import LeadState
from exchange.stages.auction import Rules, groups, least_asked
from exchange.stages.consent import names_companies
from exchange.stages.consent_policy import company_key, named_companies
from exchange.stages.price import tier_reserve
from exchange.stages.settle import free_slots, promise_rest, promise_transaction, total


class Sold(NamedTuple):
    """How selling ended: the answer, the lead's state, what is not stored yet, and how long the consumer is taken."""

    answer: Answer
    state: LeadState
    placed: Placed
    claims_until: int | None
    promised: Money | None = None
    extra: Transaction | None = None


async def sell(case: Case, market: Market, quote: Quote | None, before: Placed | None = None) -> Sold:
    """Sell one lead. With a quote its bids come first and its payout is promised. `before` is what was sold of it."""
    reserve = least_price(case)
    placed, outlook = before or Placed(), Outlook()
    promised = quote.payout if quote is not None else None
    if reserve is None:
        return _end(case, market, placed, outlook._replace(eligible=1, below=True), promised)
    if quote is not None:
        placed, outlook = await _sell_quoted(case, market, quote, reserve)  # a quote is sold on once: nothing is before
    pinged = case.lead.ping_id is not None or before is not None
    only_those_named = pinged and names_companies(case.lead.consent)
    for tier in tiers(case):
        if only_those_named or _is_over(case, market, placed):
            break
        if quote is None or tier.number > quote.tier:
            among = None
        elif tier.number == quote.tier:
            among = frozenset(quote.unheard)
        else:
            continue
        if among is None or among:
            placed, outlook = await _sell_in_tier(case, market, tier, reserve, promised, placed, outlook, among)
        if not tier.goes_on:
            break
    return _end(case, market, placed, outlook, promised)


def _is_over(case: Case, market: Market, placed: Placed) -> bool:
    done = not free_slots(placed.progress, case.campaign.slots)
    return done or case.time_left_ms(market) < limits.POST_LEAST_MS


async def _sell_quoted(case: Case, market: Market, quote: Quote, reserve: Money) -> tuple[Placed, Outlook]:
    """Post on the ping's bids. The contracts are judged again: now the consumer and the consent are known."""
    tier = _tier(case, quote.tier)
    now = market.clock.now()
    bids, _ = bids_of(quote, now)
    under = rules(case, market, tier, tier_reserve(tier, reserve), quote.payout)
    pinged = {bid.contract_id for bid in bids}
    companies = named_companies(case.lead.consent)
    branded = frozenset(bid.contract_id for bid in bids if bid.brand and company_key(bid.brand) in companies)
    fits = eligible(case, market, least_asked(under), tier, branded)
    contracts = {contract.id: contract for contract in fits if contract.id in pinged}
    standing = [bid for bid in bids if bid.contract_id in contracts]
    outlook = Outlook(eligible=len(contracts), asked=len(contracts), bids=len(standing))
    placed = await place(case, market, standing, contracts, under, quote.payout, Placed())
    return placed, outlook._replace(below=placed.best_below)


async def _sell_in_tier(
    case: Case,
    market: Market,
    tier: Tier,
    reserve: Money,
    promised: Money | None,
    placed: Placed,
    outlook: Outlook,
    among: frozenset[str] | None,
) -> tuple[Placed, Outlook]:
    """Ask a tier, or those `among` it that its ping did not hear. Who was cut off by an early end is asked again."""
    case = placed.cleared or case
    under = rules(case, market, tier, tier_reserve(tier, reserve), promised)
    fits = eligible(case, market, least_asked(under), tier)
    contracts = [contract for contract in fits if among is None or contract.id in among]
    waiting = groups(contracts, tier)
    while waiting and not _is_over(case, market, placed):
        group = [contract for contract in waiting.pop(0) if contract.id not in placed.progress.refused]
        if not group:
            continue
        asked = await _asked(case, market, tier, group, under)
        placed = await place(case, market, asked.bids, asked.contracts, under, promised, placed)
        outlook = outlook.after(len(group), asked, placed.best_below)
        waiting = [list(asked.unheard), *waiting]
    return placed, outlook


async def _asked(case: Case, market: Market, tier: Tier, group: list[Contract], under: Rules) -> Asked:
    ping_ms = min(tier.ping_ms, case.time_left_ms(market) // 2)  # the other half is for the post
    return await ask(case, market, group, least_asked(under), tier, market.clock.monotonic() + ping_ms / 1000)


def _tier(case: Case, number: int) -> Tier:
    found: Mapping[int, Tier] = {tier.number: tier for tier in case.campaign.tiers}
    return found.get(number, case.campaign.tiers[0])


def _end(case: Case, market: Market, placed: Placed, outlook: Outlook, promised: Money | None) -> Sold:
    """What the seller hears, and what becomes of the lead and its consumer."""
    now = market.clock.now()
    progress = placed.progress
    refused = refusal(placed.cleared) if placed.cleared is not None else None
    if placed.cleared is None:
        nobody_takes(case)
    if progress.sold:
        return _sold(case, placed, promised, now)
    if refused is not None and not progress.unclear:
        return Sold(refused[0], refused[1], placed, claims_until(case, refused[1], now), promised)
    if progress.unclear:
        pending = Reason.AWAITING_RECEIPT in progress.reasons
        reason = Reason.AWAITING_RECEIPT if pending else Reason.OUTCOME_UNCLEAR
        says_unsold = case.campaign.unclear_answer == "unsold" and not pending
        answer = Answer(
            "unsold" if says_unsold else "queued",
            case.submission.id,
            200 if says_unsold else 202,
            reason=reason,
        )
        state = LeadState.PENDING if pending else LeadState.UNCLEAR
        return Sold(answer, state, placed, claims_until(case, state, now), promised)
    answer = Answer("unsold", case.submission.id, reason=_why_unsold(case, placed, outlook))
    return Sold(answer, LeadState.UNSOLD, placed, claims_until(case, LeadState.UNSOLD, now), promised)


def _why_unsold(case: Case, placed: Placed, outlook: Outlook) -> Reason:
    reasons = placed.progress.reasons
    if Reason.CAP_REACHED in reasons:
        return Reason.CAP_REACHED
    if Reason.DEADLINE in reasons:
        return Reason.PING_TIMEOUT
    posted = [reason for reason in reasons if reason not in (Reason.CAP_FULL, Reason.BALANCE_SHORT)]
    if posted:
        return Reason.POST_FAILED if all(reason is Reason.POST_FAILED for reason in posted) else Reason.BUYER_REJECTED
    return Reason.NO_ELIGIBLE_BUYER if reasons else outlook.reason(case.trail.priced_out())


def _sold(case: Case, placed: Placed, promised: Money | None, now: int) -> Sold:
    progress = placed.progress
    paid = zero(case)
    for settlement in placed.sales:
        assert settlement.sale is not None
        paid = paid + Money(settlement.sale.payout_units, case.currency)
    rest = promise_rest(promised, total(progress.sold, case.currency), paid, case.campaign)
    extra = None
    if rest.units and case.live:
        extra = promise_transaction(case.lead.id, case.submission.seller_id, rest, now, case.submission.month)
    price = paid + rest
    redirect = next((s.sale.redirect for s in placed.sales if s.sale is not None and s.sale.redirect), None)
    answer = Answer(
        "accepted",
        case.submission.id,
        price=price,
        exclusive=progress.sold[0].exclusive or case.campaign.slots == 1,
        times_sold=len(progress.sold),
        redirect_url=redirect,
        price_changed=promised is not None and price < promised,
    )
    return Sold(answer, LeadState.SOLD, placed, claims_until(case, LeadState.SOLD, now), promised, extra)
