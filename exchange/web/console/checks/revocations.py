"""Consent that consumers took back: written down here, with who was told, how, and by when everybody must know."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.revoke import CannotRevoke, Taken, acknowledge, revoke
from exchange.storage.revocation_views import still_to_tell
from exchange.web.auth import FORM, actor_of, ip_of, is_local
from exchange.web.keys import MARKET
from exchange.web.listed.revocations import PATH, REVOCATIONS
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(REVOCATIONS, show),
        Page("POST", PATH, take),
        Page("POST", PATH + "/{notice_id:rvn_[A-Za-z0-9_]{1,90}}", told),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def take(request: web.Request) -> web.StreamResponse:
    form = {name: value.strip() for name, value in request[FORM].items()}
    who = form.get("who", "")
    lead_id = who if who.startswith("ld_") else ""
    taken = Taken("" if lead_id else who, lead_id, form.get("vertical", ""), "consumer", form.get("means", ""))
    try:
        await revoke(request.app[MARKET], taken, actor_of(request), ip_of(request))
    except CannotRevoke as error:
        return await _page(request, str(error), 422)
    return see_other(PATH)


async def told(request: web.Request) -> web.StreamResponse:
    """An operator told somebody by hand."""
    if not await acknowledge(request.app[MARKET], request.match_info["notice_id"], actor_of(request)):
        return await notice(request, "Nothing to say", "It was acknowledged before.", http_status=409)
    back = request[FORM].get("back", PATH)
    return see_other(back if is_local(back) else PATH)


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.Response:
    market = request.app[MARKET]
    return await page(
        request,
        "console/checks/revocations.html",
        title="Consent taken back",
        here="revocations",
        view=await view_of(request, REVOCATIONS),
        still_open=await market.db.read(still_to_tell),
        verticals=sorted(market.verticals.values(), key=lambda each: each.title.lower()),
        problem=problem,
        http_status=http_status,
    )
