"""Rules drafted by plain forms, tried on recorded leads; what was tried before, and what was published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from exchange.fields.instant import read_instant
from exchange.flows.publish import CannotPublish, Moved, roll_back
from exchange.flows.redrawn import parties_of
from exchange.flows.simulations import DRAFT_CHARACTERS, begin, keep_draft, kept_draft, of_person
from exchange.model.draft import Draft
from exchange.model.party import State
from exchange.stages.draft import BadDraft, parse_draft
from exchange.storage.recordings import Span
from exchange.storage.simulations import list_simulations
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.rules import _drafting as drafting
from exchange.web.console.rules._published import published_lines
from exchange.web.figures.simulated import signed_money
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import address, notice, page

HOME = "/console/simulator"
PERIODS: Mapping[str, str] = {"1": "Last 24 hours", "7": "Last 7 days", "14": "Last 14 days", "30": "Last 30 days"}
_DAY_MS = 86_400_000
_RUNS = 20


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("POST", f"{HOME}/set", set_some),
        Page("POST", f"{HOME}/text", write),
        Page("POST", f"{HOME}/drop", drop),
        Page("POST", f"{HOME}/clear", clear),
        Page("POST", f"{HOME}/run", run),
        Page("POST", HOME + "/roll-back/{line_id:aud_[0-9A-Z]{1,40}}", bring_back),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _shown(request)


async def _shown(request: web.Request, problems: tuple[str, ...] = (), typed: str | None = None) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    text = await kept_draft(market, of_person(actor))
    shown = drafting.shown(market, text)
    subject = drafting.subject_of(market, request.query.get("edit", ""))
    deals = market.deals
    return await page(
        request,
        "console/rules/simulator.html",
        title="Simulator",
        here="simulator",
        http_status=422 if problems else 200,
        problems=problems,
        shown=shown,
        text=typed if typed is not None else text,
        subjects=drafting.subjects(market),
        subject=subject,
        fields=drafting.fields_of(market, subject, shown.draft) if subject is not None else [],
        periods=PERIODS,
        campaigns=sorted((each.id, each.name) for each in deals.campaigns.values() if each.state is not State.DELETED),
        verticals=sorted((each.name, each.title) for each in market.verticals.values()),
        runs=[_run(row) for row in await market.db.read(list_simulations, actor, _RUNS)],
        lines=await published_lines(request),
    )


def _run(row: Mapping[str, Any]) -> dict[str, Any]:
    told = orjson.loads(row["result"]) if row["result"] else None
    lines = [line for line in str(row["draft"]).splitlines() if line]
    return {
        "id": row["id"],
        "at": row["made_at"],
        "by": row["made_by"],
        "state": row["state"],
        "draft": lines,
        "leads": told["leads"] if told else row["done"],
        "revenue": signed_money(told["change"]["revenue"]["about"], told["currency"]) if told else "",
        "margin": signed_money(told["change"]["margin"]["about"], told["currency"]) if told else "",
    }


async def _draft(request: web.Request) -> Draft:
    market = request.app[MARKET]
    return drafting.shown(market, await kept_draft(market, of_person(actor_of(request)))).draft


async def set_some(request: web.Request) -> web.StreamResponse:
    """What was typed about one campaign, contract or buyer goes into the draft."""
    market, form = request.app[MARKET], request[FORM]
    subject = drafting.subject_of(market, form.get("subject", ""))
    if subject is None:
        return await notice(
            request, "Nothing drafted", "There is no such campaign, contract or buyer.", http_status=404
        )
    try:
        draft = drafting.with_form(market, await _draft(request), subject, form)
    except BadDraft as bad:
        return await _shown(request, bad.problems)
    await keep_draft(market, of_person(actor_of(request)), draft, actor_of(request))
    return see_other(address(HOME, edit=subject.key) + "#draft")


async def write(request: web.Request) -> web.StreamResponse:
    """The whole draft as text."""
    market, text = request.app[MARKET], request[FORM].get("text", "")[:DRAFT_CHARACTERS]
    parties = parties_of(market)
    try:
        draft = drafting.trimmed(parse_draft(text, parties), parties, market)
    except BadDraft as bad:
        return await _shown(request, bad.problems, text)
    await keep_draft(market, of_person(actor_of(request)), draft, actor_of(request))
    return see_other(HOME + "#draft")


async def drop(request: web.Request) -> web.StreamResponse:
    draft = drafting.without(await _draft(request), request[FORM].get("name", ""))
    await keep_draft(request.app[MARKET], of_person(actor_of(request)), draft, actor_of(request))
    return see_other(HOME + "#draft")


async def clear(request: web.Request) -> web.StreamResponse:
    await keep_draft(request.app[MARKET], of_person(actor_of(request)), (), actor_of(request))
    return see_other(HOME)


async def run(request: web.Request) -> web.StreamResponse:
    market, form = request.app[MARKET], request[FORM]
    draft = await _draft(request)
    try:
        span = span_of(form, market.clock.now())
        seed = int(form.get("seed", "") or "1") if (form.get("seed", "") or "1").isdecimal() else -1
        if not 0 <= seed < 2**31:
            raise ValueError("The seed is a whole number from 0 to 2,147,483,647.")
    except ValueError as error:
        return await _shown(request, (str(error),))
    return see_other(f"{HOME}/{await begin(market, span, draft, seed, actor_of(request))}")


def span_of(form: Mapping[str, str], now: int) -> Span:
    """The leads that a form asks for. Raises `ValueError` with a sentence."""
    given = {"vertical": form.get("vertical", ""), "campaign_id": form.get("campaign", "")}
    if form.get("from") or form.get("to"):
        since, until = _instant("From", form.get("from", "")), _instant("Until", form.get("to", ""))
        until = until if until is not None else now
        since = since if since is not None else until - 7 * _DAY_MS
    else:
        days = form.get("days", "7")
        if days not in PERIODS:
            raise ValueError("Choose a period.")
        since, until = now - int(days) * _DAY_MS, now
    if since >= until:
        raise ValueError("From must lie before until.")
    return Span(since, until, **given)


def _instant(name: str, text: str) -> int | None:
    if not text:
        return None
    at = read_instant(text if "T" in text else f"{text}T00:00:00Z")
    if at is None:
        raise ValueError(f"{name} must be a day such as 2026-11-20.")
    return at


async def bring_back(request: web.Request) -> web.StreamResponse:
    """Roll back what was published, from wherever it stood."""
    market, back = request.app[MARKET], request[FORM].get("back", HOME)
    try:
        await roll_back(market, request.match_info["line_id"], actor_of(request), ip_of(request))
    except LookupError:
        return await notice(request, "Nothing changed", "There is no such change.", http_status=404)
    except Moved:
        return await notice(request, "Nothing changed", "Something of it was changed again since.", http_status=409)
    except CannotPublish as cannot:
        return await notice(request, "Nothing changed", *cannot.problems, http_status=422)
    return see_other(back if back.startswith("/console/") else HOME)
