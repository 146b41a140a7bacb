"""What each seller and sub id brings, with how sure that is."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from exchange.model.vertical import Vertical
from exchange.stages.quality.rates import MEASURES
from exchange.stages.quality.standing import BAND_WORDS, Band
from exchange.web.auth import actor_of
from exchange.web.console.quality._of_vertical import of_vertical
from exchange.web.csv_rows import csv_answer
from exchange.web.figures.quality import (
    SORTS,
    TONES,
    SourceLine,
    offered,
    page_of,
    ranked,
    sellers_of,
    source_fields,
    sources_of,
    standing_of,
)
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import address, page
from exchange.web.render import as_json as json_response

HOME = "/console/quality/sources"
_GIVEN = ("sort", "level", "band", "seller", "q", "least")
LEVELS = {"sub_id": "Sub ids", "seller": "Sellers"}


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, of_vertical(show)),
        Page("GET", f"{HOME}.json", of_vertical(as_json)),
        Page("GET", f"{HOME}.csv", of_vertical(as_csv)),
    )


async def show(request: web.Request, vertical: Vertical) -> web.StreamResponse:
    market = request.app[MARKET]
    given = _given(request)
    lines, base = await _lines(request, vertical)
    shown, after = page_of(lines, request.query.get("after", ""))
    return await page(
        request,
        "console/quality/quality_sources.html",
        title="Sources",
        here="quality",
        tab="sources",
        vertical=vertical,
        verticals=offered(market),
        lines=shown,
        total=len(lines),
        base=base,
        measures=MEASURES,
        given=given,
        levels=LEVELS,
        bands=BAND_WORDS,
        tones=TONES,
        twin=lambda end: address(HOME + end, vertical=vertical.name, **given),
        sorted_by=lambda name: address(HOME, vertical=vertical.name, **{**given, "sort": name}),
        more=address(HOME, vertical=vertical.name, after=after, **given) if after else None,
    )


async def as_json(request: web.Request, vertical: Vertical) -> web.StreamResponse:
    lines, base = await _lines(request, vertical)
    told = [source_fields(line, vertical.name) for line in lines]
    shares = {name: round(rate, 4) for name, rate in base.items()}
    return json_response({"vertical": vertical.name, "base": shares, "count": len(told), "sources": told})


async def as_csv(request: web.Request, vertical: Vertical) -> web.StreamResponse:
    lines, _ = await _lines(request, vertical)
    return csv_answer("sources", [source_fields(line, vertical.name) for line in lines])


def _given(request: web.Request) -> dict[str, Any]:
    asked = {name: request.query.get(name, "").strip()[:80] for name in _GIVEN}
    sort, level = asked["sort"], asked["level"]
    return {
        "sort": sort if sort in SORTS and sort != "leads" else None,
        "level": level if level in LEVELS and level != "sub_id" else None,
        "band": asked["band"] if asked["band"] in {band.value for band in Band} else None,
        "seller": asked["seller"] or None,
        "q": asked["q"] or None,
        "least": asked["least"] if asked["least"].isascii() and asked["least"].isdigit() else None,
    }


async def _lines(request: web.Request, vertical: Vertical) -> tuple[list[SourceLine], dict[str, float]]:
    """Everything that fits the filters, in the order asked for, and the vertical's own rates."""
    market, given = request.app[MARKET], _given(request)
    found = await standing_of(market, actor_of(request), vertical.name)
    lines = sellers_of(market, found) if given["level"] == "seller" else sources_of(market, found)
    asked = (given["q"] or "").lower()
    least = int(given["least"] or 0)
    fits = [
        line
        for line in lines
        if (given["band"] is None or line.source.band.value == given["band"])
        and (given["seller"] is None or line.source.seller_id == given["seller"])
        and (not asked or asked in (line.sub_id or "").lower() or asked in line.seller.lower())
        and line.source.leads >= least
    ]
    return ranked(fits, given["sort"] or "leads"), dict(found.base)
