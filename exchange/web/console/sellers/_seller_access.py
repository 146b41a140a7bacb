"""Who of a seller signs in, and the keys that post into its campaigns."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.campaign_keys import CannotKey, make_key, revoke_key
from exchange.flows.party_people import CannotChange, invite, new_link, set_active
from exchange.model.actor import Role
from exchange.model.lead import Problem
from exchange.model.rights import Right
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.sellers._seller_page import ONE, seller_page
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other

_USER = ONE + "/users/{user_id:usr_[A-Za-z0-9]{1,40}}"
_KEY = ONE + "/keys/{key_id:[A-Za-z0-9_.-]{1,120}}"


def pages() -> tuple[Page, ...]:
    return (
        Page("POST", ONE + "/users", let_in, Right.SETTINGS),
        Page("POST", _USER + "/{act:link|shut-out|let-in}", change_user, Right.SETTINGS),
        Page("POST", ONE + "/keys", make, Right.SETTINGS),
        Page("POST", _KEY + "/revoke", revoke, Right.SETTINGS),
    )


async def let_in(request: web.Request) -> web.StreamResponse:
    market, seller_id = request.app[MARKET], request.match_info["seller_id"]
    try:
        email = request[FORM].get("email", "")
        link = await invite(market, seller_id, email, actor_of(request), ip_of(request))
    except CannotChange as error:
        return await _wrong(request, "users", "email", str(error))
    return await seller_page(request, "users", link=link)


async def change_user(request: web.Request) -> web.StreamResponse:
    market, seller_id, user_id = request.app[MARKET], request.match_info["seller_id"], request.match_info["user_id"]
    act = request.match_info["act"]
    try:
        if act == "link":
            return await seller_page(
                request, "users", link=await new_link(market, Role.SELLER, seller_id, user_id, actor_of(request))
            )
        await set_active(market, Role.SELLER, seller_id, user_id, act == "let-in", actor_of(request), ip_of(request))
    except CannotChange as error:
        return await _wrong(request, "users", "user", str(error))
    return see_other(f"/console/sellers/{seller_id}/users")


async def make(request: web.Request) -> web.StreamResponse:
    market, form, seller_id = request.app[MARKET], request[FORM], request.match_info["seller_id"]
    campaign, mode, name = form.get("campaign", ""), form.get("mode", ""), form.get("name", "")
    try:
        made = await make_key(market, seller_id, campaign, mode, name, actor_of(request), ip_of(request))
    except CannotKey as error:
        return await _wrong(request, "keys", "campaign", str(error))
    return await seller_page(request, "keys", key=made.secret)


async def revoke(request: web.Request) -> web.StreamResponse:
    market, seller_id = request.app[MARKET], request.match_info["seller_id"]
    try:
        await revoke_key(market, seller_id, request.match_info["key_id"], actor_of(request), ip_of(request))
    except CannotKey as error:
        return await _wrong(request, "keys", "key", str(error))
    return see_other(f"/console/sellers/{seller_id}/keys")


async def _wrong(request: web.Request, tab: str, field: str, told: str) -> web.StreamResponse:
    return await seller_page(request, tab, problems=[Problem(field, "conflict", told)], http_status=422)
