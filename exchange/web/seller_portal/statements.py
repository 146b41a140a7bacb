"""A seller's statements: the running one, and what was issued, the moment it is issued."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from exchange.flows.seller_statements import Document, currencies_of, running, statement
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import page
from exchange.web.statements.lists import OWN_STATEMENTS, own_standing
from exchange.web.statements.page import document_pages

HOME = "/seller/statements"
_NAME = "/{name:PO-[0-9]{4}-[0-9]{1,12}|open-[A-Z]{3}}"


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(OWN_STATEMENTS, show),
        *document_pages(HOME, _NAME, "statements", _find, _beside),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    seller_id = actor.party_id or ""
    open_ones = [
        document
        for currency in await currencies_of(market, seller_id)
        if (document := await running(market, actor, seller_id, currency)) is not None
    ]
    return await page(
        request,
        "seller_portal/statements.html",
        title="Statements",
        here="statements",
        running=open_ones,
        view=await view_of(request, OWN_STATEMENTS),
        standing=own_standing,
    )


async def _find(request: web.Request) -> Document | None:
    """A seller's own; another's is not there."""
    market, actor, name = request.app[MARKET], actor_of(request), request.match_info["name"]
    if name.startswith("open-"):
        seller_id, currency = actor.party_id or "", name.removeprefix("open-")
        return await running(market, actor, seller_id, currency) if seller_id else None
    return await statement(market, actor, name)


async def _beside(_: web.Request, __: Document) -> dict[str, Any]:
    return {"may_act": False, "waits": "", "approvals": []}
