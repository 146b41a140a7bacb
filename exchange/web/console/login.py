"""The way in: by a password, where somebody chose one, or by a link that works once."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.passkeys import has_name
from exchange.flows.passwords import NotRight, sign_in_by_password
from exchange.flows.slowing import TooMany
from exchange.web.auth import HOME, find_session
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import see_other
from exchange.web.way_in.stranger import go_on, own_form, place, shown


async def show(request: web.Request) -> web.StreamResponse:
    if await find_session(request) is not None:
        return see_other(HOME)
    return await _page(request)


async def by_password(request: web.Request) -> web.StreamResponse:
    """Nobody is told whether it was the address or the password that was not right."""
    form = await own_form(request)
    if form is None:
        return await _page(request, "The form was not sent from here, or is old. Nothing happened: try again.", 403)
    email, password = form.get("email", ""), form.get("password", "")
    try:
        entered = await sign_in_by_password(request.app[MARKET], email, password, place(request))
    except NotRight:
        return await _page(request, "The address or the password is not right.", 401, email)
    except TooMany as error:
        response = await _page(request, str(error), 429, email)
        response.headers["Retry-After"] = str(error.seconds)
        return response
    return go_on(request, entered)


async def _page(request: web.Request, problem: str = "", http_status: int = 200, email: str = "") -> web.StreamResponse:
    settings = request.app[SETTINGS]
    values = {
        "problem": problem,
        "email": email[:320],
        "passkeys": has_name(settings.public_url),
        "sign_on": settings.sign_on_name if settings.sign_on is not None else "",
    }
    return await shown(request, "console/login.html", "Sign in", http_status, **values)
