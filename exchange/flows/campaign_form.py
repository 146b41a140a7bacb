"""A campaign changed by hand: what would change is told first, with what the posting instructions will say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from exchange.flows.letters import letter
from exchange.flows.market import Market
from exchange.flows.sellers import CannotSave, campaign_line
from exchange.flows.specs import keep_specs, page_of, spec_of
from exchange.flows.terms import change_campaign
from exchange.model.actor import Actor, Role
from exchange.model.lead import Problem
from exchange.model.party import Campaign, Group, State
from exchange.model.work import JobRow
from exchange.stages.campaign_terms import read_terms
from exchange.stages.campaign_words import Difference, differences
from exchange.stages.field_names import compile_names
from exchange.stages.spec import build_spec
from exchange.stages.spec_changes import changes
from exchange.storage.specs import read_specs


class Change(NamedTuple):
    """What a form would make of a campaign. `version` is that of the posting instructions, the next one when `told`
    holds sentences."""

    after: Campaign
    differences: tuple[Difference, ...]
    version: int
    told: tuple[str, ...]


async def look(market: Market, campaign: Campaign, typed: Mapping[str, str], filters: Group | None) -> Change:
    """Raises `CannotSave` with everything that is wrong."""
    vertical = market.verticals[campaign.vertical]
    after, problems = read_terms(campaign, typed, filters, vertical)
    if problems:
        raise CannotSave(problems)
    names = compile_names(vertical, after, market.places)
    seller = market.deals.sellers[campaign.seller_id]
    told = changes(spec_of(market.deals, campaign), build_spec(after, seller, vertical, names))
    newest = await market.db.read(read_specs, campaign.id, 1)
    number = newest[0].number if newest else 0
    return Change(after, differences(campaign, after, vertical), number + 1 if told else number, tuple(told))


async def save(
    market: Market,
    campaign: Campaign,
    typed: Mapping[str, str],
    filters: Group | None,
    actor: Actor,
    ip: str = "",
    *,
    seen: str = "",
    tell: bool = False,
) -> Change:
    """Store it as the next version, in force at once; `tell` writes to its seller. Raises `CannotSave`, also when it is
    no more the version that was `seen`."""
    if seen and seen != str(campaign.version):
        told = "Somebody changed the campaign meanwhile. Look at it again, then repeat what you did."
        raise CannotSave([Problem("version", "conflict", told, seen)])
    change = await look(market, campaign, typed, filters)
    if not change.differences:
        raise CannotSave([Problem("version", "conflict", "Nothing was changed.")])
    before = {each.name: each.before for each in change.differences}
    after = {each.name: each.after for each in change.differences}
    line = campaign_line(market, actor, "campaign.changed", campaign.id, ip, before, after)
    jobs: tuple[JobRow, ...] = ()
    if tell and change.told:
        path = f"/p/{page_of(market, campaign.id)}"
        lines = "\n".join(f"- {each}" for each in change.told)
        said = (f"The posting instructions of {change.after.name} have version {change.version}:", lines)
        subject = f"posting instructions of {change.after.name}, version {change.version}"
        jobs = (letter(market, Role.SELLER, campaign.seller_id, subject, said, path, line.id, "campaign"),)
    await change_campaign(market, change.after, line, jobs)
    await keep_specs(market)
    return change


def found(market: Market, campaign_id: str) -> Campaign | None:
    campaign = market.deals.campaigns.get(campaign_id)
    return campaign if campaign is not None and campaign.state is not State.DELETED else None
