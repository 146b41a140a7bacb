"""The list of leads: filters in the address, 50 at a time, and the same list whole as JSON and CSV."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.storage.leads import Sums, count_leads, sum_leads
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.lead_query import PAGE, PERIODS, STATUSES, LeadQuery, read_query
from exchange.web.lead_rows import COLUMNS, csv_line, csv_rows, every_line, read_lines
from exchange.web.pages import Page
from exchange.web.render import mode_of, page, times_of
from exchange.web.words import Times

COUNTED = 10_000


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", "/console/leads", show),
        Page("GET", "/console/leads.json", as_json),
        Page("GET", "/console/leads.csv", as_csv),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor, times = request.app[MARKET], actor_of(request), times_of(request)
    query = read_query(request.query, mode_of(request))
    wanted = query.filter(times, PAGE + 1)
    lines = await read_lines(market, actor, wanted)
    sums = await market.db.read(sum_leads, actor, LeadQuery(query.mode, query.given).filter(times), COUNTED)
    more = lines[PAGE - 1] if len(lines) > PAGE else None
    return await page(
        request,
        "console/leads/leads.html",
        title="Leads",
        here="leads",
        query=query,
        lines=lines[:PAGE],
        older=query.older(more.received_at, more.id) if more else None,
        sums=sums,
        amounts=_amounts(sums),
        most=COUNTED,
        chips=query.chips(market.deals, market.verticals),
        helps=await _what_helps(market, actor, query, times) if not lines else None,
        choices=_choices(market),
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    """Every lead of the list: `{"leads": […], "count": n}`, written as it is read."""
    return await _stream(request, "application/json", _write_json)


async def as_csv(request: web.Request) -> web.StreamResponse:
    """Every lead of the list as CSV, written as it is read."""
    return await _stream(request, "text/csv", _write_csv)


Write = Callable[[web.Request, web.StreamResponse], Awaitable[None]]


async def _stream(request: web.Request, content_type: str, write: Write) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": f"{content_type}; charset=utf-8"})
    response.headers["Cache-Control"] = "no-store"
    if content_type == "text/csv":
        response.headers["Content-Disposition"] = 'attachment; filename="leads.csv"'
    await response.prepare(request)
    await write(request, response)
    await response.write_eof()
    return response


async def _write_json(request: web.Request, response: web.StreamResponse) -> None:
    query = read_query(request.query, mode_of(request))
    head = orjson.dumps({"mode": query.mode, "filters": dict(query.given)})
    await response.write(head[:-1] + b',"leads":[')
    count = 0
    async for lines in every_line(request.app[MARKET], actor_of(request), query.filter(times_of(request))):
        told = b",".join(orjson.dumps(line.fields()) for line in lines)
        await response.write(b"," + told if count else told)
        count += len(lines)
    await response.write(b'],"count":%d}' % count)


async def _write_csv(request: web.Request, response: web.StreamResponse) -> None:
    query = read_query(request.query, mode_of(request))
    await response.write(csv_rows([list(COLUMNS)]))
    async for lines in every_line(request.app[MARKET], actor_of(request), query.filter(times_of(request))):
        await response.write(csv_rows([csv_line(line) for line in lines]))


def _amounts(sums: Sums) -> list[tuple[Money, Money, Money]]:
    """Revenue, payout and what outside checks cost of the list, by currency."""
    return [
        (Money(revenue, currency), Money(payout, currency), Money(cost, currency))
        for currency, revenue, payout, cost in sums.money
        if revenue or payout or cost
    ]


async def _what_helps(market: Market, actor: Actor, query: LeadQuery, times: Times) -> dict[str, Any] | None:
    """Of an empty list, the filter whose removal would bring the most, and how many that is."""
    best: dict[str, Any] | None = None
    for chip in query.chips(market.deals, market.verticals):
        count = await market.db.read(count_leads, actor, query.without(chip.name).filter(times), COUNTED)
        if count and (best is None or count > best["count"]):
            best = {"chip": chip, "count": count}
    return best


def _choices(market: Market) -> dict[str, list[tuple[str, str]]]:
    """What each filter may be set to: value and words."""
    deals = market.deals
    return {
        "status": [(name, name.replace("_", " ")) for name in STATUSES],
        "seller": sorted(((seller.id, seller.name) for seller in deals.sellers.values()), key=lambda pair: pair[1]),
        "vertical": [(name, vertical.title) for name, vertical in sorted(market.verticals.items())],
        "period": list(PERIODS.items()),
    }
