"""A buyer's returns: what it asked, what became of it, and how much it may still give back."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.allowances import allowances
from exchange.model.lead import Mode
from exchange.stages.returns.words import reason_words
from exchange.storage.return_views import ReturnFilter, list_returns
from exchange.web.api.returning import return_fields
from exchange.web.auth import actor_of
from exchange.web.buyer_portal.store import buyer
from exchange.web.keys import MARKET
from exchange.web.lead_rows import csv_rows
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import mode_of, page
from exchange.web.return_query import read_query
from exchange.web.return_rows import line_of

HOME = "/buyer/returns"
PAGE = 50
_MOST = 1_000
_COLUMNS = (
    "return_id", "lead_id", "reference", "your_return_id", "contract_id", "reason", "asked_at", "state", "rule",
    "decided_at", "price", "credit", "currency", "why", "replacement_lead_id",
)  # fmt: skip


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_json),
        Page("GET", f"{HOME}.csv", as_csv),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor, mode = request.app[MARKET], actor_of(request), mode_of(request)
    before = read_query(request.query, mode).before
    rows = await market.db.read(list_returns, actor, ReturnFilter(mode, before=before, limit=PAGE + 1))
    lines = [line_of(market, row) for row in rows[:PAGE]]
    more = lines[-1] if len(rows) > PAGE else None
    return await page(
        request,
        "buyer_portal/returns.html",
        title="Returns",
        here="returns",
        lines=lines,
        older=f"{more.asked_at}_{more.id}" if more is not None else None,
        uses=[each for each in await allowances(market, buyer(request), mode) if each.now.bought or each.before],
        contracts={each.id: each.name for each in market.deals.contracts.values()},
        reason_words=reason_words,
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    rows = await market.db.read(list_returns, actor, _all(request))
    return json_response({"returns": [return_fields(market, row, actor) for row in rows]})


async def as_csv(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    rows = [return_fields(market, row, actor) for row in await market.db.read(list_returns, actor, _all(request))]
    lines: list[list[object]] = [[each[name] if each[name] is not None else "" for name in _COLUMNS] for each in rows]
    headers = {"Content-Disposition": 'attachment; filename="returns.csv"', "Cache-Control": "no-store"}
    return web.Response(body=csv_rows([list(_COLUMNS), *lines]), headers=headers, content_type="text/csv")


def _all(request: web.Request) -> ReturnFilter:
    return ReturnFilter(Mode(mode_of(request)).value, before=read_query(request.query, "").before, limit=_MOST)
