"""What each buyer does with what it bids for: whether it keeps its word, and what becomes of its leads."""

from __future__ import annotations

from aiohttp import web

from exchange.model.vertical import Vertical
from exchange.web.auth import actor_of
from exchange.web.console.quality._of_vertical import of_vertical
from exchange.web.csv_rows import csv_answer
from exchange.web.figures.quality import BuyerLine, bidding_of, buyers_of, offered
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import address, page
from exchange.web.render import as_json as json_response

HOME = "/console/quality/buyers"


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, of_vertical(show)),
        Page("GET", f"{HOME}.json", of_vertical(as_json)),
        Page("GET", f"{HOME}.csv", of_vertical(as_csv)),
    )


async def show(request: web.Request, vertical: Vertical) -> web.StreamResponse:
    market = request.app[MARKET]
    lines = await _lines(request, vertical)
    return await page(
        request,
        "console/quality/quality_buyers.html",
        title="Buyers",
        here="quality",
        vertical=vertical,
        verticals=offered(market),
        lines=lines,
        twin=lambda end: address(HOME + end, vertical=vertical.name),
    )


async def as_json(request: web.Request, vertical: Vertical) -> web.StreamResponse:
    told = [line.fields(vertical.name) for line in await _lines(request, vertical)]
    return json_response({"vertical": vertical.name, "count": len(told), "buyers": told})


async def as_csv(request: web.Request, vertical: Vertical) -> web.StreamResponse:
    return csv_answer("buyers", [line.fields(vertical.name) for line in await _lines(request, vertical)])


async def _lines(request: web.Request, vertical: Vertical) -> list[BuyerLine]:
    market = request.app[MARKET]
    return buyers_of(market, await bidding_of(market, actor_of(request), vertical.name))
