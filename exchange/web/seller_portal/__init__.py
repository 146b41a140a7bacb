"""Pages for sellers: each sees what is its own."""

from __future__ import annotations

from aiohttp import web

from exchange.web.auth import for_role, posting_pages
from exchange.web.pages import add_table
from exchange.web.render import SESSION, notice
from exchange.web.seller_portal import postbacks, quality


def add_seller_portal(app: web.Application) -> None:
    for each in (postbacks, quality):
        add_table(app, each.pages(), lambda show: for_role("seller", show))
    app.router.add_get("/seller", for_role("seller", _home))


async def _home(request: web.Request) -> web.Response:
    """Where a seller goes on from: how to post into each campaign; the rail leads to the rest."""
    links = posting_pages(request, request[SESSION])
    return await notice(request, "Your part of the exchange", http_status=200, links=links)
