"""All sellers with what they bring."""

from __future__ import annotations

from aiohttp import web

from exchange.storage.wishes import open_wishes
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.listed.sellers import SELLERS
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import page


def pages() -> tuple[Page, ...]:
    return pages_of(SELLERS, show)


async def show(request: web.Request) -> web.StreamResponse:
    market, view = request.app[MARKET], await view_of(request, SELLERS)
    return await page(
        request,
        "console/sellers/sellers.html",
        title="Sellers",
        here="sellers",
        view=view,
        wishes=await market.db.read(open_wishes, actor_of(request)),
        sellers=market.deals.sellers,
    )
