"""The scorecard of one buyer: its record beside all buyers', and what each seller's leads become there."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from exchange.flows.shaving import read_shaving
from exchange.web.auth import actor_of
from exchange.web.figures.quality import (
    BuyerLine,
    bidding_of,
    bought_by_source,
    buyer_name,
    chosen,
    offered,
    rate_fields,
)
from exchange.web.figures.shaving import sentence
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import address, notice, page
from exchange.web.render import as_json as json_response

_PATH = "/console/quality/buyers/{buyer_id:[a-z0-9][a-z0-9_-]{0,59}}"
_RATES = ("contact", "conversion", "return")


def pages() -> tuple[Page, ...]:
    return (Page("GET", f"{_PATH}.json", as_json), Page("GET", _PATH, show))


async def show(request: web.Request) -> web.StreamResponse:
    market, buyer_id = request.app[MARKET], request.match_info["buyer_id"]
    vertical = chosen(request, market)
    if vertical is None or buyer_id not in market.deals.buyers:
        return await notice(request, "There is no such buyer or vertical", "Choose one of the list.", http_status=404)
    line, sources = await _found(request, vertical.name)
    signs = await read_shaving(market.db, actor_of(request), vertical.name, market.clock.now(), buyer_id)
    return await page(
        request,
        "console/quality/quality_buyer.html",
        title=buyer_name(market, buyer_id),
        here="quality",
        vertical=vertical,
        verticals=offered(market),
        who=buyer_name(market, buyer_id),
        buyer_id=buyer_id,
        line=line,
        sources=sources,
        shaves=sentence(market, signs, buyer_id),
        twin=lambda end: address(f"/console/quality/buyers/{buyer_id}{end}", vertical=vertical.name),
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    market, buyer_id = request.app[MARKET], request.match_info["buyer_id"]
    vertical = chosen(request, market)
    if vertical is None or buyer_id not in market.deals.buyers:
        return json_response({"error": "There is no such buyer or vertical."}, http_status=404)
    line, sources = await _found(request, vertical.name)
    told = []
    for each in sources:
        fields: dict[str, Any] = {name: each[name] for name in ("seller_id", "sub_id", "code", "sold")}
        for name in _RATES:
            fields |= rate_fields(name, each["rates"][name].rate)
        told.append(fields)
    own = line.fields(vertical.name) if line is not None else None
    return json_response({"vertical": vertical.name, "buyer": own, "count": len(told), "sources": told})


async def _found(request: web.Request, vertical: str) -> tuple[BuyerLine | None, list[dict[str, Any]]]:
    """The buyer's own record, and its sources with most leads first."""
    market, actor, buyer_id = request.app[MARKET], actor_of(request), request.match_info["buyer_id"]
    found = (await bidding_of(market, actor, vertical)).buyers.get(buyer_id)
    line = BuyerLine(found, buyer_name(market, buyer_id)) if found is not None else None
    return line, await bought_by_source(market, actor, vertical, buyer_id)
