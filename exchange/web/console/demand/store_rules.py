"""The store's rules: of each campaign what it lists, at what price, for how long, and who may see it."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from exchange.flows.store_rules import rule_text
from exchange.model.party import State
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import page

HOME = "/console/store/rules"


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", as_json))


async def show(request: web.Request) -> web.StreamResponse:
    rules = _rules(request)
    return await page(request, "console/demand/store_rules.html", title="Store rules", here="store", rules=rules)


async def as_json(request: web.Request) -> web.StreamResponse:
    return json_response({"campaigns": _rules(request)})


def _rules(request: web.Request) -> list[dict[str, Any]]:
    market = request.app[MARKET]
    kept = [each for each in market.deals.campaigns.values() if each.state is not State.DELETED]
    return [
        {
            "campaign_id": each.id,
            "name": each.name,
            "seller": market.deals.sellers[each.seller_id].name,
            "lists": each.store is not None,
            "rule": rule_text(market, each.store),
        }
        for each in sorted(kept, key=lambda campaign: campaign.name.lower())
    ]
