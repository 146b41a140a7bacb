"""Signing in by the company's own accounts: there and back."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.sign_in import NotFromHere
from exchange.flows.sign_on import BACK, SignOnFailed, begin_sign_on, finish_sign_on
from exchange.flows.sign_on_people import NotKnown
from exchange.flows.slowing import TooMany
from exchange.limits import STEP_SECONDS
from exchange.web import cookies
from exchange.web.cookies import cookie_of, keep
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page, see_other
from exchange.web.render import notice
from exchange.web.way_in.stranger import go_on, place


def pages() -> tuple[Page, ...]:
    return (Page("GET", "/login/sign-on", leave), Page("GET", BACK, come_back))


async def leave(request: web.Request) -> web.StreamResponse:
    """To the provider. A link: a form that leads to another host is stopped by our own policy."""
    sign_on = request.app[SETTINGS].sign_on
    if sign_on is None:
        raise web.HTTPNotFound
    market = request.app[MARKET]
    step = market.ids.token(32)
    try:
        address = await begin_sign_on(market, sign_on, step)
    except SignOnFailed as error:
        return await _refused(request, str(error), 502)
    response = see_other(address)
    keep(request, response, cookies.STEP, step, STEP_SECONDS)
    return response


async def come_back(request: web.Request) -> web.StreamResponse:
    sign_on = request.app[SETTINGS].sign_on
    if sign_on is None:
        raise web.HTTPNotFound
    if "error" in request.query:
        return await _refused(request, "The sign-on was refused or broken off over there.", 401)
    step = cookie_of(request, cookies.STEP)
    try:
        entered = await finish_sign_on(request.app[MARKET], sign_on, step, request.query, place(request))
    except (SignOnFailed, NotKnown) as error:
        return await _refused(request, str(error), 401)
    except NotFromHere:
        return await _refused(request, "Your address is in none of the networks the console may be used from.", 403)
    except TooMany as error:
        return await _refused(request, str(error), 429)
    return go_on(request, entered)


async def _refused(request: web.Request, told: str, http_status: int) -> web.StreamResponse:
    return await notice(
        request, "You are not signed in", told, http_status=http_status, links=(("Sign in another way", "/login"),)
    )
