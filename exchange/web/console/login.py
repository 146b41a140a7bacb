"""The way in: there are no passwords, only links that work once. And out again."""

from __future__ import annotations

from aiohttp import web

from exchange.web.auth import FORM, HOME, find_session, is_local, over_tls
from exchange.web.pages import Page, see_other
from exchange.web.render import THEME_COOKIE, THEMES, page

_YEAR_SECONDS = 31_536_000


def pages() -> tuple[Page, ...]:
    return (Page("POST", "/console/theme", choose_theme),)


async def show(request: web.Request) -> web.StreamResponse:
    if await find_session(request) is not None:
        return see_other(HOME)
    return await page(request, "console/login.html", title="Sign in")


async def choose_theme(request: web.Request) -> web.StreamResponse:
    """Light, dark or as the device says; kept in a cookie, so that the first byte of the next page knows."""
    form = request[FORM]
    theme, back = form.get("theme", "auto"), form.get("back", HOME)
    response = see_other(back if is_local(back) else HOME)
    response.set_cookie(
        THEME_COOKIE,
        theme if theme in THEMES else "auto",
        max_age=_YEAR_SECONDS,
        path="/",
        samesite="Lax",
        httponly=True,
        secure=over_tls(request),
    )
    return response
