"""What a seller's own sub ids bring: nothing of other sellers, and of buyers only what they said of its leads."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.market import Market
from exchange.model.party import State
from exchange.model.vertical import Vertical
from exchange.stages.price_rules import payout_text, tier_text
from exchange.stages.quality.rates import MEASURES
from exchange.stages.quality.standing import BAND_WORDS
from exchange.web.auth import actor_of
from exchange.web.csv_rows import csv_answer
from exchange.web.figures.quality import (
    TONES,
    SourceLine,
    chosen,
    own_fields,
    own_lines,
    page_of,
    sellers_of,
    standing_of,
)
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import address, notice, page
from exchange.web.render import as_json as json_response

HOME = "/seller/quality"


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", as_json), Page("GET", f"{HOME}.csv", as_csv))


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    own = _own(request, market)
    vertical = chosen(request, market, own)
    if vertical is None:
        told = "You have no campaign in it." if own else "It shows once you have a campaign."
        return await notice(request, "Nothing to show", told, http_status=404 if own else 200)
    lines, whole = await _lines(request, vertical)
    shown, after = page_of(lines, request.query.get("after", ""))
    return await page(
        request,
        "seller_portal/quality.html",
        title="Quality",
        here="quality",
        vertical=vertical,
        verticals=own,
        lines=shown,
        total=len(lines),
        whole=whole,
        measures=MEASURES,
        tones=TONES,
        bands=BAND_WORDS,
        twin=lambda end: address(HOME + end, vertical=vertical.name),
        payouts=_payouts(market, actor_of(request).party_id, vertical.name),
        more=address(HOME, vertical=vertical.name, after=after) if after else None,
    )


def _payouts(market: Market, seller_id: str | None, vertical: str) -> list[tuple[str, str, list[str]]]:
    """What each of its campaigns pays: its plain payout, and the tiers that go before it, in words."""
    own = [
        each for each in market.deals.campaigns.values() if each.seller_id == seller_id and each.vertical == vertical
    ]
    return [
        (each.name, payout_text(each.payout), [tier_text(tier) for tier in each.payout_tiers])
        for each in sorted(own, key=lambda each: each.name)
        if each.state is not State.DELETED
    ]


async def as_json(request: web.Request) -> web.StreamResponse:
    vertical = chosen(request, request.app[MARKET], _own(request, request.app[MARKET]))
    if vertical is None:
        return json_response({"error": "You have no campaign in such a vertical."}, http_status=404)
    lines, _ = await _lines(request, vertical)
    told = [own_fields(line, vertical.name) for line in lines]
    return json_response({"vertical": vertical.name, "count": len(told), "sub_ids": told})


async def as_csv(request: web.Request) -> web.StreamResponse:
    vertical = chosen(request, request.app[MARKET], _own(request, request.app[MARKET]))
    if vertical is None:
        return await notice(request, "Nothing to show", "You have no campaign in it.", http_status=404)
    lines, _ = await _lines(request, vertical)
    return csv_answer("quality", [own_fields(line, vertical.name) for line in lines])


def _own(request: web.Request, market: Market) -> list[Vertical]:
    """The verticals that the seller has campaigns in."""
    seller_id = actor_of(request).party_id
    names = {each.vertical for each in market.deals.campaigns.values() if each.seller_id == seller_id}
    return sorted((market.verticals[name] for name in names if name in market.verticals), key=lambda each: each.title)


async def _lines(request: web.Request, vertical: Vertical) -> tuple[list[SourceLine], SourceLine | None]:
    """Its sub ids, those with most posts first, and all of them together."""
    market, actor = request.app[MARKET], actor_of(request)
    whole = next(iter(sellers_of(market, await standing_of(market, actor, vertical.name))), None)
    return await own_lines(market, actor, vertical.name), whole
