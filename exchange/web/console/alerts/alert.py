"""One alert by its own address, where notifications lead: as it is, or as it was; taken, muted."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from exchange.flows.alerts import NoAlert, find, mute, settings_of, take
from exchange.model.actor import SYSTEM
from exchange.model.alert import RULES, UNTIL_OVER, in_words
from exchange.storage.audit import audit_of
from exchange.web.auth import FORM, actor_of, ip_of, is_local
from exchange.web.figures.alerts import HOME, alert_fields
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, notice, page, times_of

_ONE = HOME + "/{alert_id:alt_[A-Za-z0-9]{1,60}}"
_HOUR_MS = 3_600_000
_GONE = "It is over, or there was none with this id."


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", _ONE, show),
        Page("GET", f"{_ONE}.json", show_json),
        Page("POST", f"{_ONE}/mute", be_quiet),
        Page("POST", f"{_ONE}/take", own),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    found = await find(market, request.match_info["alert_id"])
    if found is None:
        return await notice(request, "There is no such alert", _GONE, http_status=404, links=(("Alerts", HOME),))
    rule = RULES.get(found.rule)
    setting = (await settings_of(market)).get(found.rule)
    return await page(
        request,
        "console/alerts/alert.html",
        title=found.title,
        here="alerts",
        each=found,
        rule=in_words(rule, setting) if rule is not None and setting is not None else "",
        lines=await market.db.read(audit_of, SYSTEM, f"alert:{found.id}", limit=20),
    )


async def show_json(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    found = await find(market, request.match_info["alert_id"])
    if found is None:
        return as_json({"status": "error", "message": _GONE}, 404)
    return as_json(alert_fields(found, market.clock.now()))


async def be_quiet(request: web.Request) -> web.StreamResponse:
    """For an hour, for the rest of the day, until it is over; or no more."""
    market, wanted = request.app[MARKET], request[FORM].get("until", "")
    times, now = times_of(request), market.clock.now()
    midnight = times.local(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    until = {
        "1h": now + _HOUR_MS,
        "today": int(midnight.astimezone(ZoneInfo(market.zone)).timestamp() * 1_000),
        "fixed": UNTIL_OVER,
        "no": 0,
    }.get(wanted)
    if until is None:
        return await notice(request, "Nothing changed", "until is 1h, today, fixed or no.", http_status=422)
    try:
        await mute(market, request.match_info["alert_id"], until, actor_of(request), ip_of(request))
    except NoAlert:
        return await _over(request)
    return _back(request)


async def own(request: web.Request) -> web.StreamResponse:
    """Who presses it sees to it from now on; once more, and nobody does."""
    actor = actor_of(request)
    owner = actor.name if request[FORM].get("take", "yes") == "yes" else ""
    try:
        await take(request.app[MARKET], request.match_info["alert_id"], owner, actor, ip_of(request))
    except NoAlert:
        return await _over(request)
    return _back(request)


def _back(request: web.Request) -> web.Response:
    back = request[FORM].get("back", "")
    return see_other(back if is_local(back) else HOME)


async def _over(request: web.Request) -> web.StreamResponse:
    return await notice(request, "Nothing changed", _GONE, http_status=409, links=(("Alerts", HOME),))
