"""A seller's own files of leads: the list, and the form that brings a new one."""

from __future__ import annotations

from aiohttp import web

from exchange import limits
from exchange.flows.sellers import campaigns_of
from exchange.model.party import Campaign, State
from exchange.web.auth import actor_of
from exchange.web.bringing import bring
from exchange.web.keys import MARKET
from exchange.web.listed.imports import OWN_IMPORTS
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import mode_of, page

PATH = OWN_IMPORTS.path


def pages() -> tuple[Page, ...]:
    return pages_of(OWN_IMPORTS, show)


def uploads() -> tuple[Page, ...]:
    return (Page("POST", PATH, take),)


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def take(request: web.Request) -> web.StreamResponse:
    return await bring(request, PATH, _campaigns(request), _page)


def _campaigns(request: web.Request) -> list[Campaign]:
    """Live leads go into campaigns that are live alone, as with its keys."""
    own = campaigns_of(request.app[MARKET], actor_of(request).party_id or "")
    live = mode_of(request) == "live"
    return [each for each in own if each.state is not State.DELETED and (each.live or not live)]


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.Response:
    return await page(
        request,
        "seller_portal/imports.html",
        title="Imports",
        here="imports",
        view=await view_of(request, OWN_IMPORTS),
        campaigns=_campaigns(request),
        base=PATH,
        most_mb=limits.IMPORT_BYTES // 1024 // 1024,
        problem=problem,
        http_status=http_status,
    )
