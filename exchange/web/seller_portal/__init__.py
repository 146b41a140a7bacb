"""Pages for sellers: each sees what is its own."""

from __future__ import annotations

from aiohttp import web

from exchange.web.auth import for_role
from exchange.web.pages import add_table
from exchange.web.seller_portal import postbacks

HOME = "/seller/postbacks"


def add_seller_portal(app: web.Application) -> None:
    for each in (postbacks,):
        add_table(app, each.pages(), lambda show: for_role("seller", show))
    app.router.add_get("/seller", _home)


async def _home(_: web.Request) -> web.Response:
    return web.Response(status=303, headers={"Location": HOME})
