"""Ask the buyers of one tier for their bids: judge, ping those that may have the lead, and read what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from exchange.connector import Terms
from exchange.courier.courier import CLOSED_EARLY, Call, Result
from exchange.flows.case import Case
from exchange.flows.lead_terms import moment_of
from exchange.flows.market import Market
from exchange.model.auction import Bid, NoBid
from exchange.model.lead import Offer
from exchange.model.money import Money
from exchange.model.party import Contract, SaleMode, Strategy, Tier
from exchange.stages.eligible import Facts, judge
from exchange.stages.offer import make_offer
from exchange.stages.outcome import ping_outcome
from exchange.stages.price import fixed_bids, prices_of
from exchange.stages.price_rules import rule_for, shown


class Asked(NamedTuple):
    """What one round brought: bids of all who were asked, who was asked, and who was cut off when it closed early."""

    contracts: Mapping[str, Contract]
    bids: tuple[Bid, ...]
    refusals: tuple[NoBid, ...]
    unheard: tuple[Contract, ...] = ()


def eligible(
    case: Case, market: Market, reserve: Money, tier: Tier, named: frozenset[str] = frozenset()
) -> list[Contract]:
    """The contracts of a tier that may have the lead now; every verdict goes into the record.

    `named` are those whose bids told a brand that the consumer agreed to hear from.
    """
    began = case.trail.elapsed_ms()
    book = case.deals.books[case.vertical.name]
    now = market.clock.now()
    judgement = judge(book, case.lead, _facts(case, market, reserve, tier, named), now)
    case.trail.judged(judgement)
    fits = askable(case, judgement.eligible)
    case.trail.step(
        "eligible",
        f"{len(fits)} of {len(book.contracts)} contracts eligible",
        f"Tier {tier.number}, {tier.name}",
        since_ms=began,
    )
    return fits


def askable(case: Case, contracts: Sequence[Contract]) -> list[Contract]:
    """Those that sell this way, and can be spoken to: a connection's file may be gone while its contract stands."""
    connections = case.deals.shapes.connections
    known = [contract for contract in contracts if contract.connection in connections]
    if case.campaign.exclusive_only:
        return [each for each in known if each.sale_mode not in (SaleMode.SHARED, SaleMode.LEFTOVER)]
    return known


def _facts(case: Case, market: Market, reserve: Money, tier: Tier, named: frozenset[str]) -> Facts:
    """What eligibility reads beside the lead: use of caps, balances and health as this process last saw them."""
    live = market.live
    now = market.clock.now()
    contracts = case.deals.books[case.vertical.name].contracts
    return Facts(
        time_left_ms=case.time_left_ms(market),
        cap_use=live.cap_use(now),
        reached=live.reached(now),
        available=live.available,
        bought=case.bought,
        broken=live.broken,
        latency_ms=live.latency_ms,
        over_rate=live.over_rate(contracts, now),
        reserve=reserve,
        tier_open=tier.number if case.live else None,
        tier_name=tier.name,
        tier_last=max(each.number for each in case.campaign.tiers),
        seller_name=case.deals.sellers[case.submission.seller_id].name,
        named=named,
        suppressed=case.suppressed,
    )


async def ask(
    case: Case, market: Market, contracts: Sequence[Contract], reserve: Money, tier: Tier, deadline: float
) -> Asked:
    """Ping the contracts that bid live, all at once, and add what fixed prices bid by themselves."""
    by_id = {contract.id: contract for contract in contracts}
    fixed = _fixed(case, market, contracts)
    bidders = [contract for contract in contracts if contract.price is None]
    if not bidders:
        return Asked(by_id, tuple(fixed), ())
    began = case.trail.elapsed_ms()
    offer = make_offer(case.lead, case.vertical, reserve, case.campaign.slots, market.alias(case.submission.seller_id))
    now = market.clock.now()
    for contract in bidders:
        market.live.count_ping(contract, now)
    calls = [_call(case, contract, offer, now) for contract in bidders]
    closes = _closes_early(case, market, bidders, fixed, tier)
    results = await market.courier.fan_out(calls, deadline, closes)
    bids, refusals = _read(case, market, bidders, results, began)
    case.trail.step(
        "ping",
        f"Pinged {_buyers(len(bidders))} at once",
        f"{len(bids)} bids, {len(refusals)} no bids",
        since_ms=began,
    )
    cut = (result.lost is not None and result.lost.detail == CLOSED_EARLY for result in results)
    unheard = tuple(contract for contract, was_cut in zip(bidders, cut, strict=True) if was_cut)
    return Asked(by_id, (*fixed, *bids), tuple(refusals), unheard)


