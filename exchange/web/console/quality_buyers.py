"""What each buyer does with what it bids for: whether it keeps its word, and what becomes of its leads."""

from __future__ import annotations

from aiohttp import web

from exchange.model.vertical import Vertical
from exchange.web.auth import actor_of
from exchange.web.csv_rows import csv_answer
from exchange.web.figures.quality import BuyerLine, bidding_of, buyers_of, chosen, offered
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import address, notice, page
from exchange.web.render import as_json as json_response

HOME = "/console/quality/buyers"


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", as_json), Page("GET", f"{HOME}.csv", as_csv))


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    vertical = chosen(request, market)
    if vertical is None:
        return await notice(request, "There is no such vertical", "Choose one of the list.", http_status=404)
    lines = await _lines(request, vertical)
    return await page(
        request,
        "console/quality_buyers.html",
        title="Buyers",
        here="quality",
        vertical=vertical,
        verticals=offered(market),
        lines=lines,
        twin=lambda end: address(HOME + end, vertical=vertical.name),
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    vertical = chosen(request, request.app[MARKET])
    if vertical is None:
        return json_response({"error": "There is no such vertical."}, http_status=404)
    told = [line.fields(vertical.name) for line in await _lines(request, vertical)]
    return json_response({"vertical": vertical.name, "count": len(told), "buyers": told})


async def as_csv(request: web.Request) -> web.StreamResponse:
    vertical = chosen(request, request.app[MARKET])
    if vertical is None:
        return await notice(request, "There is no such vertical", "Choose one of the list.", http_status=404)
    return csv_answer("buyers", [line.fields(vertical.name) for line in await _lines(request, vertical)])


async def _lines(request: web.Request, vertical: Vertical) -> list[BuyerLine]:
    market = request.app[MARKET]
    return buyers_of(market, await bidding_of(market, actor_of(request), vertical.name))
