"""The buyer or contract that an address of these pages names."""

from __future__ import annotations

from aiohttp import web

from exchange.model.party import Buyer, Contract, State
from exchange.web.keys import MARKET
from exchange.web.render import notice

_ID = "[A-Za-z0-9_-]{1,80}"
BUYER = f"/console/buyers/{{buyer:(?!new$){_ID}}}"
CONTRACT = f"/console/contracts/{{contract:{_ID}}}"


def buyer_in(request: web.Request) -> Buyer | None:
    found = request.app[MARKET].deals.buyers.get(request.match_info["buyer"])
    return found if found is not None and found.state is not State.DELETED else None


def contract_in(request: web.Request) -> Contract | None:
    found = request.app[MARKET].deals.contracts.get(request.match_info["contract"])
    return found if found is not None and found.state is not State.DELETED else None


async def no_such(request: web.Request, what: str) -> web.StreamResponse:
    links = [("All buyers", "/console/buyers")]
    return await notice(
        request, f"There is no such {what}", "It may have another id, or was removed.", http_status=404, links=links
    )
