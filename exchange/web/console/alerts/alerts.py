"""Open alerts, the worst first, and what is done about each; those that are over; and where actions lead."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.pausing import pause_buyer
from exchange.flows.review import block_sub_id, see_to
from exchange.model.alert import Alert
from exchange.model.party import State
from exchange.storage.alerts import closed_alerts, open_alerts
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.figures.alerts import HOME, alert_fields
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, notice, page

_HISTORY = 50
_BLOCKED = "Blocked from its alert."


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("POST", f"{HOME}/pause", pause),
        Page("POST", f"{HOME}/block", block),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    now, found = market.clock.now(), await market.db.read(open_alerts)
    over, older = await _history(request)
    return await page(
        request,
        "console/alerts/alerts.html",
        title="Alerts",
        here="alerts",
        opened=[each for each in found if not each.muted(now)],
        muted=[each for each in found if each.muted(now)],
        over=over,
        older=older,
        before="before" in request.query,
    )


async def show_json(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    over, older = await _history(request)
    now = market.clock.now()
    return as_json(
        {
            "open": [alert_fields(each, now) for each in await market.db.read(open_alerts)],
            "history": [alert_fields(each, now) for each in over],
            "older": older,
        }
    )


async def _history(request: web.Request) -> tuple[list[Alert], str | None]:
    """A page of those that are over, and the `before` of the next."""
    at, _, below = request.query.get("before", "").partition("_")
    before = (int(at), below) if at.isdecimal() and len(at) < 16 and below.startswith("alt_") else None
    rows = await request.app[MARKET].db.read(closed_alerts, before, _HISTORY + 1)
    last = rows[_HISTORY - 1] if len(rows) > _HISTORY else None
    return list(rows[:_HISTORY]), f"{last.closed_at}_{last.id}" if last is not None else None


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
