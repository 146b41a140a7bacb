"""What a lead earns by its grade and its source: the campaign's terms with the payout of the tier that fits."""

from __future__ import annotations

from dataclasses import replace

from exchange.flows.case import Case
from exchange.flows.market import Market
from exchange.flows.trail import read_trail
from exchange.model.money import Money
from exchange.model.party import Campaign
from exchange.stages.price import reserve
from exchange.stages.price_rules import Moment, tier_for, tier_text
from exchange.storage.database import Row
from exchange.storage.leads import trails_of

FACT = "payout_tier"
"""In a record: which tier of the campaign's version was used, counted from 0."""


def moment_of(case: Case, market: Market) -> Moment:
    """What price rules and payout tiers look at in this lead, now."""
    lead = case.lead
    band = market.live.standings.band(case.vertical.name, lead.seller_id, lead.tracking.get("sub_id1", ""))
    return Moment(lead.grade, band.value, lead.text("state"), market.clock.now())


def with_tier(case: Case, market: Market) -> Case:
    """The case under the payout that its lead has earned, told in its record; the same one without tiers."""
    tiers = case.campaign.payout_tiers
    tier = tier_for(tiers, moment_of(case, market)) if tiers else None
    if tier is None:
        return case
    case.trail.facts[FACT] = tiers.index(tier)
    case.trail.step("payout", "Payout by grade and source", tier_text(tier))
    return case._replace(campaign=replace(case.campaign, payout=tier.payout))


def reserve_of(case: Case) -> Money | None:
    """The least price of a lead without a `min_price`, under the payout that it has earned."""
    plain = case.deals.campaigns.get(case.campaign.id)
    if plain is not None and case.campaign.payout == plain.payout:
        return case.deals.reserves[case.campaign.id]
    return reserve(case.campaign, None)


async def tier_used(market: Market, lead: Row, campaign: Campaign) -> int | None:
    """The tier in a lead's record; of one whose record a crash took, that of its grade and its source now."""
    for row in reversed(await market.db.read(trails_of, lead["id"])):
        told = read_trail(bytes(row["document"]))
        return int(told[FACT]) if FACT in told else None
    band = market.live.standings.band(lead["vertical"], lead["seller_id"], lead["sub_id1"] or "")
    moment = Moment(lead["grade"], band.value, lead["us_state"], market.clock.now())
    tier = tier_for(campaign.payout_tiers, moment)
    return campaign.payout_tiers.index(tier) if tier is not None else None


def as_earned(campaign: Campaign, tier: int | None) -> Campaign:
    """The campaign's terms for a lead whose record names this tier."""
    if tier is None or not 0 <= tier < len(campaign.payout_tiers):
        return campaign
    return replace(campaign, payout=campaign.payout_tiers[tier].payout)
