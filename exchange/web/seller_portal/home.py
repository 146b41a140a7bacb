"""Where a seller begins: its day, what to fix first, what it has coming, and how to post into each campaign."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from exchange.flows.seller_statements import currencies_of, running
from exchange.model.quality import DAY_MS
from exchange.storage.field_errors import field_errors
from exchange.storage.seller_day import HOUR_MS, answer_ms_of_seller, asked_back, hours_of_seller
from exchange.web.auth import actor_of, posting_pages
from exchange.web.figures.own_day import own_days
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.posting.words import CODES
from exchange.web.render import SESSION, page, times_of
from exchange.web.seller_portal.campaigns import own_campaigns

_FIX_DAYS = 7
_FIXES = 8


def pages() -> tuple[Page, ...]:
    return (Page("GET", "/seller", show),)


async def show(request: web.Request) -> web.StreamResponse:
    market, actor, times = request.app[MARKET], actor_of(request), times_of(request)
    begin, end = times.today()
    seller_id = actor.party_id or ""
    open_ones = [
        found
        for currency in await currencies_of(market, seller_id)
        if (found := await running(market, actor, seller_id, currency)) is not None
    ]
    campaigns = await own_campaigns(request)
    mode = "live" if any(each.campaign.live for each in campaigns) or not campaigns else "test"
    hours = await market.db.read(hours_of_seller, actor, mode, begin, end)
    names = [
        f"{datetime.fromtimestamp((begin + hour * HOUR_MS) / 1000, times.zone):%H}"
        for hour in range((end - begin) // HOUR_MS)
    ]
    since = times.now // DAY_MS - _FIX_DAYS + 1
    return await page(
        request,
        "seller_portal/home.html",
        title="Home",
        here="home",
        shown_mode=mode,
        days=own_days(
            hours, names, (times.now - begin) // HOUR_MS, next((each.campaign.currency for each in campaigns), "")
        ),
        returns=await market.db.read(asked_back, actor, begin, end),
        answer_ms=await market.db.read(answer_ms_of_seller, actor, mode, begin, end),
        fixes=await market.db.read(field_errors, actor, mode, since, _FIXES),
        fix_days=_FIX_DAYS,
        codes=CODES,
        running=open_ones,
        campaigns=campaigns,
        links=posting_pages(request, request[SESSION]),
    )
