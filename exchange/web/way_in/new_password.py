"""Choosing another password by a link from a mail. Looking at the page is no use of the link: scanners of mail do."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.passwords import BadPassword, reset_password, reset_user
from exchange.limits import PASSWORD_LEAST
from exchange.web.auth import ip_of
from exchange.web.cookies import SECRET_CHARACTERS
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import notice
from exchange.web.way_in.stranger import own_form, shown

_PATH = "/login/password/{secret}"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _PATH, show), Page("POST", _PATH, choose))


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def choose(request: web.Request) -> web.StreamResponse:
    form = await own_form(request)
    if form is None:
        return await _page(request, "The form was not sent from here, or is old. Nothing happened: try again.", 403)
    market, secret = request.app[MARKET], request.match_info["secret"][:SECRET_CHARACTERS]
    try:
        done = await reset_password(market, secret, form.get("new", ""), form.get("again", ""), ip_of(request))
    except BadPassword as error:
        return await _page(request, str(error), 422)
    if not done:
        return await _gone(request)
    told = "Your password is changed, and whoever was signed in with your account is signed out."
    return await notice(request, "Your new password holds", told, http_status=200, links=(("Sign in", "/login"),))


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.StreamResponse:
    user = await reset_user(request.app[MARKET], request.match_info["secret"][:SECRET_CHARACTERS])
    if user is None:
        return await _gone(request)
    values = {"problem": problem, "email": user.email, "least": PASSWORD_LEAST, "to": request.path}
    return await shown(request, "way_in/new_password.html", "Choose a new password", http_status, **values)


async def _gone(request: web.Request) -> web.StreamResponse:
    told = "It works once, within 30 minutes. This one was used, or its time is over."
    return await notice(
        request, "This link is used up", told, http_status=410, links=(("Ask for another", "/login/forgot"),)
    )
