"""The CSV addresses of a connection's contracts: make one, have another in its place, take it back.

They stand on the connection's page; a new one is on the answer to its form, and nowhere else.
"""

from __future__ import annotations

from aiohttp import web

from exchange.flows.csv_addresses import NoSuchAddress, make_address, revoke_address, rotate_address
from exchange.model.lead import Mode
from exchange.web.auth import FORM, actor_of
from exchange.web.console.demand.connector import PATH, back, show_connection
from exchange.web.keys import MARKET
from exchange.web.pages import Page


def pages() -> tuple[Page, ...]:
    return (
        Page("POST", f"{PATH}/addresses", make),
        Page("POST", f"{PATH}/addresses/rotate", rotate),
        Page("POST", f"{PATH}/addresses/revoke", revoke),
    )


async def make(request: web.Request) -> web.StreamResponse:
    market, form, name = request.app[MARKET], request[FORM], request.match_info["name"]
    connection = market.connections.get(name)
    if connection is None or connection.tables is None:
        return await show_connection(request, problems=[f"{name}: has no CSV addresses"], http_status=404)
    mode = form.get("mode", Mode.LIVE.value)
    if mode not in {each.value for each in Mode}:
        return await show_connection(request, problems=["mode: live or test"], http_status=422)
    try:
        made = await make_address(market, name, form.get("contract", ""), Mode(mode), actor_of(request))
    except NoSuchAddress as error:
        return await show_connection(request, problems=[f"contract: {error}"], http_status=404)
    return await show_connection(request, made=made)


async def rotate(request: web.Request) -> web.StreamResponse:
    market, name = request.app[MARKET], request.match_info["name"]
    try:
        made = await rotate_address(market, name, request[FORM].get("key", ""), actor_of(request))
    except NoSuchAddress as error:
        return await show_connection(request, problems=[str(error)], http_status=404)
    return await show_connection(request, made=made)


async def revoke(request: web.Request) -> web.StreamResponse:
    market, name = request.app[MARKET], request.match_info["name"]
    try:
        await revoke_address(market, name, request[FORM].get("key", ""), actor_of(request))
    except NoSuchAddress as error:
        return await show_connection(request, problems=[str(error)], http_status=404)
    return back(name)
