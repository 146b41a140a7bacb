"""Puts the table of calls into an application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from exchange.intake.body import answer_expect
from exchange.model.reason import Reason
from exchange.web.api.call import Call, Stop, refuse, work
from exchange.web.api.openapi import OPENAPI_PATH, openapi_bytes
from exchange.web.api.route import Route
from exchange.web.keys import MARKET, REQUEST_ID


def add_api(app: web.Application, table: tuple[Route, ...]) -> None:
    for route in table:
        do = _caller(route)
        if route.method == "GET":
            app.router.add_get(route.path, do)
        else:
            app.router.add_post(route.path, do, expect_handler=_expecting(route.name))
        if route.by_get:
            app.router.add_get(route.path, do, allow_head=False)  # looking at the head of a sale would make it
    app.router.add_get(OPENAPI_PATH, _document(table))


def _caller(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await work(Call(request, route.name), route.do)

    return answer


def _expecting(name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse | None]]:
    """`Expect:` is answered before any middleware runs, so a refusal gets its id and its row here."""

    async def expect(request: web.Request) -> web.StreamResponse | None:
        try:
            return await answer_expect(request)
        except web.HTTPExpectationFailed as error:
            market = request.app[MARKET]
            request[REQUEST_ID] = market.ids.new("req", market.clock.now())
            return await refuse(Call(request, name), Stop(Reason.BAD_REQUEST, 417, error.text))

    return expect


def _document(table: tuple[Route, ...]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The OpenAPI document as the verticals stand now: a value that was added a moment ago is in it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        market = request.app[MARKET]
        body = openapi_bytes(table, market.verticals, market.clock.now())
        return web.Response(body=body, headers={"Content-Type": "application/json", "Cache-Control": "no-cache"})

    return answer
