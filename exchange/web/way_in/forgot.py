"""Somebody forgot their password: a mail brings a link, and nobody learns who signs in here."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.passwords import ask_reset
from exchange.flows.slowing import TooMany
from exchange.web.auth import ip_of
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page
from exchange.web.render import notice
from exchange.web.way_in.stranger import own_form, shown

_PATH = "/login/forgot"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _PATH, show), Page("POST", _PATH, ask))


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def ask(request: web.Request) -> web.StreamResponse:
    form = await own_form(request)
    if form is None:
        return await _page(request, "The form was not sent from here, or is old. Nothing happened: try again.", 403)
    email = form.get("email", "")
    if "@" not in email:
        return await _page(request, "email: the address you sign in under.", 422)
    try:
        await ask_reset(request.app[MARKET], email, ip_of(request))
    except TooMany as error:
        response = await _page(request, str(error), 429)
        response.headers["Retry-After"] = str(error.seconds)
        return response
    return await notice(
        request,
        "Look into your mail",
        "If somebody signs in under this address, a link to choose a new password is on its way to it.",
        "It works once, within 30 minutes. Nothing came? Ask whoever runs the exchange for a sign-in link.",
        http_status=200,
    )


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.StreamResponse:
    mails = request.app[SETTINGS].mail_relay is not None
    return await shown(request, "way_in/forgot.html", "Forgot your password", http_status, problem=problem, mails=mails)
