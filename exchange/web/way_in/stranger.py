"""Pages and forms of somebody who is not signed in yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from exchange.flows.sign_in import SecondNeeded, Started
from exchange.limits import STEP_SECONDS
from exchange.model.sign_in import Place
from exchange.web import cookies
from exchange.web.auth import CSRF_FIELD, HOME, ip_of, read_form
from exchange.web.cookies import form_token, is_own_form, keep, let_in, place_of
from exchange.web.pages import see_other
from exchange.web.render import page

SECOND = "/login/second"
_TOKEN_SECONDS = 86_400


def place(request: web.Request) -> Place:
    return place_of(request, ip_of(request))


async def own_form(request: web.Request) -> Mapping[str, str] | None:
    """The fields of a form; None when it did not come from one of our pages in this browser."""
    form = await read_form(request)
    return form if is_own_form(request, form.get(CSRF_FIELD, "")) else None


async def shown(request: web.Request, template: str, title: str, http_status: int = 200, **values: Any) -> web.Response:
    """A page with a form, whose token the browser keeps too."""
    token = form_token(request)
    response = await page(request, template, title=title, http_status=http_status, token=token, **values)
    keep(request, response, cookies.FORM_TOKEN, token, _TOKEN_SECONDS)
    return response


def go_on(request: web.Request, entered: Started | SecondNeeded) -> web.Response:
    """In, or to the second factor."""
    if isinstance(entered, SecondNeeded):
        response = see_other(SECOND)
        keep(request, response, cookies.STEP, entered.step, STEP_SECONDS)
        return response
    response = see_other(HOME)
    let_in(request, response, entered)
    return response
