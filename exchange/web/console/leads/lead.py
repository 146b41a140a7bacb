"""One lead: what came, what was decided and why, what went over the wire, and what it earned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from exchange.flows.compare import judged_now
from exchange.flows.erase import CannotErase, erase_person
from exchange.flows.evidence import NoEvidence, hold, lift, show_evidence
from exchange.flows.reveal import MayNotReveal, hide, reveal, seen
from exchange.model.rights import Right
from exchange.storage.timeline import read_lead_rows
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.leads._acts import acts_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, notice, page
from exchange.web.render import as_json as json_response
from exchange.web.story.around import around
from exchange.web.story.compared import compared
from exchange.web.story.page import Told, tell
from exchange.web.story.records import open_story
from exchange.web.story.seen import sights_of

_PATH = "/console/leads/{lead_id:[A-Za-z0-9_-]{1,60}}"


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", _PATH, show),
        Page("GET", f"{_PATH}.json", as_json),
        Page("POST", f"{_PATH}/reveal", show_revealed, Right.REVEAL),
        Page("POST", f"{_PATH}/hide", hide_again, Right.REVEAL),
        Page("POST", f"{_PATH}/evidence", show_kept, Right.REVEAL),
        Page("POST", f"{_PATH}/{{act:hold|lift}}", change_hold, Right.ERASE),
        Page("POST", f"{_PATH}/erase", erase, Right.ERASE),
    )


async def show(request: web.Request) -> web.StreamResponse:
    told = await _told(request)
    return await _page(request, told) if told is not None else await _missing(request)


async def as_json(request: web.Request) -> web.StreamResponse:
    """The same as the page, for programs; masked alike."""
    told = await _told(request)
    if told is None:
        return json_response({"status": "error", "message": "There is no such lead."}, 404)
    return json_response(told.fields())


async def show_revealed(request: web.Request) -> web.StreamResponse:
    """The page with the personal values in it, for ten minutes. The reason is in the audit log before they are."""
    lead_id, why = request.match_info["lead_id"], request[FORM].get("why", "")[:500]
    session = request[SESSION].hash
    try:
        await reveal(request.app[MARKET], lead_id, why, actor_of(request), session, ip_of(request))
    except MayNotReveal as error:
        told = await _told(request)
        if told is None:
            return await _missing(request)
        return await _page(request, told, problem=str(error), http_status=422)
    return see_other(f"/console/leads/{lead_id}#data")


async def hide_again(request: web.Request) -> web.StreamResponse:
    lead_id = request.match_info["lead_id"]
    await hide(request.app[MARKET], lead_id, request[SESSION].hash)
    return see_other(f"/console/leads/{lead_id}#data")


async def show_kept(request: web.Request) -> web.StreamResponse:
    """The page of an erased lead once with what is kept of its consent. The reason is in the audit log before it."""
    told = await _told(request)
    if told is None:
        return await _missing(request)
    lead_id, why = str(told.lead["id"]), request[FORM].get("why", "")
    try:
        (kept,) = await show_evidence(request.app[MARKET], lead_id, why, actor_of(request), ip_of(request))
    except NoEvidence as error:
        return await _page(request, told, problem=str(error), http_status=422)
    return await _page(request, told, kept=kept)


async def change_hold(request: web.Request) -> web.StreamResponse:
    """Somebody is sued about the lead, so that nothing of it may be erased; or is no longer."""
    lead_id = request.match_info["lead_id"]
    act = {"hold": hold, "lift": lift}[request.match_info["act"]]
    try:
        await act(request.app[MARKET], lead_id, request[FORM].get("why", ""), actor_of(request), ip_of(request))
    except NoEvidence as error:
        told = await _told(request)
        if told is None:
            return await _missing(request)
        return await _page(request, told, problem=str(error), http_status=422)
    return see_other(f"/console/leads/{lead_id}#hold")


async def erase(request: web.Request) -> web.StreamResponse:
    """The consumer asks to be deleted: this lead, and all others of the same person."""
    told = await _told(request)
    if told is None:
        return await _missing(request)
    lead_id, why = str(told.lead["id"]), request[FORM].get("why", "")
    try:
        ended = await erase_person(request.app[MARKET], lead_id, why, actor_of(request), ip_of(request))
    except CannotErase as error:
        return await _page(request, told, problem=str(error), http_status=422)
    if ended.held or ended.under_way:
        left = f"{ended.held} under a legal hold and {ended.under_way} being sold at this moment stay."
        told = await _told(request) or told
        return await _page(request, told, problem=f"{ended.erased} leads were erased; {left}", http_status=409)
    return see_other(f"/console/leads/{lead_id}")


async def _told(request: web.Request) -> Told | None:
    market = request.app[MARKET]
    rows = await market.db.read(read_lead_rows, actor_of(request), request.match_info["lead_id"])
    if rows is None:
        return None
    story = open_story(market, rows)
    beside = await around(market, actor_of(request), story)
    told = replace(tell(market, story, beside), sights=await sights_of(market, actor_of(request), rows))
    if request.query.get("compare") != "now":
        return told
    now = await judged_now(market, story.lead)
    live = told.lead["mode"] == "live"
    return replace(told, compared=compared(market, told.panels, now, story.mask, live=live))


async def _page(
    request: web.Request,
    told: Told,
    *,
    kept: Mapping[str, Any] | None = None,
    problem: str = "",
    http_status: int = 200,
) -> web.StreamResponse:
    shown = await seen(request.app[MARKET], str(told.lead["id"]), actor_of(request), request[SESSION].hash)
    return await page(
        request,
        "console/leads/lead.html",
        title=f"Lead {told.lead['id']}",
        here="leads",
        mode=told.lead["mode"],
        told=told,
        acts=acts_of(told, actor_of(request)),
        revealed=shown.values if shown is not None else None,
        revealed_until=shown.until_at if shown is not None else 0,
        kept=kept,
        problem=problem,
        http_status=http_status,
    )


async def _missing(request: web.Request) -> web.StreamResponse:
    return await notice(
        request, "There is no such lead", "Check that the id is whole. Search also finds request ids.", http_status=404
    )
