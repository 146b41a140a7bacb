"""One seller: what it brings, its campaigns, statements, people, keys, addresses, notes, and what was done to it."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from exchange.flows.campaign_state import answer_wish
from exchange.flows.market import Market
from exchange.flows.measures import BadRule, NotOpen, cap_by_hand
from exchange.flows.sellers import CannotSave, block_sub_id, campaigns_of, note, rename, set_standing
from exchange.model.lead import Problem
from exchange.model.rights import Right
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.sellers import _seller_access
from exchange.web.console.sellers._seller_page import ONE, gone, seller_page
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other

_TAB = ONE + "/{tab:campaigns|statements|users|keys|postbacks|notes|audit}"


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", ONE, show),
        Page("GET", _TAB, show),
        Page("POST", ONE + "/state", change_state, Right.PAUSE),
        Page("POST", ONE + "/name", change_name),
        Page("POST", ONE + "/notes", add_note),
        Page("POST", ONE + "/sub-ids", change_sub_id, Right.PAUSE),
        Page("POST", ONE + "/wishes/{wish_id:wsh_[A-Za-z0-9]{1,40}}", decide_wish),
        *_seller_access.pages(),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await seller_page(request, request.match_info.get("tab", "overview"))


async def change_state(request: web.Request) -> web.StreamResponse:
    market, form, seller_id = request.app[MARKET], request[FORM], request.match_info["seller_id"]
    wanted, why = form.get("state", ""), form.get("why", "")
    return await _done(request, set_standing(market, seller_id, wanted, why, actor_of(request), ip_of(request)))


async def change_name(request: web.Request) -> web.StreamResponse:
    market, seller_id = request.app[MARKET], request.match_info["seller_id"]
    return await _done(
        request, rename(market, seller_id, request[FORM].get("name", ""), actor_of(request), ip_of(request))
    )


async def add_note(request: web.Request) -> web.StreamResponse:
    market, seller_id = request.app[MARKET], request.match_info["seller_id"]
    done = note(market, seller_id, request[FORM].get("text", ""), actor_of(request), ip_of(request))
    return await _done(request, done, "notes")


async def change_sub_id(request: web.Request) -> web.StreamResponse:
    """Block it, let it in again, or cap it."""
    market, form, seller_id = request.app[MARKET], request[FORM], request.match_info["seller_id"]
    actor, ip = actor_of(request), ip_of(request)
    sub_id, why, act = form.get("sub_id", ""), form.get("why", "").strip()[:500], form.get("act", "")
    if act != "cap":
        return await _done(request, block_sub_id(market, seller_id, sub_id, act == "block", why, actor, ip))
    cap = form.get("cap", "").strip()
    vertical = next((each.vertical for each in campaigns_of(market, seller_id)), "")
    number = int(cap) if cap.isascii() and cap.isdigit() and len(cap) < 9 else 0
    return await _done(request, _cap(market, seller_id, sub_id, vertical, number, why, request))


async def _cap(
    market: Market, seller_id: str, sub_id: str, vertical: str, cap: int, why: str, request: web.Request
) -> None:
    try:
        await cap_by_hand(market, seller_id, sub_id, vertical, cap, why, actor_of(request), ip_of(request))
    except BadRule as error:
        raise CannotSave([Problem("cap", "range", str(error))]) from None
    except NotOpen:
        told = "There is a measure against it already: undo that on the page of measures first."
        raise CannotSave([Problem("sub_id", "conflict", told)]) from None


async def decide_wish(request: web.Request) -> web.StreamResponse:
    market, form = request.app[MARKET], request[FORM]
    done = answer_wish(
        market, request.match_info["seller_id"], request.match_info["wish_id"], form.get("act") == "done",
        form.get("answer", ""), actor_of(request), ip_of(request),
    )  # fmt: skip
    return await _done(request, done, "campaigns")


async def _done(request: web.Request, doing: Any, tab: str = "overview") -> web.StreamResponse:
    if request.app[MARKET].deals.sellers.get(request.match_info["seller_id"]) is None:
        doing.close()
        return await gone(request)
    try:
        await doing
    except CannotSave as error:
        return await seller_page(request, tab, problems=error.problems, http_status=422)
    home = f"/console/sellers/{request.match_info['seller_id']}"
    return see_other(home if tab == "overview" else f"{home}/{tab}")
