"""Sales whose delivery came back: the list of them, and the form that decides one."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.disputes import stands, undo_disputed
from exchange.flows.settle import CannotSettle
from exchange.stages.notes import note_problem
from exchange.web.auth import FORM, actor_of, ip_of, is_local
from exchange.web.keys import MARKET
from exchange.web.listed.disputes import DISPUTES, PATH
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(DISPUTES, show),
        Page("POST", PATH + "/{attempt_id:[A-Za-z0-9_-]{1,60}}", decide),
    )


async def show(request: web.Request) -> web.StreamResponse:
    view = await view_of(request, DISPUTES)
    return await page(request, "console/leads/disputes.html", title="Disputes", here="disputes", view=view)


async def decide(request: web.Request) -> web.StreamResponse:
    """Somebody says whether the sale stands. It is kept with their name and their reason."""
    market, form = request.app[MARKET], request[FORM]
    attempt_id = request.match_info["attempt_id"]
    note = form.get("note", "").strip()
    word = form.get("decision", "")
    if not note or word not in ("stands", "undo"):
        told = "Say whether the sale stands or is undone, and why: the reason is kept with your name."
        return await notice(request, "Not decided yet", told, http_status=422)
    if (wrong := note_problem(note)) is not None:
        return await notice(request, "Not decided yet", wrong.message, http_status=422)
    try:
        if word == "undo":
            await undo_disputed(market, attempt_id, note, actor_of(request), ip_of(request))
        elif not await stands(market, attempt_id, note, actor_of(request), ip_of(request)):
            return await notice(request, "It was decided before", "Nobody disputes this sale now.", http_status=409)
    except CannotSettle as error:
        return await notice(request, "It could not be undone", str(error), http_status=409)
    back = form.get("back", PATH)
    return see_other(back if is_local(back) else PATH)
