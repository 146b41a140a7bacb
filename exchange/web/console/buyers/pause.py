"""The switch of a buyer or a contract: off for an hour, until tomorrow, until a date, or until somebody resumes it."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from exchange.flows.pausing import CannotPause, switch_buyer, switch_contract
from exchange.model.party import Buyer, Contract, State
from exchange.model.rights import Right
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.buyers._of import BUYER, CONTRACT, buyer_in, contract_in, no_such
from exchange.web.contracts.switch import switch_in
from exchange.web.figures.buyers import Standing, buyer_standing, contract_standing, contracts_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import page, times_of


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", f"{BUYER}/pause", show_buyer, Right.PAUSE),
        Page("POST", f"{BUYER}/pause", change_buyer, Right.PAUSE),
        Page("GET", f"{CONTRACT}/pause", show_contract, Right.PAUSE),
        Page("POST", f"{CONTRACT}/pause", change_contract, Right.PAUSE),
    )


async def show_buyer(request: web.Request) -> web.StreamResponse:
    buyer = buyer_in(request)
    return await no_such(request, "buyer") if buyer is None else await _page(request, buyer)


async def show_contract(request: web.Request) -> web.StreamResponse:
    contract = contract_in(request)
    return await no_such(request, "contract") if contract is None else await _page(request, contract)


async def change_buyer(request: web.Request) -> web.StreamResponse:
    buyer, form, market = buyer_in(request), request[FORM], request.app[MARKET]
    if buyer is None:
        return await no_such(request, "buyer")
    try:
        await switch_buyer(market, buyer.id, switch_in(form), actor_of(request), ip_of(request))
    except CannotPause as error:
        return await _page(request, buyer, form, error)
    return see_other(f"/console/buyers/{buyer.id}")


async def change_contract(request: web.Request) -> web.StreamResponse:
    contract, form, market = contract_in(request), request[FORM], request.app[MARKET]
    if contract is None:
        return await no_such(request, "contract")
    try:
        await switch_contract(market, contract, switch_in(form), actor_of(request), ip_of(request))
    except CannotPause as error:
        return await _page(request, contract, form, error)
    return see_other(f"/console/buyers/{contract.buyer_id}")


async def _page(
    request: web.Request,
    party: Buyer | Contract,
    typed: Mapping[str, str] | None = None,
    error: CannotPause | None = None,
) -> web.Response:
    market, times = request.app[MARKET], times_of(request)
    standing: Standing
    if isinstance(party, Buyer):
        standing, owner = buyer_standing(market, party, times), party
        live = [each for each in contracts_of(market, party.id) if each.state is State.ACTIVE]
        zone = market.zone
    else:
        standing, owner = contract_standing(market, party, times), market.deals.buyers[party.buyer_id]
        live, zone = [party], party.zone
    return await page(
        request,
        "console/buyers/pause.html",
        title=f"{'Resume' if standing.key == 'paused' else 'Pause'} {party.name}",
        here="buyers",
        party=party,
        owner=owner,
        base=request.path,
        standing=standing,
        live=live,
        zone=zone,
        typed=typed or {},
        error=error,
        http_status=422 if error is not None else 200,
    )
