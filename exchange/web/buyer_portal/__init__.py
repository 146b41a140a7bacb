"""Pages for buyers: each sees what is its own."""

from __future__ import annotations

from aiohttp import web

from exchange.web.auth import for_role
from exchange.web.buyer_portal import _reports, card, claim, lead, leads, order, store
from exchange.web.pages import add_table

HOME = "/buyer/store"


def add_buyer_portal(app: web.Application) -> None:
    for each in (order, claim, store, card, leads, lead, _reports):
        add_table(app, each.pages(), lambda show: for_role("buyer", show))
    add_table(app, _reports.uploads(), lambda show: for_role("buyer", show, token=False))
    app.router.add_get("/buyer", _home)


async def _home(_: web.Request) -> web.Response:
    return web.Response(status=303, headers={"Location": HOME})
