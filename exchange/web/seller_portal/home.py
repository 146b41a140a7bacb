"""Where a seller begins: its day, what it has coming, and how to post into each campaign."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.seller_statements import currencies_of, running
from exchange.storage.seller_views import day_of_seller
from exchange.web.auth import actor_of, posting_pages
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import SESSION, page, times_of


def pages() -> tuple[Page, ...]:
    return (Page("GET", "/seller", show),)


async def show(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    begin, end = times_of(request).today()
    seller_id = actor.party_id or ""
    open_ones = [
        found
        for currency in await currencies_of(market, seller_id)
        if (found := await running(market, actor, seller_id, currency)) is not None
    ]
    return await page(
        request,
        "seller_portal/home.html",
        title="Home",
        here="home",
        days=await market.db.read(day_of_seller, actor, begin, end),
        running=open_ones,
        links=posting_pages(request, request[SESSION]),
    )
