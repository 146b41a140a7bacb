"""All campaigns: whose they are, how they answer, and the posting page to send to the seller."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.specs import page_url
from exchange.model.party import State
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import page

_HOME = "/console/campaigns"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _HOME, show), Page("GET", f"{_HOME}.json", as_json))


async def show(request: web.Request) -> web.StreamResponse:
    found = _campaigns(request.app[MARKET])
    return await page(request, "console/supply/campaigns.html", title="Campaigns", here="campaigns", campaigns=found)


async def as_json(request: web.Request) -> web.StreamResponse:
    return json_response({"campaigns": _campaigns(request.app[MARKET])})


def _campaigns(market: Market) -> list[dict[str, Any]]:
    """Those that are not deleted, by seller and name."""
    deals = market.deals
    found = [each for each in deals.campaigns.values() if each.state is not State.DELETED]
    return [
        {
            "campaign_id": each.id,
            "name": each.name,
            "seller_id": each.seller_id,
            "seller": deals.sellers[each.seller_id].name,
            "vertical": deals.shapes.verticals[each.vertical].title,
            "state": each.state.value if each.live or each.state is State.PAUSED else "test",
            "answers": each.answers,
            "posting_page": page_url(market, each.id),
        }
        for each in sorted(found, key=lambda each: (deals.sellers[each.seller_id].name, each.name))
    ]
