"""What floors by state bring beside the leads held out of them: counted from what the leads brought."""

from __future__ import annotations

from typing import NamedTuple

from exchange.flows.market import Market
from exchange.model.party import Campaign, State
from exchange.stages.floor_trial import FloorTrial, arms
from exchange.storage.parties import campaign_versions
from exchange.storage.repricing import floor_leads

_LEADS = 50_000  # of a state: its newest
_VERSIONS = 200


class CampaignTrial(NamedTuple):
    campaign: Campaign
    trial: FloorTrial


async def floor_trials(market: Market, vertical: str) -> list[CampaignTrial]:
    """Of every floor by state with a hold-out, as its campaigns have them now."""
    found = []
    for campaign in sorted(market.deals.campaigns.values(), key=lambda each: each.id):
        if campaign.vertical == vertical and campaign.state is State.ACTIVE and campaign.floor_holdout_bp:
            found += [CampaignTrial(campaign, each) for each in await _trials(market, campaign)]
    return found


async def _trials(market: Market, campaign: Campaign) -> list[FloorTrial]:
    versions = await market.db.read(campaign_versions, campaign.id, _VERSIONS)
    found = []
    for state, floor in campaign.floors:
        since = _since(versions, campaign, state)
        rows = await market.db.read(floor_leads, campaign.id, state, since, _LEADS)
        under, out = arms(
            ((row["id"], row["revenue_units"], row["payout_units"]) for row in rows), campaign.floor_holdout_bp
        )
        found.append(FloorTrial(state, floor.units, campaign.floor.units, since, under, out))
    return found


def _since(versions: list[tuple[Campaign, int]], campaign: Campaign, state: str) -> int:
    """When the terms that the two arms differ by came into force; `versions` are the newest first."""
    terms, since = _terms(campaign, state), 0
    for version, made_at in versions:
        if _terms(version, state) != terms:
            break
        since = made_at
    return since


def _terms(campaign: Campaign, state: str) -> tuple[object, ...]:
    return dict(campaign.floors).get(state), campaign.floor, campaign.floor_holdout_bp
