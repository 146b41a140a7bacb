"""Files of leads: the list of all imports, and the form that brings a new file."""

from __future__ import annotations

from aiohttp import web

from exchange import limits
from exchange.model.party import Campaign, State
from exchange.web.bringing import bring
from exchange.web.keys import MARKET
from exchange.web.listed.imports import IMPORTS, PATH
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import page


def pages() -> tuple[Page, ...]:
    return pages_of(IMPORTS, show)


def uploads() -> tuple[Page, ...]:
    return (Page("POST", PATH, take),)


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def take(request: web.Request) -> web.StreamResponse:
    return await bring(request, PATH, _campaigns(request), _page)


def _campaigns(request: web.Request) -> list[Campaign]:
    known = (each for each in request.app[MARKET].deals.campaigns.values() if each.state is not State.DELETED)
    return sorted(known, key=lambda each: each.name.lower())


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.Response:
    return await page(
        request,
        "console/supply/imports.html",
        title="Imports",
        here="imports",
        view=await view_of(request, IMPORTS),
        campaigns=_campaigns(request),
        base=PATH,
        most_mb=limits.IMPORT_BYTES // 1024 // 1024,
        problem=problem,
        http_status=http_status,
    )
