"""Words of buyers and what they mean, each of which can be forgotten: the next report with it waits again."""

from __future__ import annotations

from aiohttp import web

from exchange.web.listed.known_words import KNOWN_WORDS
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import page


def pages() -> tuple[Page, ...]:
    return pages_of(KNOWN_WORDS, show)


async def show(request: web.Request) -> web.StreamResponse:
    return await page(
        request,
        "console/returns/known_words.html",
        title="Mapped words",
        here="words",
        view=await view_of(request, KNOWN_WORDS),
    )
