"""Where leads come from beside the API, and how each source does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.market import Market
from exchange.sources.document import Source
from exchange.storage.sources import SourceState, count_items, source_states
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import page
from exchange.web.words import utc

HOME = "/console/sources"
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Line:
    """One source. `became` counts the messages of the last 24 hours by what became of them."""

    source: Source
    state: SourceState
    campaign: str
    seller: str
    became: Mapping[str, int]

    @property
    def standing(self) -> str:
        if self.state.paused_at is not None:
            return "paused"
        if self.state.failures:
            return "down"
        return "active" if self.state.last_at or self.state.items else "waiting"

    @property
    def polled(self) -> bool:
        return self.source.every_ms is not None

    @property
    def wrong(self) -> int:
        """How many could not be used."""
        return self.became.get("invalid", 0) + self.became.get("error", 0)


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_json),
    )


async def show(request: web.Request) -> web.StreamResponse:
    lines = await lines_of(request.app[MARKET])
    return await page(request, "console/supply/sources.html", title="Sources", here="sources", lines=lines)


async def as_json(request: web.Request) -> web.StreamResponse:
    return json_response({"sources": [fields_of(line) for line in await lines_of(request.app[MARKET])]})


async def lines_of(market: Market) -> list[Line]:
    states = await market.db.read(source_states)
    counts = await market.db.read(count_items, market.clock.now() - _DAY_MS)
    return [
        _made(market, source, states.get(name, SourceState(name)), counts.get(name, {}))
        for name, source in sorted(market.sources.items(), key=lambda pair: pair[1].title.lower())
    ]


def _made(market: Market, source: Source, state: SourceState, became: Mapping[str, int]) -> Line:
    campaign = market.deals.campaigns.get(source.campaign_id)
    seller = market.deals.sellers.get(campaign.seller_id) if campaign is not None else None
    return Line(
        source,
        state,
        campaign.name if campaign is not None else f"There is no campaign {source.campaign_id}",
        seller.name if seller is not None else "",
        became,
    )


def fields_of(line: Line) -> dict[str, Any]:
    state = line.state
    return {
        "source": line.source.name,
        "title": line.source.title,
        "kind": line.source.kind,
        "campaign": line.source.campaign_id,
        "seller": line.seller,
        "mode": line.source.mode.value,
        "state": line.standing,
        "last_poll": utc(state.last_at) if state.last_at is not None else None,
        "next_poll": utc(state.next_at) if line.polled and state.paused_at is None and state.next_at else None,
        "new_items": state.last_items,
        "items": state.items,
        "last_24_hours": dict(line.became),
        "failures": state.failures,
        "last_error": state.last_error,
    }
