"""Which sellers send the same people: of each two, how many the later one sent after the earlier, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange import limits
from exchange.flows.market import Market
from exchange.stages.duplicates.decide import span
from exchange.storage.sightings import overlaps, people_sent
from exchange.web import words
from exchange.web.auth import actor_of
from exchange.web.csv_rows import csv_answer
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import page

_PATH = "/console/overlaps"
_DAY_MS = 86_400_000
PERIODS = (1, 7, limits.MAP_DAYS)
COLUMNS = (
    "first_seller", "later_seller", "people", "of_leads", "share", "refused", "sold", "sold_twice", "average_gap",
    "least_gap",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Overlap:
    """`people` whom `first` had sent when `later` sent them, among all `leads` that `later` sent.

    `gap_ms` is how long after on average. Of them `refused` were duplicates, `sold` were sold by the later one, and
    `sold_twice` by both.
    """

    first: str
    later: str
    people: int
    leads: int
    refused: int
    sold: int
    sold_twice: int
    gap_ms: int
    least_ms: int

    @property
    def share(self) -> str:
        return words.percent(self.people, self.leads) if self.leads else ""

    @property
    def gap(self) -> str:
        return span(self.gap_ms)

    @property
    def least(self) -> str:
        return span(self.least_ms)

    def fields(self) -> dict[str, Any]:
        told = (
            self.first, self.later, self.people, self.leads, self.share, self.refused, self.sold, self.sold_twice,
            self.gap, self.least,
        )  # fmt: skip
        return dict(zip(COLUMNS, told, strict=True))


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", _PATH, show),
        Page("GET", f"{_PATH}.json", as_json),
        Page("GET", f"{_PATH}.csv", as_csv),
    )


async def show(request: web.Request) -> web.StreamResponse:
    days, found = await _found(request)
    return await page(
        request,
        "console/leads/overlaps.html",
        title="Overlaps",
        here="overlaps",
        overlaps=found,
        days=days,
        periods=PERIODS,
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    days, found = await _found(request)
    return json_response({"days": days, "count": len(found), "overlaps": [each.fields() for each in found]})


async def as_csv(request: web.Request) -> web.StreamResponse:
    _, found = await _found(request)
    return csv_answer("overlaps", [each.fields() for each in found], COLUMNS)


async def _found(request: web.Request) -> tuple[int, list[Overlap]]:
    """The period that is asked for, the longest unless it is one of those offered, and what was in it."""
    market = request.app[MARKET]
    asked = request.query.get("days", "")
    days = int(asked) if asked in {str(each) for each in PERIODS} else PERIODS[-1]
    since = market.clock.now() - days * _DAY_MS
    rows = await market.db.read(overlaps, actor_of(request), since)
    leads = await market.db.read(people_sent, actor_of(request), since)
    return days, [
        Overlap(
            _name(market, row["first_seller"]),
            _name(market, row["later_seller"]),
            row["people"],
            leads.get(row["later_seller"], 0),
            row["refused"],
            row["sold"],
            row["sold_twice"],
            row["gap_ms"],
            row["least_ms"],
        )
        for row in rows
    ]


def _name(market: Market, seller_id: str) -> str:
    seller = market.deals.sellers.get(seller_id)
    return seller.name if seller is not None else seller_id
