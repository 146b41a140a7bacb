"""The second step of a sign-in: a code of the app, one on paper, or a passkey."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.second_factor import StepGone, WrongCode, sign_in_by_code, whose_step
from exchange.flows.slowing import TooMany
from exchange.web import cookies
from exchange.web.auth import LOGIN
from exchange.web.cookies import cookie_of, drop
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.way_in.stranger import SECOND, go_on, own_form, place, shown


def pages() -> tuple[Page, ...]:
    return (Page("GET", SECOND, show), Page("POST", SECOND, try_code))


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def try_code(request: web.Request) -> web.StreamResponse:
    form = await own_form(request)
    if form is None:
        return await _page(request, "The form was not sent from here, or is old. Nothing happened: try again.", 403)
    step = cookie_of(request, cookies.STEP)
    try:
        entered = await sign_in_by_code(request.app[MARKET], step, form.get("code", "")[:60], place(request))
    except WrongCode as error:
        return await _page(request, str(error), 401)
    except TooMany as error:
        response = await _page(request, str(error), 429)
        response.headers["Retry-After"] = str(error.seconds)
        return response
    except StepGone:
        return _over(request)
    return go_on(request, entered)


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.StreamResponse:
    account = await whose_step(request.app[MARKET], cookie_of(request, cookies.STEP))
    if account is None:
        return _over(request)
    values = {"problem": problem, "app": account.totp is not None, "passkeys": account.passkeys}
    return await shown(request, "way_in/second.html", "Second factor", http_status, **values)


def _over(request: web.Request) -> web.Response:
    response = see_other(LOGIN)
    drop(request, response, cookies.STEP)
    return response
