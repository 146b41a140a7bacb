"""What becomes of each of the scrub's rules in one campaign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.terms import change_campaign
from exchange.model.actor import Actor
from exchange.model.scrub import RULES, Action


class BadRules(ValueError):
    """A rule that is none. The sentence names those there are."""


async def set_scrub(market: Market, campaign_id: str, rules: Mapping[str, Action | None], actor: Actor) -> int:
    """Change the rules given; None goes back to the vertical's. Returns the number of the campaign's new version.

    `KeyError` when there is no such campaign; raises `BadRules`, and then nothing was changed.
    """
    before = market.deals.campaigns[campaign_id]
    codes = {rule.code for rule in RULES}
    if unknown := sorted(rules.keys() - codes):
        raise BadRules(f"{', '.join(unknown)} is no rule; there are {', '.join(sorted(codes))}.")
    wanted = {**dict(before.scrub), **rules}
    scrub = tuple((code, action) for code, action in wanted.items() if action is not None)
    now, what = market.clock.now(), f"campaign:{campaign_id}"
    told = {code: action.value for code, action in scrub}
    line = audit_line(market.ids, now, actor, "campaign.scrub", what, after=told)
    return await change_campaign(market, replace(before, scrub=scrub), line)
