"""One lead in the store, before it is paid for."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.searches import note_view
from exchange.flows.store import CannotBuy, claim
from exchange.storage.shelf import is_kept_from, may_see
from exchange.storage.store import read_item, shelf
from exchange.web.auth import actor_of
from exchange.web.buyer_portal.claim import refused
from exchange.web.buyer_portal.store import HOME, PAGE, buyer, offered, verticals_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

_LEAD = HOME + "/{lead_id:ld_[A-Za-z0-9_]{1,60}}"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _LEAD, show), Page("POST", _LEAD + "/claim", take))


async def show(request: web.Request) -> web.StreamResponse:
    """One card."""
    market, lead_id = request.app[MARKET], request.match_info["lead_id"]
    item = await market.db.read(read_item, lead_id)
    now = market.clock.now()
    shown = item is not None and await market.db.read(may_see, lead_id, buyer(request), now)
    if item is None or item["state"] != "listed" or item["ends_at"] <= now or not shown:
        return await notice(
            request, "This lead is gone", "It was sold, or its time in the store is over.", http_status=404
        )
    await note_view(market, lead_id)
    rows = await market.db.read(shelf, buyer(request), "", now, (item["listed_at"] + 1, ""), PAGE)
    row = next((row for row in rows if row["lead_id"] == lead_id), None)
    if row is None and await market.db.read(is_kept_from, lead_id, buyer(request)):
        told = "You asked not to be sold this consumer."
        return await notice(request, "This consumer is on a list of yours", told, http_status=409)
    if row is None:
        return await notice(request, "This lead is yours", "You bought this consumer before.", http_status=409)
    each = offered(row, now)
    return await page(
        request,
        "buyer_portal/card.html",
        title="A lead in the store",
        here="store",
        each=each,
        verticals=verticals_of(request),
    )


async def take(request: web.Request) -> web.StreamResponse:
    lead_id = request.match_info["lead_id"]
    try:
        held = await claim(request.app[MARKET], lead_id, actor_of(request))
    except CannotBuy as error:
        return await refused(request, error)
    return see_other(f"{HOME}/claims/{held.id}")
