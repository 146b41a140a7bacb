"""Returns of a seller's leads: why, what was found, what it costs, and the seller's reply within its window."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.return_rules import unpacked
from exchange.flows.return_talk import reply
from exchange.flows.returns import REPLY, key_of_lead, words_in
from exchange.model.actor import Role
from exchange.model.lead import Problem
from exchange.stages.returns.evidence import facts_for
from exchange.stages.returns.words import reason_words
from exchange.storage.database import Row
from exchange.storage.return_views import ReturnFilter, list_returns, read_request
from exchange.web.api.returning import return_fields
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.lead_rows import csv_rows
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import mode_of, notice, page
from exchange.web.return_query import read_query
from exchange.web.return_rows import line_of

HOME = "/seller/returns"
PAGE = 50
_MOST = 1_000
_ONE = HOME + "/{return_id:ret_[A-Za-z0-9_-]{1,60}}"
_COLUMNS = (
    "return_id", "lead_id", "seller_lead_id", "your_return_id", "reason", "asked_at", "due_at", "state", "rule",
    "decided_at", "earned", "returned_amount", "currency",
)  # fmt: skip


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_json),
        Page("GET", f"{HOME}.csv", as_csv),
        Page("GET", _ONE, one),
        Page("POST", _ONE, act),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, mode = request.app[MARKET], mode_of(request)
    before = read_query(request.query, mode).before
    rows = await market.db.read(list_returns, actor_of(request), ReturnFilter(mode, before=before, limit=PAGE + 1))
    lines = [line_of(market, row) for row in rows[:PAGE]]
    more = lines[-1] if len(rows) > PAGE else None
    return await page(
        request,
        "seller_portal/returns.html",
        title="Returns",
        here="returns",
        lines=lines,
        older=f"{more.asked_at}_{more.id}" if more is not None else None,
        chosen=None,
        reason_words=reason_words,
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    rows = await market.db.read(list_returns, actor, ReturnFilter(mode_of(request), limit=_MOST))
    return json_response({"returns": [return_fields(market, row, actor) for row in rows]})


async def as_csv(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    rows = await market.db.read(list_returns, actor, ReturnFilter(mode_of(request), limit=_MOST))
    told = [return_fields(market, row, actor) for row in rows]
    lines: list[list[object]] = [[each[name] if each[name] is not None else "" for name in _COLUMNS] for each in told]
    headers = {"Content-Disposition": 'attachment; filename="returns.csv"', "Cache-Control": "no-store"}
    return web.Response(body=csv_rows([list(_COLUMNS), *lines]), headers=headers, content_type="text/csv")


async def one(request: web.Request) -> web.StreamResponse:
    row = await _row(request)
    return await _page(request, row) if row is not None else await _gone(request)


async def act(request: web.Request) -> web.StreamResponse:
    """A reply, as long as it may count."""
    market, form, return_id = request.app[MARKET], request[FORM], request.match_info["return_id"]
    own = form.get("your_return_id", "").strip()
    done = await reply(market, actor_of(request), return_id, form.get("message", ""), own or None)
    row = await _row(request)
    if row is None:
        return await _gone(request)
    if isinstance(done, Problem):
        return await _page(request, row, done)
    if not done:
        told = "It is decided, or your window is over: a reply would change nothing."
        return await notice(request, "It was not taken", told, http_status=409)
    return web.Response(status=303, headers={"Location": f"{HOME}/{return_id}", "Cache-Control": "no-store"})


async def _row(request: web.Request) -> Row | None:
    return await request.app[MARKET].db.read(read_request, actor_of(request), request.match_info["return_id"])


async def _gone(request: web.Request) -> web.StreamResponse:
    return await notice(request, "There is no such return", "It is about no lead of yours.", http_status=404)


async def _page(request: web.Request, row: Row, problem: Problem | None = None) -> web.Response:
    market = request.app[MARKET]
    line = line_of(market, row)
    return await page(
        request,
        "seller_portal/returns.html",
        title="A return",
        here="returns",
        lines=[],
        older=None,
        chosen=line,
        facts=facts_for(unpacked(row["evidence"]), Role.SELLER),
        replied=words_in(market, row, REPLY, await key_of_lead(market, row["lead_id"])),
        open=line.waits and market.clock.now() < line.due_at,
        problem=problem,
        reason_words=reason_words,
        http_status=422 if problem is not None else 200,
        mode=row["mode"],
    )
