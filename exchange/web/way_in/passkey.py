"""Signing in by a passkey: a challenge for the browser, and what its device signed."""

from __future__ import annotations

import orjson
from aiohttp import web

from exchange.flows.passkeys import BadPasskey, begin_sign_in, sign_in_by_passkey
from exchange.flows.sign_in import NotFromHere
from exchange.flows.slowing import TooMany
from exchange.limits import STEP_SECONDS
from exchange.web import cookies
from exchange.web.cookies import cookie_of, keep
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json, notice
from exchange.web.way_in.stranger import go_on, own_form, place

_PATH = "/login/passkey"


def pages() -> tuple[Page, ...]:
    return (Page("POST", f"{_PATH}/options", tell_options), Page("POST", _PATH, try_passkey))


async def tell_options(request: web.Request) -> web.StreamResponse:
    if await own_form(request) is None:
        return as_json({"status": "error", "message": "The page is old: open it again."}, 403)
    market = request.app[MARKET]
    step = cookie_of(request, cookies.STEP) or market.ids.token(32)
    response = as_json(orjson.loads(await begin_sign_in(market, step)))
    keep(request, response, cookies.STEP, step, STEP_SECONDS)
    return response


async def try_passkey(request: web.Request) -> web.StreamResponse:
    form = await own_form(request)
    if form is None:
        return await _refused(request, "The form was not sent from here, or is old.", 403)
    market, step = request.app[MARKET], cookie_of(request, cookies.STEP)
    try:
        entered = await sign_in_by_passkey(market, step, form.get("credential", ""), place(request))
    except BadPasskey as error:
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