def _fixed(case: Case, market: Market, contracts: Sequence[Contract]) -> list[Bid]:
    """What fixed prices bid by themselves; which rule gave a price is told."""
    ruled = [contract for contract in contracts if contract.price_rules]
    if not ruled:
        return fixed_bids(contracts, case.campaign.slots)
    moment = moment_of(case, market)
    told = []
    for contract in ruled:
        rule = rule_for(contract.price_rules, moment, contract.zone)
        why = f"by its rule {shown(rule)}" if rule is not None else "no rule fits"
        told.append(f"{case.deals.buyer_name(contract.id)}: {prices_of(contract, moment)[0].text}, {why}")
    case.trail.step("price", "Fixed prices by rule", *told)
    return fixed_bids(contracts, case.campaign.slots, moment)


def _buyers(count: int) -> str:
    return "1 buyer" if count == 1 else f"{count} buyers"


def _call(case: Case, contract: Contract, offer: Offer, now: int) -> Call:
    connection = case.deals.shapes.connections[contract.connection]
    ping = connection.connector.ping(offer, contract, Terms(now, offer.id, connection.secrets))
    return Call(contract.buyer_id, ping, False, None, contract.id, case.trail.started, "", connection.simulated)


def _closes_early(
    case: Case, market: Market, bidders: Sequence[Contract], fixed: Sequence[Bid], tier: Tier
) -> Callable[[int, Result], bool] | None:
    """Ends an exclusive auction by price or worth as soon as no outstanding bidder could beat the best bid heard."""
    if case.campaign.slots > 1 or tier.strategy not in (Strategy.HIGHEST_PRICE, Strategy.EXPECTED):
        return None
    weigh = _weigh(case, market, tier)
    outstanding = {index: weigh(contract.id, contract.max_bid.units) for index, contract in enumerate(bidders)}
    best = max((weigh(bid.contract_id, bid.price.units) for bid in fixed), default=0)

    def heard(index: int, result: Result) -> bool:
        nonlocal best
        del outstanding[index]
        if isinstance(result.answer, list):
            for bid in result.answer:
                if isinstance(bid, Bid):
                    best = max(best, weigh(bid.contract_id, bid.price.units))
        for most in outstanding.values():  # usually the first stays above every bid
            return best > most and best > max(outstanding.values())
        return False

    return heard


def _weigh(case: Case, market: Market, tier: Tier) -> Callable[[str, int], int]:
    """What a bid is ranked by: its price, or what it is worth with refusals and returns counted in."""
    if tier.strategy is Strategy.EXPECTED:
        return market.live.standings.worth(case.vertical.name, case.submission.seller_id).of
    return lambda _, units: units


def _read(
    case: Case, market: Market, bidders: Sequence[Contract], results: Sequence[Result], began: float
) -> tuple[list[Bid], list[NoBid]]:
    bids: list[Bid] = []
    refusals: list[NoBid] = []
    for contract, result in zip(bidders, results, strict=True):
        answer = ping_outcome(contract, result)
        case.trail.asked_buyer(contract.id, began, result.took_ms, answer)
        case.trail.wired(contract.id, "ping", None, result)
        if isinstance(answer, NoBid):
            refusals.append(answer)
        else:
            bids += answer
    return bids, refusals
