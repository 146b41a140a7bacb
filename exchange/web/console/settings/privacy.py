"""What consumers may ask for: their leads found, a copy of what is kept, and its deletion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import orjson
from aiohttp import web

from exchange.flows.erase import CannotErase, erase_person
from exchange.flows.person_copy import FoundLead, copy_for, look_up
from exchange.flows.persons import NoPerson
from exchange.flows.reveal import MayNotReveal
from exchange.model.rights import Right, may, needed
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import page

HOME = "/console/privacy"
_LONGEST = 200


class Said(NamedTuple):
    """What the page says at its top; `who` is what was typed, and what was found by it (None: nothing asked yet)."""

    who: str = ""
    found: tuple[FoundLead, ...] | None = None
    problem: str = ""
    done: str = ""
    field: str = "who"


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("POST", HOME, find),
        Page("POST", f"{HOME}/copy.{{kind:json|pdf}}", give_copy, Right.REVEAL),
        Page("POST", f"{HOME}/erase", erase, Right.ERASE),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request, Said())


async def find(request: web.Request) -> web.StreamResponse:
    """By a form, so that no phone or email stands in an address or a log."""
    said = await _found(request)
    return await _page(request, said, 422 if said.problem else 200)


async def give_copy(request: web.Request) -> web.StreamResponse:
    from exchange.web.person_paper import as_fields, draw  # reportlab is large, and few ask for this

    form, market = request[FORM], request.app[MARKET]
    try:
        leads = await copy_for(market, _who(form), form.get("why", ""), actor_of(request))
    except (NoPerson, MayNotReveal) as refused:
        said = await _found(request)
        return await _page(request, _with_problem(said, str(refused), "why"), 422)
    now = market.clock.now()
    if request.match_info["kind"] == "pdf":
        body, content_type = draw(market.name, leads, now), "application/pdf"
    else:
        body = orjson.dumps(as_fields(market.name, leads, now), option=orjson.OPT_INDENT_2)
        content_type = "application/json"
    response = web.Response(body=body, content_type=content_type)
    response.headers["Cache-Control"] = "no-store"
    name = f"what-is-kept.{request.match_info['kind']}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def erase(request: web.Request) -> web.StreamResponse:
    form = request[FORM]
    if form.get("sure") != "yes":
        said = await _found(request)
        return await _page(request, _with_problem(said, "Tick that you are sure: it cannot be undone.", "sure"), 422)
    try:
        ended = await erase_person(request.app[MARKET], _who(form), form.get("why", ""), actor_of(request))
    except CannotErase as refused:
        said = await _found(request)
        return await _page(request, _with_problem(said, str(refused), "why"), 422)
    left = f" {ended.held} under a legal hold stay." if ended.held else ""
    left += f" {ended.under_way} are being sold at this moment: ask again in a minute." if ended.under_way else ""
    told = "1 lead was erased" if ended.erased == 1 else f"{ended.erased} leads were erased"
    return await _page(request, Said(done=f"{told}, whoever bought them hears of it, and they are sold no more.{left}"))


def _with_problem(said: Said, problem: str, field: str) -> Said:
    return said._replace(problem=problem, field=field)


async def _found(request: web.Request) -> Said:
    who = _who(request[FORM])
    try:
        return Said(who, await look_up(request.app[MARKET], who))
    except NoPerson as nobody:
        return Said(who, problem=str(nobody))


def _who(form: Mapping[str, str]) -> str:
    return form.get("who", "").strip()[:_LONGEST]


async def _page(request: web.Request, said: Said, http_status: int = 200) -> web.StreamResponse:
    actor = actor_of(request)
    barred = {right.name.lower(): "" if may(actor, right) else needed(right) for right in (Right.REVEAL, Right.ERASE)}
    return await page(
        request,
        "console/settings/privacy.html",
        title="Privacy",
        here="privacy",
        http_status=http_status,
        said=said,
        barred=barred,
    )
