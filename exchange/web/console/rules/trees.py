"""Every ping tree: one for each campaign, with its tiers and who stands in them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from exchange.flows.redrawn import parties_of
from exchange.flows.simulations import kept_draft, of_tree
from exchange.flows.tree import in_tree, tier_of
from exchange.model.party import State
from exchange.web.console.rules._drafting import STRATEGIES
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import page

HOME = "/console/trees"


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", as_json))


async def show(request: web.Request) -> web.StreamResponse:
    return await page(
        request, "console/rules/trees.html", title="Ping trees", here="trees", trees=await _trees(request)
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    return json_response({"trees": await _trees(request)})


async def _trees(request: web.Request) -> list[dict[str, Any]]:
    market = request.app[MARKET]
    parties = parties_of(market)
    found = []
    for campaign in sorted(parties.campaigns.values(), key=lambda each: each.name.lower()):
        if campaign.state is State.DELETED:
            continue
        tiers = sorted(campaign.tiers, key=lambda tier: tier.number)
        stand = [tier_of(each, tiers) for each in in_tree(market, parties, campaign)]
        found.append(
            {
                "id": campaign.id,
                "name": campaign.name,
                "seller": market.deals.sellers[campaign.seller_id].name,
                "vertical": campaign.vertical,
                "version": campaign.version,
                "state": campaign.state.value,
                "slots": campaign.slots,
                "tiers": [
                    {
                        "number": tier.number,
                        "name": tier.name,
                        "sells_by": STRATEGIES[tier.strategy.value],
                        "contracts": stand.count(tier.number),
                    }
                    for tier in tiers
                ],
                "drafted": bool(await kept_draft(market, of_tree(campaign.id))),
            }
        )
    return found
