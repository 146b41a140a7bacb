"""One return of a buyer: what was found, what was decided, what it is asked, and its answer."""

from __future__ import annotations

from aiohttp import web

from exchange import limits
from exchange.flows.return_rules import unpacked
from exchange.flows.return_talk import answer
from exchange.flows.returns import ANSWER, NOTE, key_of_lead, words_in
from exchange.model.actor import Role
from exchange.model.lead import Problem
from exchange.stages.returns.evidence import facts_for
from exchange.stages.returns.words import reason_words
from exchange.storage.database import Row
from exchange.storage.return_views import read_file, read_request
from exchange.web.auth import actor_of, is_token, without_token
from exchange.web.buyer_portal.returns import HOME
from exchange.web.console.returns.return_case import sent_file
from exchange.web.keys import MARKET
from exchange.web.listed.return_rows import line_of
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, notice, page
from exchange.web.small_form import BadForm, read_small_form
from exchange.web.uploads import closed

_ONE = HOME + "/{return_id:ret_[A-Za-z0-9_-]{1,60}}"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _ONE, show), Page("GET", f"{_ONE}/file", file))


def uploads() -> tuple[Page, ...]:
    return (Page("POST", _ONE, act),)


async def show(request: web.Request) -> web.StreamResponse:
    row = await _row(request)
    return await _page(request, row) if row is not None else await _gone(request)


async def act(request: web.Request) -> web.StreamResponse:
    """An answer to a question."""
    market, return_id = request.app[MARKET], request.match_info["return_id"]
    try:
        form = await read_small_form(request, limits.RETURN_FILE_BYTES)
    except BadForm as error:
        return closed(await notice(request, "It was not sent", str(error), http_status=400))
    if not is_token(request[SESSION], form.fields):
        return closed(await without_token(request))
    done = await answer(market, actor_of(request), return_id, form.fields.get("answer", ""), form.file)
    row = await _row(request)
    if row is None:
        return closed(await _gone(request))
    if isinstance(done, Problem):
        return closed(await _page(request, row, done))
    if not done:
        told = "Nothing is asked of you now."
        return closed(await notice(request, "It was answered or decided before", told, http_status=409))
    return see_other(f"{HOME}/{return_id}")


async def file(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    kept = await market.db.read(read_file, actor_of(request), request.match_info["return_id"])
    return await sent_file(request, market, kept)


async def _row(request: web.Request) -> Row | None:
    return await request.app[MARKET].db.read(read_request, actor_of(request), request.match_info["return_id"])


async def _gone(request: web.Request) -> web.StreamResponse:
    return await notice(request, "There is no such return", "It is not yours, or never was.", http_status=404)


async def _page(request: web.Request, row: Row, problem: Problem | None = None) -> web.Response:
    market = request.app[MARKET]
    key = await key_of_lead(market, row["lead_id"])
    return await page(
        request,
        "buyer_portal/return_one.html",
        title="A return",
        here="returns",
        line=line_of(market, row),
        facts=facts_for(unpacked(row["evidence"]), Role.BUYER),
        note=words_in(market, row, NOTE, key),
        answered=words_in(market, row, ANSWER, key),
        reason_words=reason_words,
        problem=problem,
        http_status=422 if problem is not None else 200,
        mode=row["mode"],
    )
