"""The switch of everything a buyer buys, or of one contract: a pause, or a vacation until a day. It ends by itself."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from exchange.flows.pausing import (
    DATE,
    CannotPause,
    resume_buyer,
    send_away,
    switch_buyer,
    switch_contract,
    until_of,
)
from exchange.model.party import Contract, State
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.buyer_portal._own import CONTRACT, no_contract, own_buyer, own_contract
from exchange.web.contracts.switch import switch_in
from exchange.web.figures.buyers import buyer_standing, contract_standing, contracts_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import page, times_of

PATH = "/buyer/switch"


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", PATH, show),
        Page("POST", PATH, change),
        Page("GET", f"{CONTRACT}/switch", show_contract),
        Page("POST", f"{CONTRACT}/switch", change_contract),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request, None)


async def show_contract(request: web.Request) -> web.StreamResponse:
    contract = own_contract(request)
    return await no_contract(request) if contract is None else await _page(request, contract)


async def change(request: web.Request) -> web.StreamResponse:
    """Until a day it is a vacation; anything else is a pause."""
    market, form, actor, ip = request.app[MARKET], request[FORM], actor_of(request), ip_of(request)
    buyer, how = own_buyer(request), form.get("for", "")
    try:
        if how == "resume":
            await resume_buyer(market, buyer.id, actor, ip)
            if buyer.away_until is not None:
                await send_away(market, buyer.id, None, actor, ip)
        elif how == DATE:
            until = until_of(how, form.get("day", ""), market.zone, market.clock.now())
            await send_away(market, buyer.id, until, actor, ip)
        else:
            await switch_buyer(market, buyer.id, switch_in(form), actor, ip)
    except CannotPause as error:
        return await _page(request, None, form, error)
    return see_other("/buyer")


async def change_contract(request: web.Request) -> web.StreamResponse:
    market, form, actor, ip = request.app[MARKET], request[FORM], actor_of(request), ip_of(request)
    contract = own_contract(request)
    if contract is None:
        return await no_contract(request)
    try:
        await switch_contract(market, contract, switch_in(form), actor, ip)
    except CannotPause as error:
        return await _page(request, contract, form, error)
    return see_other("/buyer/contracts")


async def _page(
    request: web.Request,
    contract: Contract | None,
    typed: Mapping[str, str] | None = None,
    error: CannotPause | None = None,
) -> web.Response:
    market, times, buyer = request.app[MARKET], times_of(request), own_buyer(request)
    if contract is None:
        standing, zone = buyer_standing(market, buyer, times), market.zone
        stops = sum(each.state is State.ACTIVE for each in contracts_of(market, buyer.id))
    else:
        standing, zone, stops = contract_standing(market, contract, times), contract.zone, 1
    return await page(
        request,
        "buyer_portal/switch.html",
        title="Pause everything" if contract is None else f"Pause {contract.name}",
        here="home" if contract is None else "contracts",
        contract=contract,
        standing=standing,
        stops=stops,
        zone=zone,
        base=request.path,
        typed=typed or {},
        error=error,
        http_status=422 if error is not None else 200,
    )
