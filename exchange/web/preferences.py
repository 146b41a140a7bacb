"""What somebody chooses for their own pages: theme, keys, motion, and lists as they come."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

from exchange.flows.preferences import choose
from exchange.web.auth import FORM, is_local
from exchange.web.cookies import over_tls
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, THEME_COOKIE, THEMES, page

_YEAR_SECONDS = 31_536_000
CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"theme": tuple(THEMES), "keys": ("on", "off"), "motion": ("on", "off")}
)
"""Each preference of the page with its values, the first as it comes."""


def pages(home: str) -> tuple[Page, ...]:
    """For those whose pages begin there."""
    return (
        Page("GET", f"{home}/preferences", show),
        Page("POST", f"{home}/preferences", save),
        Page("POST", f"{home}/theme", choose_theme),
    )


async def show(request: web.Request) -> web.StreamResponse:
    chosen = request[SESSION].preferences
    return await page(
        request,
        "preferences.html",
        title="Preferences",
        here="preferences",
        chosen={name: chosen.get(name, values[0]) for name, values in CHOICES.items()},
        lists=sorted(name.partition(".")[2].replace("_", " ") for name in chosen if name.startswith("columns.")),
    )


async def save(request: web.Request) -> web.StreamResponse:
    """Keep what the form says; what it does not say, or what is no value, goes back to how it comes."""
    form, session = request[FORM], request[SESSION]
    if "columns" in form:
        changes = {name: "" for name in session.preferences if name.startswith("columns.")}
    else:
        changes = {name: _kept(name, form.get(name, "")) for name in CHOICES}
    await choose(request.app[MARKET], session.user, changes)
    response = see_other(request.path)
    if "columns" not in form:
        _remember(request, response, form.get("theme", ""))
    return response


def _kept(name: str, value: str) -> str:
    values = CHOICES[name]
    return value if value in values[1:] else ""


async def choose_theme(request: web.Request) -> web.StreamResponse:
    """Light, dark or as the device says: kept with the user, and in a cookie for the pages before the sign-in."""
    form = request[FORM]
    theme, back = form.get("theme", "auto"), form.get("back", "")
    await choose(request.app[MARKET], request[SESSION].user, {"theme": _kept("theme", theme)})
    response = see_other(back if is_local(back) else "/" + request.path.split("/")[1])
    _remember(request, response, theme)
    return response


def _remember(request: web.Request, response: web.Response, theme: str) -> None:
    response.set_cookie(
        THEME_COOKIE,
        theme if theme in THEMES else "auto",
        max_age=_YEAR_SECONDS,
        path="/",
        samesite="Lax",
        httponly=True,
        secure=over_tls(request),
    )
