"""A new seller, and many from a CSV."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from exchange.flows.sellers import CannotSave, make_seller, make_sellers, read_rows
from exchange.model.lead import Problem
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.listed.sellers import PATH
from exchange.web.pages import Page, see_other
from exchange.web.render import page

NEW = "/console/new-seller"
_CSV_CHARACTERS = 200_000


def pages() -> tuple[Page, ...]:
    return (Page("GET", NEW, ask), Page("POST", NEW, make), Page("POST", f"{NEW}/csv", make_many))


async def ask(request: web.Request) -> web.StreamResponse:
    return await _new(request, ())


async def make(request: web.Request) -> web.StreamResponse:
    form = request[FORM]
    try:
        name, own = form.get("name", ""), form.get("id", "")
        made = await make_seller(request.app[MARKET], name, own, actor_of(request), ip_of(request))
    except CannotSave as error:
        return await _new(request, error.problems)
    return see_other(f"/console/new-campaign?seller={made.id}")


async def make_many(request: web.Request) -> web.StreamResponse:
    """All of a list or none."""
    text = request[FORM].get("csv", "")[:_CSV_CHARACTERS]
    try:
        await make_sellers(request.app[MARKET], read_rows(text), actor_of(request), ip_of(request))
    except CannotSave as error:
        return await _new(request, error.problems)
    return see_other(PATH)


async def _new(request: web.Request, problems: Sequence[Problem]) -> web.StreamResponse:
    form = request.get(FORM) or {}
    return await page(
        request,
        "console/sellers/new_seller.html",
        title="New seller",
        here="sellers",
        problems=problems,
        wrong={each.field for each in problems},
        typed=form,
        http_status=422 if problems else 200,
    )
