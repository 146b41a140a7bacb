"""Suggestions about floors and prices, from what was bid, sold and reported. Nothing here changes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from exchange.flows.market import Market
from exchange.flows.price_terms import Kind, terms_text
from exchange.flows.quality import day_weights, read_curves
from exchange.flows.trail import read_trail
from exchange.model.actor import SYSTEM
from exchange.model.money import Money
from exchange.model.party import Campaign, Contract, State
from exchange.model.quality import DAY_MS
from exchange.stages.price_rules import Floors, floors_text
from exchange.stages.quality.odds import band_tallies
from exchange.stages.quality.rates import rate_of
from exchange.stages.quality.shrink import USUAL, total
from exchange.stages.repricing import FloorIdea, PriceIdea, Round, floor_ideas, price_idea
from exchange.storage.database import Row
from exchange.storage.quality import first_day
from exchange.storage.quality_sums import sale_sums
from exchange.storage.repricing import priced_rounds

DAYS = 14
_ROUNDS = 2_000  # of a campaign: its newest, read in half a second
_CAMPAIGNS = 20
_SOLD_DAYS = 180
HOLDOUT_BP = 1_000
"""Of the leads under a floor that is suggested, a tenth keeps the plain one: else nobody learns what it brought."""


class Suggestion(NamedTuple):
    """What might be changed: `after` are the terms in their own text. Amounts are a week's, in the terms' currency.

    `changed` of `leads` would have gone otherwise; `lead_ids` are some of them. All of it is an estimate.
    """

    kind: Kind
    subject: str
    sentence: str
    low: Money
    middle: Money
    high: Money
    leads: int
    changed: int
    lead_ids: tuple[str, ...]
    before: str
    after: str


async def suggestions(market: Market, vertical: str) -> list[Suggestion]:
    """Those that would change most first."""
    found: list[Suggestion] = []
    campaigns = [each for each in market.deals.campaigns.values() if _counts(each, vertical)]
    for campaign in sorted(campaigns, key=lambda each: each.id)[:_CAMPAIGNS]:
        found += await _floors(market, campaign)
    for contract in market.deals.contracts.values():
        if contract.vertical == vertical and contract.price is not None and contract.buyer_id in market.deals.buyers:
            found += await _prices(market, contract)
    return sorted(found, key=lambda each: -abs(each.middle.units))


def _counts(campaign: Campaign, vertical: str) -> bool:
    return campaign.vertical == vertical and campaign.state is State.ACTIVE


async def _floors(market: Market, campaign: Campaign) -> list[Suggestion]:
    now = market.clock.now()
    rows = await market.db.read(priced_rounds, campaign.id, now - DAYS * DAY_MS, _ROUNDS)
    if not rows:
        return []
    rounds = await asyncio.to_thread(_rounds, rows, campaign.currency)
    days = max((now - rows[-1]["received_at"]) / DAY_MS, 1.0)
    floors = {state: floor.units for state, floor in campaign.floors}
    ideas = floor_ideas(rounds, floors, campaign.floor.units, days)
    return [_floor(market, campaign, idea) for idea in ideas]


def _rounds(rows: Sequence[Row], currency: str) -> list[Round]:
    found = []
    for row in rows:
        trail = read_trail(bytes(row["document"]))
        bids = [bid["price"] for asked in trail.get("asked", ()) for bid in asked["bids"] if bid["exclusive"]]
        bids += [post["price"] for post in trail.get("posts", ())]
        best = max((Money.parse(price, currency).units for price in bids), default=0)
        found.append(Round(row["id"], row["us_state"] or "", best, row["revenue_units"]))
    return found


def _floor(market: Market, campaign: Campaign, idea: FloorIdea) -> Suggestion:
    def money(units: int) -> Money:
        return Money(units, campaign.currency)

    floors = dict(campaign.floors) | {idea.state: money(idea.floor)}
    held = campaign.floor_holdout_bp or HOLDOUT_BP
    verb, old, new = "Raise" if idea.raises else "Lower", money(idea.before).text, money(idea.floor).text
    sentence = f"{verb} the floor of {campaign.name} for {idea.state} from {old} to {new}"
    return Suggestion(
        Kind.FLOORS,
        campaign.id,
        sentence,
        money(idea.low),
        money(idea.middle),
        money(idea.high),
        idea.rounds,
        idea.changed,
        idea.lead_ids,
        terms_text(market, Kind.FLOORS, campaign.id),
        floors_text(Floors(tuple(sorted(floors.items())), held)),
    )


async def _prices(market: Market, contract: Contract) -> list[Suggestion]:
    """By how well the leads of each band convert for this buyer."""
    now = market.clock.now()
    standings = market.live.standings
    curves = standings.curves.get(contract.vertical) or await read_curves(market.db, contract.vertical, now)
    days = day_weights(now, curves)
    groups = ("seller_id", "sub_id")
    rows = await market.db.read(sale_sums, SYSTEM, contract.vertical, days, groups, contract.buyer_id)
    first = await market.db.read(first_day)
    if not rows or first is None:
        return []
    span = min(max(now // DAY_MS - first, 1), _SOLD_DAYS)
    tallies = band_tallies(rows, lambda seller, sub: standings.band(contract.vertical, seller, sub).value)
    overall = total(tallies.values())
    assert contract.price is not None
    found = []
    for band, tally in sorted(tallies.items()):
        rate = rate_of(tally, overall.rate, USUAL, overall.rate, True)
        idea = price_idea(contract.id, band, contract.price.units, tally.leads, rate, overall.rate, span)
        if idea is not None and not any(band in rule.when.bands for rule in contract.price_rules):
            found.append(_price(market, contract, idea))
    return found


def _price(market: Market, contract: Contract, idea: PriceIdea) -> Suggestion:
    def money(units: int) -> Money:
        return Money(units, contract.max_bid.currency)

    verb = "Raise" if idea.price > idea.before else "Lower"
    low, high = idea.rate.bounds
    sentence = (
        f"{verb} the price of {market.deals.buyer_name(contract.id)} for {idea.band} sources from "
        f"{money(idea.before).text} to {money(idea.price).text}: they convert at {idea.rate.value:.1%} "
        f"({low:.1%} to {high:.1%}), its leads in all at {idea.rate.base:.1%}"
    )
    before = terms_text(market, Kind.PRICE_RULES, contract.id)
    rule = f"band={idea.band} -> {money(idea.price).text}"
    return Suggestion(
        Kind.PRICE_RULES,
        contract.id,
        sentence,
        money(idea.low),
        money(idea.middle),
        money(idea.high),
        idea.sold,
        idea.rate.told,
        (),
        before,
        f"{rule}\n{before}".strip(),
    )
