"""The buyer that looks, and those of its contracts that an address names. Another's is not there."""

from __future__ import annotations

from aiohttp import web

from exchange.model.party import Buyer, Contract, State
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.render import notice

CONTRACT = "/buyer/contracts/{contract:[A-Za-z0-9_-]{1,80}}"


def own_buyer(request: web.Request) -> Buyer:
    found = request.app[MARKET].deals.buyers.get(actor_of(request).party_id or "")
    if found is None:
        raise web.HTTPForbidden
    return found


def own_contract(request: web.Request) -> Contract | None:
    found = request.app[MARKET].deals.contracts.get(request.match_info["contract"])
    mine = found is not None and found.buyer_id == actor_of(request).party_id
    return found if mine and found is not None and found.state is not State.DELETED else None


async def no_contract(request: web.Request) -> web.StreamResponse:
    links = [("Your contracts", "/buyer/contracts")]
    return await notice(
        request, "There is no such contract", "It is not yours, or was ended.", http_status=404, links=links
    )
