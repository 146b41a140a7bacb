"""Weeks of sold leads: what is known of each by now, and what it will come to once all has been reported."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from exchange.model.quality import DAY_MS
from exchange.model.vertical import Vertical
from exchange.stages.quality.cohorts import Cohort, cohorts
from exchange.storage.quality_sums import week_sums
from exchange.web.auth import actor_of
from exchange.web.console.quality._of_vertical import of_vertical
from exchange.web.csv_rows import csv_answer
from exchange.web.figures.quality import Told, curves_of, offered, rate_fields, seller_name
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import address, page
from exchange.web.render import as_json as json_response

HOME = "/console/quality/cohorts"
_WEEKS = 26


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, of_vertical(show)),
        Page("GET", f"{HOME}.json", of_vertical(as_json)),
        Page("GET", f"{HOME}.csv", of_vertical(as_csv)),
    )


async def show(request: web.Request, vertical: Vertical) -> web.StreamResponse:
    market = request.app[MARKET]
    found = await _cohorts(request, vertical)
    seller = _seller(request)
    sellers = sorted(market.deals.sellers.values(), key=lambda each: each.name)
    return await page(
        request,
        "console/quality/quality_cohorts.html",
        title="Cohorts",
        here="quality",
        vertical=vertical,
        verticals=offered(market),
        lines=[(each.monday, each, Told(each.conversion), Told(each.back), each.net_price) for each in reversed(found)],
        seller=seller,
        sellers=[(each.id, each.name) for each in sellers],
        whose=seller_name(market, seller) if seller else "",
        twin=lambda end: address(HOME + end, vertical=vertical.name, seller=seller or None),
    )


async def as_json(request: web.Request, vertical: Vertical) -> web.StreamResponse:
    told = [_fields(each) for each in await _cohorts(request, vertical)]
    return json_response({"vertical": vertical.name, "count": len(told), "cohorts": told})


async def as_csv(request: web.Request, vertical: Vertical) -> web.StreamResponse:
    return csv_answer("cohorts", [_fields(each) for each in await _cohorts(request, vertical)])


def _seller(request: web.Request) -> str:
    asked = request.query.get("seller", "")
    return asked if asked in request.app[MARKET].deals.sellers else ""


async def _cohorts(request: web.Request, vertical: Vertical) -> list[Cohort]:
    market = request.app[MARKET]
    today = market.clock.now() / DAY_MS
    since = int(today) - _WEEKS * 7
    since -= (since + 3) % 7  # weeks begin on Monday
    curves = await curves_of(market, vertical.name)
    seller = _seller(request)
    days = await market.db.read(
        week_sums, actor_of(request), vertical.name, since, seller, curves.silent, curves.promise.buyers
    )
    return cohorts(days, today, curves)


def _fields(cohort: Cohort) -> dict[str, Any]:
    return {
        "week_from": cohort.monday.isoformat(),
        "sold": cohort.sold,
        "heard": cohort.heard,
        "contacted": cohort.contacted,
        "converted": cohort.converted,
        "returned": cohort.returned,
        "share_shown": round(cohort.shown, 4),
        "conversions_foretold": round(cohort.conversions, 2),
        "earned": cohort.net_price.text if cohort.net_price is not None else None,
        "payout": cohort.payout.text if cohort.payout is not None else None,
        "currency": cohort.currency or None,
        **rate_fields("conversion", cohort.conversion),
        **rate_fields("return", cohort.back),
    }
