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
from exchange.storage.return_views import read_request
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.listed.own_returns import SELLERS_RETURNS
from exchange.web.listed.return_rows import line_of
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

HOME = SELLERS_RETURNS.path
_ONE = HOME + "/{return_id:ret_[A-Za-z0-9_-]{1,60}}"


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(SELLERS_RETURNS, show),
        Page("GET", _ONE, one),
        Page("POST", _ONE, act),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await page(
        request,
        "seller_portal/returns.html",
        title="Returns",
        here="returns",
        view=await view_of(request, SELLERS_RETURNS),
        chosen=None,
        reason_words=reason_words,
    )


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
    return see_other(f"{HOME}/{return_id}")


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
        chosen=line,
        facts=facts_for(unpacked(row["evidence"]), Role.SELLER),
        replied=words_in(market, row, REPLY, await key_of_lead(market, row["lead_id"])),
        open=line.waits and market.clock.now() < line.due_at,
        problem=problem,
        reason_words=reason_words,
        http_status=422 if problem is not None else 200,
        mode=row["mode"],
    )
