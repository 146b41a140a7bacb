"""The terms that hold for one lead: its campaign's, with the payout of its grade and source and its state's floor."""

from __future__ import annotations

from dataclasses import replace

from exchange.flows.case import Case
from exchange.flows.deals import Variant
from exchange.flows.market import Market
from exchange.flows.trail import read_trail
from exchange.model.money import Money
from exchange.model.party import Campaign, Payout
from exchange.stages.floor_trial import held_out
from exchange.stages.price import reserve
from exchange.stages.price_rules import Moment, tier_for, tier_text
from exchange.storage.database import Row
from exchange.storage.leads import trail_of

FACT = "payout"
"""In the record of a request, where its campaign had tiers: the payout it sold under, as units and basis points."""


def moment_of(case: Case, market: Market) -> Moment:
    """What price rules and payout tiers look at in this lead, now."""
    lead = case.lead
    band = market.live.standings.band(case.vertical.name, lead.seller_id, lead.tracking.get("sub_id1", ""))
    return Moment(lead.grade, band.value, lead.text("state"), market.clock.now())


def with_terms(case: Case, market: Market) -> Case:
    """The case under the payout that its lead has earned and the floor of its state, both told in its record.

    The same one where the campaign's plain terms hold.
    """
    campaign = case.campaign
    if not campaign.payout_tiers and not campaign.floors:
        return case
    moment = moment_of(case, market)
    tier = tier_for(campaign.payout_tiers, moment)
    floor, told = _floor(case, moment)
    payout = tier.payout if tier is not None else campaign.payout
    if campaign.payout_tiers:
        case.trail.facts[FACT] = [payout.fixed.units, payout.share_bp]
    if tier is not None:
        case.trail.step("payout", "Payout by grade and source", tier_text(tier))
    if told:
        case.trail.step("floor", told)
    return case._replace(campaign=_variant(case, payout, floor or campaign.floor).campaign)


def _floor(case: Case, moment: Moment) -> tuple[Money | None, str]:
    """That of the lead's state and the words for its record; none for those that are held out to compare."""
    campaign = case.campaign
    floor = next((floor for state, floor in campaign.floors if state == moment.state), None)
    if floor is None:
        return None, ""
    share = campaign.floor_holdout_bp
    if held_out(case.lead.id, share):
        return None, f"Held out of the floor of {moment.state} ({floor.text}), as {_percent(share)} of its leads are"
    return floor, f"Floor of {moment.state}: {floor.text}" + (f"; {_percent(share)} are held out" if share else "")


def _percent(share_bp: int) -> str:
    return f"{share_bp // 100}.{share_bp % 100:02d} %"


def _variant(case: Case, payout: Payout, floor: Money) -> Variant:
    """Worked out once for a version of the deals; from then on it is looked up."""
    key = (case.campaign.id, payout, floor)
    found = case.deals.variants.get(key)
    if found is None:
        made = replace(case.campaign, payout=payout, floor=floor)
        found = case.deals.variants[key] = Variant(made, reserve(made, None))
    return found


def from_least(case: Case, least: Money) -> Case:
    """The case with a least price of its own instead of the campaign's floor, also where a tier would ask for more.

    Payout and margin hold as before, so that no sale costs the house.
    """
    tiers = tuple(
        replace(tier, floor=None) if tier.floor is not None and tier.floor > least else tier
        for tier in case.campaign.tiers
    )
    case.trail.step("floor", f"Least price of its nurture plan: {least.text}")
    # The payout was worked out for this lead, so its tiers have no more to say.
    return case._replace(campaign=replace(case.campaign, floor=least, floors=(), payout_tiers=(), tiers=tiers))


def reserve_of(case: Case) -> Money | None:
    """The least price of a lead without a `min_price`, under the terms that hold for it."""
    campaign = case.campaign
    if not campaign.payout_tiers and not campaign.floors:
        own = case.deals.campaigns[campaign.id]
        worked_out = campaign.floor == own.floor and campaign.payout == own.payout
        return case.deals.intakes[campaign.id].reserve if worked_out else reserve(campaign, None)
    return _variant(case, campaign.payout, campaign.floor).reserve


async def as_earned(market: Market, campaign: Campaign, lead: Row, request_id: str) -> Campaign:
    """The campaign's terms for what one request sold of a lead: with the payout in that request's record.

    Of one whose record a crash took, that of the lead's grade and its source now.
    """
    document = await market.db.read(trail_of, lead["id"], request_id)
    if document is not None:
        told = read_trail(document).get(FACT)
        return (
            campaign if told is None else replace(campaign, payout=Payout(Money(told[0], campaign.currency), told[1]))
        )
    band = market.live.standings.band(lead["vertical"], lead["seller_id"], lead["sub_id1"] or "")
    moment = Moment(lead["grade"], band.value, lead["us_state"], market.clock.now())
    tier = tier_for(campaign.payout_tiers, moment)
    return campaign if tier is None else replace(campaign, payout=tier.payout)
