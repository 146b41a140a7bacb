"""A new campaign: whose, in which vertical, and what it pays. It begins in test mode."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.new_campaign import BadCampaign, Wanted, make_campaign
from exchange.model.party import State
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page, see_other
from exchange.web.render import page

NEW = "/console/new-campaign"
_SHARE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%?")


def pages() -> tuple[Page, ...]:
    return (Page("GET", NEW, ask), Page("POST", NEW, make))


async def ask(request: web.Request) -> web.StreamResponse:
    return await _page(request, {"seller": request.query.get("seller", "")}, ())


async def make(request: web.Request) -> web.StreamResponse:
    market, form = request.app[MARKET], request[FORM]
    seller = form.get("seller", "")
    share, slots = _SHARE.fullmatch(form.get("share", "").strip()), form.get("slots", "1").strip()
    wanted = Wanted(
        _free(market, seller, form.get("vertical", "")),
        seller,
        "",
        form.get("vertical", ""),
        " ".join(form.get("name", "").split()),
        request.app[SETTINGS].currency,
        int(share[1]) * 100 + int((share[2] or "0").ljust(2, "0")) if share is not None else -1,
        form.get("floor", "").strip() or "0.00",
        int(slots) if slots.isascii() and slots.isdigit() and len(slots) < 4 else 0,
        live=False,
    )
    if seller not in market.deals.sellers:
        return await _page(request, form, ("seller: choose one, or add it first.",))
    try:
        made = await make_campaign(market, wanted, actor_of(request), ip_of(request))
    except BadCampaign as bad:
        return await _page(request, form, bad.problems)
    return see_other(f"/console/campaigns/{made.id}")


def _free(market: Market, seller: str, vertical: str) -> str:
    """`acme-solar`, or the first number behind it that is nobody's."""
    wanted = f"{seller}-{vertical.replace('_', '-')}"[:56]
    number, name = 1, wanted
    while name in market.deals.campaigns:
        number += 1
        name = f"{wanted}-{number}"
    return name


async def _page(request: web.Request, typed: Mapping[str, str], problems: Sequence[str]) -> web.StreamResponse:
    market = request.app[MARKET]
    sellers = [each for each in market.deals.sellers.values() if each.state is not State.DELETED]
    return await page(
        request,
        "console/sellers/campaign_new.html",
        title="New campaign",
        here="campaigns",
        typed=typed,
        problems=problems,
        wrong={each.partition(":")[0] for each in problems},
        sellers=sorted(((each.id, each.name) for each in sellers), key=lambda pair: pair[1].lower()),
        verticals=sorted(((name, each.title) for name, each in market.verticals.items()), key=lambda pair: pair[1]),
        currency=request.app[SETTINGS].currency,
        http_status=422 if problems else 200,
    )
