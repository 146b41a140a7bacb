"""Open alerts, the worst first, and what is done about each; those that are over; and where actions lead."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from exchange.flows.pausing import pause_buyer
from exchange.flows.review import block_sub_id, see_to
from exchange.model.alert import RULES
from exchange.model.party import State
from exchange.storage.alerts import open_alerts
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.figures.alerts import HOME, alert_fields
from exchange.web.keys import MARKET
from exchange.web.listed.alerts import OVER
from exchange.web.lists.query import Query
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

_BLOCKED = "Blocked from its alert."


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(OVER, show, _open),
        Page("POST", f"{HOME}/pause", pause),
        Page("POST", f"{HOME}/block", block),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    now, found = market.clock.now(), await market.db.read(open_alerts)
    return await page(
        request,
        "console/alerts/alerts.html",
        title="Alerts",
        here="alerts",
        opened=[each for each in found if not each.muted(now)],
        muted=[each for each in found if each.muted(now)],
        view=await view_of(request, OVER),
        rules=RULES,
    )


async def _open(request: web.Request, _: Query) -> Mapping[str, object]:
    market = request.app[MARKET]
    now = market.clock.now()
    return {"open": [alert_fields(each, now) for each in await market.db.read(open_alerts)]}


async def pause(request: web.Request) -> web.StreamResponse:
    """Nothing is sent to a buyer any more."""
    market, buyer_id = request.app[MARKET], request[FORM].get("buyer_id", "")
    buyer = market.deals.buyers.get(buyer_id)
    if buyer is None or buyer.state is not State.ACTIVE:
        return await notice(request, "Nothing changed", "There is no such buyer that is on.", http_status=409)
    await pause_buyer(market, buyer.id, None, "", actor_of(request), ip_of(request))
    return see_other(HOME)


async def block(request: web.Request) -> web.StreamResponse:
    """A sub ID is shut out, and its alert of the screen seen to."""
    market, form = request.app[MARKET], request[FORM]
    seller_id, sub_id = form.get("seller_id", ""), form.get("sub_id", "")
    if seller_id not in market.deals.sellers or not sub_id:
        return await notice(request, "Nothing changed", "Name a seller and its sub ID.", http_status=422)
    actor, ip = actor_of(request), ip_of(request)
    await block_sub_id(market, seller_id, sub_id, _BLOCKED, actor, ip)
    await see_to(market, form.get("alert_id", ""), _BLOCKED, actor, ip)
    return see_other(HOME)
