"""A seller's statements: the running one, and what was issued, the moment it is issued."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from exchange.flows.seller_statements import Document, currencies_of, own_fields, run_fields, running, statement
from exchange.storage.payout_lists import statements_of
from exchange.web.auth import actor_of
from exchange.web.csv_rows import csv_answer
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import address, page
from exchange.web.render import as_json as json_response
from exchange.web.statements.page import document_pages
from exchange.web.statements.told import STATES

HOME = "/seller/statements"
_NAME = "/{name:PO-[0-9]{4}-[0-9]{1,12}|open-[A-Z]{3}}"
_LISTED = 30
_COLUMNS = ("statement", "currency", "state", "since", "until", "due_at", "method")
_AMOUNTS = ("carried", "sold", "returned", "adjusted", "released", "held", "rounding", "carry", "pay")


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_json),
        Page("GET", f"{HOME}.csv", as_csv),
        *document_pages(HOME, _NAME, "statements", _find, _beside),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    found = await market.db.read(statements_of, actor, _before(request), _LISTED + 1)
    older = ""
    if len(found) > _LISTED:
        found = found[:_LISTED]
        older = address(HOME, before=f"{found[-1].until.at}~{found[-1].id}")
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
        runs=[
            (each, STATES["carried" if each.number and not each.figures.pay else each.state.value]) for each in found
        ],
        older=older,
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    found = await request.app[MARKET].db.read(statements_of, actor_of(request), None, 500)
    return json_response({"statements": [own_fields(run_fields(each)) for each in found]})


async def as_csv(request: web.Request) -> web.StreamResponse:
    found = await request.app[MARKET].db.read(statements_of, actor_of(request), None, 10_000)
    return csv_answer("statements", [run_fields(each) for each in found], (*_COLUMNS, *_AMOUNTS))


async def _find(request: web.Request) -> Document | None:
    """A seller's own; another's is not there."""
    market, actor, name = request.app[MARKET], actor_of(request), request.match_info["name"]
    if name.startswith("open-"):
        seller_id, currency = actor.party_id or "", name.removeprefix("open-")
        return await running(market, actor, seller_id, currency) if seller_id else None
    return await statement(market, actor, name)


async def _beside(_: web.Request, __: Document) -> dict[str, Any]:
    return {"may_act": False, "waits": "", "approvals": []}


def _before(request: web.Request) -> tuple[int, str] | None:
    at, _, run_id = request.query.get("before", "").partition("~")
    return (int(at), run_id) if at.isascii() and at.isdigit() and len(at) < 16 else None
