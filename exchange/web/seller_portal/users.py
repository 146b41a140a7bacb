"""Who else of a seller signs in here."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.seller_people import CannotChange, invite, new_link, people_of, set_active
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import page

HOME = "/seller/users"
_ONE = HOME + "/{user_id:usr_[A-Za-z0-9]{1,40}}"


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("POST", HOME, let_in),
        Page("POST", _ONE + "/{act:link|shut-out|let-in}", change),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def let_in(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    try:
        link = await invite(market, actor.party_id or "", request[FORM].get("email", ""), actor, ip_of(request))
    except CannotChange as error:
        return await _page(request, problem=str(error))
    return await _page(request, link=link)


async def change(request: web.Request) -> web.StreamResponse:
    market, actor, user_id = request.app[MARKET], actor_of(request), request.match_info["user_id"]
    seller_id, act = actor.party_id or "", request.match_info["act"]
    try:
        if act == "link":
            return await _page(request, link=await new_link(market, seller_id, user_id, actor))
        await set_active(market, seller_id, user_id, act == "let-in", actor, ip_of(request))
    except CannotChange as error:
        gone = "There is no" in str(error)
        return await _page(request, problem=str(error), http_status=404 if gone else 422)
    return see_other(HOME)


async def _page(
    request: web.Request, *, problem: str = "", link: str = "", http_status: int = 422
) -> web.StreamResponse:
    actor = actor_of(request)
    return await page(
        request,
        "seller_portal/users.html",
        title="Users",
        here="users",
        people=await people_of(request.app[MARKET], actor.party_id or ""),
        me=actor.name,
        problem=problem,
        link=link,
        http_status=http_status if problem else 200,
    )
