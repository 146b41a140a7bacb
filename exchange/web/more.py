"""Where everything is that somebody's rail has: a small screen's foot has room for little of it."""

from __future__ import annotations

from aiohttp import web

from exchange.web.pages import Page
from exchange.web.render import page


def pages(home: str) -> tuple[Page, ...]:
    """For those whose pages begin there."""
    return (Page("GET", f"{home}/more", show),)


async def show(request: web.Request) -> web.StreamResponse:
    return await page(request, "more.html", title="Everything", here="more")
