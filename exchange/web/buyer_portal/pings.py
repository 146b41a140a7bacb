"""The pings a buyer was sent, each with what it answered and what came of it; and the same as JSON and CSV."""

from __future__ import annotations

from aiohttp import web

from exchange.model.party import State
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.listed.pings import PINGS
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import page


def pages() -> tuple[Page, ...]:
    return pages_of(PINGS, show)


async def show(request: web.Request) -> web.StreamResponse:
    buyer_id = actor_of(request).party_id
    contracts = [
        each
        for each in request.app[MARKET].deals.contracts.values()
        if each.buyer_id == buyer_id and each.price is None and each.state is not State.DELETED
    ]
    return await page(
        request,
        "buyer_portal/pings.html",
        title="Pings",
        here="deliveries",
        view=await view_of(request, PINGS),
        contracts=sorted(contracts, key=lambda each: each.name.lower()),
    )
