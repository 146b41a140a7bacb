"""`/help/errors`: what each code of an error means, for errors that no campaign's page explains."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.specs import ERRORS
from exchange.web.pages import Page
from exchange.web.posting.words import CODES
from exchange.web.render import page


def pages() -> tuple[Page, ...]:
    return (Page("GET", ERRORS, show),)


async def show(request: web.Request) -> web.StreamResponse:
    return await page(request, "public/errors.html", title="Codes of errors", codes=CODES)
