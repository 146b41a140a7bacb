"""What browsers keep for us: the session, a step of a sign-in, by what the browser is known, and a form's token.

No script can read any of them. Over TLS their names bind them to this host alone.
"""

from __future__ import annotations

import hmac

from aiohttp import web

from exchange.flows.sign_in import Started
from exchange.model.sign_in import Place
from exchange.web.keys import MARKET, SETTINGS

SESSION, STEP, KNOWN, FORM_TOKEN = "exchange_session", "exchange_step", "exchange_known", "exchange_form"
SECRET_CHARACTERS = 200
_YEAR_SECONDS = 31_536_000
_BROWSER_CHARACTERS = 400


def over_tls(request: web.Request) -> bool:
    return request.app[SETTINGS].public_url.startswith("https://")


def cookie_of(request: web.Request, name: str) -> str:
    """Empty when there is none, or none that we would have given."""
    value = request.cookies.get(_named(request, name), "")
    return value if len(value) <= SECRET_CHARACTERS and value.isascii() else ""


def keep(request: web.Request, response: web.StreamResponse, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        _named(request, name),
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=over_tls(request),
    )


def drop(request: web.Request, response: web.StreamResponse, name: str) -> None:
    response.del_cookie(_named(request, name), path="/", httponly=True, samesite="Lax", secure=over_tls(request))


def let_in(request: web.Request, response: web.StreamResponse, started: Started) -> None:
    """The cookies of somebody who signed in; those of the way there go."""
    keep(request, response, SESSION, started.secret, started.seconds)
    keep(request, response, KNOWN, started.known, _YEAR_SECONDS)
    drop(request, response, STEP)


def place_of(request: web.Request, ip: str) -> Place:
    """Where a sign-in comes from."""
    browser = request.headers.get("User-Agent", "")[:_BROWSER_CHARACTERS]
    return Place(ip, browser, cookie_of(request, KNOWN), cookie_of(request, SESSION))


def form_token(request: web.Request) -> str:
    """The token of forms on pages without a session: the one the browser has, or a new one."""
    return cookie_of(request, FORM_TOKEN) or request.app[MARKET].ids.token(24)


def is_own_form(request: web.Request, told: str) -> bool:
    """Whether a form without a session came from one of our pages, in this browser."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    mine = cookie_of(request, FORM_TOKEN)
    return bool(mine) and hmac.compare_digest(mine.encode(), told.encode())


def _named(request: web.Request, name: str) -> str:
    return f"__Host-{name}" if over_tls(request) else name
