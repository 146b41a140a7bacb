"""A buyer's own scorecard: whether it keeps its word, what its leads become week by week, and which sources bring them.

Nothing of other buyers, and sources under the codes that its pings carry: a buyer may name one to the operator.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from aiohttp import web

from exchange.flows.market import Market
from exchange.model.money import Money
from exchange.model.party import State
from exchange.model.quality import DAY_MS
from exchange.model.vertical import Vertical
from exchange.stages.quality.cohorts import Cohort, cohorts
from exchange.storage.quality_sums import week_sums
from exchange.web.auth import actor_of
from exchange.web.csv_rows import csv_answer
from exchange.web.figures.quality import (
    BuyerLine,
    Told,
    bidding_of,
    bought_by_source,
    buyer_name,
    chosen,
    curves_of,
    own_rate_fields,
)
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import address, notice, page
from exchange.web.render import as_json as json_response

HOME = "/buyer/quality"
_WEEKS = 12
_OF_BUYER = ("taken", "return", "contact", "conversion")
_OF_SOURCE = ("contact", "conversion", "return")


class Card(NamedTuple):
    """`line` is None before it was posted to; `weeks` the newest first."""

    line: BuyerLine | None
    sources: list[dict[str, Any]]
    weeks: list[Cohort]


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", as_json), Page("GET", f"{HOME}.csv", as_csv))


async def show(request: web.Request) -> web.StreamResponse:
    own = _own(request, request.app[MARKET])
    vertical = chosen(request, request.app[MARKET], own)
    if vertical is None:
        told = "You have no contract in it." if own else "It shows once you have a contract."
        return await notice(request, "Nothing to show", told, http_status=404 if own else 200)
    card = await _card(request, vertical)
    return await page(
        request,
        "buyer_portal/quality.html",
        title="Quality",
        here="quality",
        vertical=vertical,
        verticals=own,
        line=card.line,
        sources=card.sources,
        weeks=[(each.monday, each, Told(each.conversion), Told(each.back)) for each in card.weeks],
        twin=lambda end: address(HOME + end, vertical=vertical.name),
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    vertical = chosen(request, request.app[MARKET], _own(request, request.app[MARKET]))
    if vertical is None:
        return json_response({"error": "You have no contract in such a vertical."}, http_status=404)
    card = await _card(request, vertical)
    told: dict[str, Any] = {"vertical": vertical.name, "figures": _figures(card.line)}
    told["weeks"] = [_week(each) for each in card.weeks]
    return json_response(told | {"count": len(card.sources), "sources": [_source(each) for each in card.sources]})


async def as_csv(request: web.Request) -> web.StreamResponse:
    """Its sources."""
    vertical = chosen(request, request.app[MARKET], _own(request, request.app[MARKET]))
    if vertical is None:
        return await notice(request, "Nothing to show", "You have no contract in it.", http_status=404)
    card = await _card(request, vertical)
    return csv_answer("quality", [{"vertical": vertical.name} | _source(each) for each in card.sources])


def _own(request: web.Request, market: Market) -> list[Vertical]:
    """The verticals that the buyer has contracts in."""
    buyer_id = actor_of(request).party_id
    names = {
        each.vertical
        for each in market.deals.contracts.values()
        if each.buyer_id == buyer_id and each.state is not State.DELETED
    }
    return sorted((market.verticals[name] for name in names if name in market.verticals), key=lambda each: each.title)


async def _card(request: web.Request, vertical: Vertical) -> Card:
    market, actor = request.app[MARKET], actor_of(request)
    buyer_id = actor.party_id or ""
    found = (await bidding_of(market, actor, vertical.name)).buyers.get(buyer_id)
    line = BuyerLine(found, buyer_name(market, buyer_id)) if found is not None else None
    today = market.clock.now() / DAY_MS
    since = int(today) - _WEEKS * 7
    since -= (since + 3) % 7  # weeks begin on Monday
    days = await market.db.read(week_sums, actor, vertical.name, since)
    weeks = cohorts(days, today, await curves_of(market, vertical.name))
    return Card(line, await bought_by_source(market, actor, vertical.name, buyer_id), weeks[::-1])


def _figures(line: BuyerLine | None) -> dict[str, Any] | None:
    if line is None:
        return None
    buyer = line.buyer
    told: dict[str, Any] = {
        "posts": buyer.posts,
        "taken": buyer.taken_posts,
        "lowered": buyer.lowered,
        "bought": buyer.sold,
        "currency": buyer.currency or None,
        "bid_mean": line.bid.text if line.bid is not None else None,
        "paid_mean": line.price.text if line.price is not None else None,
        "spent": Money(buyer.spent_units, buyer.currency).text if buyer.currency else None,
        "given_back": Money(buyer.lost_units, buyer.currency).text if buyer.currency else None,
        "cost_per_conversion": line.per_conversion.text if line.per_conversion is not None else None,
    }
    for name in _OF_BUYER:
        told |= own_rate_fields(name, line.rates[name].rate)
    return told


def _week(cohort: Cohort) -> dict[str, Any]:
    return {
        "week_from": cohort.monday.isoformat(),
        "bought": cohort.sold,
        "contacted": cohort.contacted,
        "converted": cohort.converted,
        "returned": cohort.returned,
        "spent": cohort.net_price.text if cohort.net_price is not None else None,
        "currency": cohort.currency or None,
        "conversions_foretold": round(cohort.conversions, 2),
        **own_rate_fields("conversion", cohort.conversion),
        **own_rate_fields("return", cohort.back),
    }


def _source(found: dict[str, Any]) -> dict[str, Any]:
    told = {"source": found["code"], "bought": found["sold"]}
    for name in _OF_SOURCE:
        told |= own_rate_fields(name, found["rates"][name].rate)
    return told
