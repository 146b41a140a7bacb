"""The page that a text points to: what anybody may see of a lead and two buttons, then all of it."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.links import BadLink
from exchange.flows.offered import REFUSE, TAKE, Offered, decide, read_offer
from exchange.flows.scenes import PAGE
from exchange.web.auth import read_form
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import notice, page

_TOKEN = PAGE + "{token}"
_TITLES = {"open": "A lead for you", "coming": "One moment", "theirs": "This lead is yours"}


def pages() -> tuple[Page, ...]:
    return (Page("GET", _TOKEN, show), Page("POST", _TOKEN, act))


async def show(request: web.Request) -> web.StreamResponse:
    """Never acts: programs that preview messages open every link they see."""
    return await _page(request, await read_offer(request.app[MARKET], request.match_info["token"]))


async def act(request: web.Request) -> web.StreamResponse:
    decision = (await read_form(request)).get("do")
    if decision not in (TAKE, REFUSE):
        return await notice(request, "Nothing was done", "Press one of the two buttons of the page.", http_status=422)
    offered = await decide(request.app[MARKET], request.match_info["token"], decision)
    if isinstance(offered, Offered) and offered.stage == "over" and decision == REFUSE:
        told = "You did not buy this lead. It goes to somebody else."
        return await notice(request, "Refused", told, http_status=200)
    return await _page(request, offered)


async def _page(request: web.Request, offered: Offered | BadLink) -> web.StreamResponse:
    if offered is BadLink.UNKNOWN:
        told = "It is cut off or was changed on its way. Open it as it was sent to you."
        return await notice(request, "This link leads nowhere", told, http_status=404)
    if isinstance(offered, BadLink) or offered.stage == "over":
        told = "It was refused, its time is over, or somebody else has it."
        return await notice(request, "This lead is no longer available", told, http_status=410)
    return await page(request, "public/offer.html", title=_TITLES[offered.stage], offered=offered)
