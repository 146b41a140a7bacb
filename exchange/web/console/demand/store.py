"""What is in the store, what it asks, and what became of it."""

from __future__ import annotations

from aiohttp import web

from exchange.web.listed.store import STORE
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import page


def pages() -> tuple[Page, ...]:
    return pages_of(STORE, show)


async def show(request: web.Request) -> web.StreamResponse:
    view = await view_of(request, STORE)
    return await page(request, "console/demand/store.html", title="Store", here="store", view=view)
