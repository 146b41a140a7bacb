"""Signs that a buyer shaves: it takes less than it did, calls new leads duplicates, gives back what sells again."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web

from exchange.flows.shaving import read_shaving
from exchange.model.vertical import Vertical
from exchange.stages.shaving import LEAST, Shaving
from exchange.web.auth import actor_of
from exchange.web.csv_rows import csv_answer
from exchange.web.figures.quality import buyer_name, chosen, offered
from exchange.web.figures.shaving import SHOWN, case_lines, fall_lines, rows_of, shaving_fields, signs_lines
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import address, notice, page
from exchange.web.render import as_json as json_response

HOME = "/console/quality/shaving"
_UNKNOWN = "There is no such vertical or buyer"


class Asked(NamedTuple):
    """One vertical, and one buyer of it or (empty) all."""

    vertical: Vertical
    buyer_id: str


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", as_json), Page("GET", f"{HOME}.csv", as_csv))


async def show(request: web.Request) -> web.StreamResponse:
    market, asked = request.app[MARKET], _asked(request)
    if asked is None:
        return await notice(request, _UNKNOWN, "Choose one of the list.", http_status=404)
    vertical, buyer_id = asked
    found = await _found(request, asked)
    lines = fall_lines(market, found, vertical.name)
    return await page(
        request,
        "console/quality/quality_shaving.html",
        title="Shaving",
        here="quality",
        vertical=vertical,
        verticals=offered(market),
        buyer_id=buyer_id,
        who=buyer_name(market, buyer_id) if buyer_id else "",
        falls=lines[:SHOWN],
        falls_in_all=len(lines),
        fell=len({line.fall.buyer_id for line in lines if line.fall.fell}),
        too_few=sum(not each.judged and bool(each.seller_id) and each.sub_id is None for each in found.falls),
        buyers=signs_lines(market, found, not buyer_id)[:SHOWN],
        duplicates=case_lines(market, found.duplicates[:SHOWN]),
        duplicates_in_all=len(found.duplicates),
        returns=case_lines(market, found.returns[:SHOWN]),
        returns_in_all=len(found.returns),
        least=LEAST,
        listed_at=HOME,
        twin=lambda end: address(HOME + end, vertical=vertical.name, buyer=buyer_id or None),
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    asked = _asked(request)
    if asked is None:
        return json_response({"error": f"{_UNKNOWN}."}, http_status=404)
    market, found = request.app[MARKET], await _found(request, asked)
    return json_response(shaving_fields(market, found, asked.vertical.name, asked.buyer_id))


async def as_csv(request: web.Request) -> web.StreamResponse:
    asked = _asked(request)
    if asked is None:
        return await notice(request, _UNKNOWN, "Choose one of the list.", http_status=404)
    return csv_answer("shaving", rows_of(await _found(request, asked), asked.vertical.name))


def _asked(request: web.Request) -> Asked | None:
    """What the address asks for; None when there is no such vertical or buyer."""
    market, buyer_id = request.app[MARKET], request.query.get("buyer", "")
    vertical = chosen(request, market)
    if vertical is None or (buyer_id and buyer_id not in market.deals.buyers):
        return None
    return Asked(vertical, buyer_id)


async def _found(request: web.Request, asked: Asked) -> Shaving:
    market = request.app[MARKET]
    return await read_shaving(market.db, actor_of(request), asked.vertical.name, market.clock.now(), asked.buyer_id)
