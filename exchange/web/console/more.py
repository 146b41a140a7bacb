"""Where everything of the console is: a small screen's foot has room for little of it."""

from __future__ import annotations

from aiohttp import web

from exchange.web.pages import Page
from exchange.web.render import page


def pages() -> tuple[Page, ...]:
    return (Page("GET", "/console/more", show),)


async def show(request: web.Request) -> web.StreamResponse:
    return await page(request, "console/more.html", title="Everything", here="more")
