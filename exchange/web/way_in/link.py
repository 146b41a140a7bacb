"""A link that works once."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.sign_in import NotFromHere, start_session
from exchange.web.cookies import SECRET_CHARACTERS
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import notice
from exchange.web.way_in.stranger import go_on, place


def pages() -> tuple[Page, ...]:
    return (Page("GET", "/login/{secret}", sign_in),)


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Follow a link that works once. Asking for its head alone, as previews and scanners do, is no use of it."""
    if request.method != "GET":
        raise web.HTTPMethodNotAllowed(request.method, ["GET"])
    secret = request.match_info["secret"]
    try:
        entered = (
            await start_session(request.app[MARKET], secret, place(request))
            if len(secret) <= SECRET_CHARACTERS
            else None
        )
    except NotFromHere:
        told = (
            "Your address is in none of the networks this exchange's console may be used from. The link is still good."
        )
        return await notice(request, "Not from here", told, "Open it from one of them.", http_status=403)
    if entered is None:
        return await used_up(request)
    return go_on(request, entered)


async def used_up(request: web.Request) -> web.StreamResponse:
    return await notice(
        request,
        "This link is used up",
        "A sign-in link works once, and only for a while. This one was used or its time is over.",
        "Ask whoever runs the exchange for a new one, or make one on the server:",
        http_status=410,
        code="exchange user login-link you@yourcompany.example",
    )
