"""Everything the dashboard shows, read together: parts that do not need each other are read at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from exchange.flows.alerts import worst_alert
from exchange.flows.counting import uncounted
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.alert import Alert
from exchange.storage.dashboard import arrived_since, first_between
from exchange.storage.lead_filters import LeadFilter
from exchange.storage.spans import Span
from exchange.web.figures.bids import Landscape, landscape
from exchange.web.figures.caps import Gauge, gauges
from exchange.web.figures.day import Asked, Day, read_day
from exchange.web.figures.flow import Tree, tree
from exchange.web.figures.heat import Heat, source_lines
from exchange.web.figures.marks import buyer_marks
from exchange.web.figures.needs import Need, needs
from exchange.web.figures.pings import Latency, latencies, slowest_costs
from exchange.web.listed.lead_rows import LeadLine, read_lines
from exchange.web.words import Times

LATEST = 6
_DAYS_BACK = 7
_PACE_MS = 300_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked of the dashboard: `facet` narrows the bid landscape to one grade or state."""

    asked: Asked
    facet: str
    currency: str


@dataclass(frozen=True, slots=True)
class Board:
    """The parts of the dashboard. `alert` is the worst that is open."""

    day: Day
    tree: Tree | None
    alert: Alert | None
    needs: list[Need]
    latest: list[LeadLine]
    bids: Landscape | None
    latencies: list[Latency]
    cost: str
    gauges: list[Gauge]
    heat: Heat | None
    marks: Mapping[str, str]
    pace: str  # how many leads and pings come just now
    usual_first: str  # when the first lead of a day usually comes; empty unless today has none


async def read_board(market: Market, actor: Actor, wanted: Wanted, times: Times) -> Board:
    """Of test leads there is no heat map: quality counts live ones alone."""
    asked = wanted.asked
    waiting = await uncounted(market)
    (day, found, bids), (caps, what, latest, alert) = await asyncio.gather(
        asyncio.gather(
            read_day(market, actor, asked, times, wanted.currency, waiting),
            latencies(market, actor, asked, waiting),
            landscape(market, actor, asked, wanted.facet, wanted.currency, waiting),
        ),
        asyncio.gather(
            gauges(market, asked.mode, times),
            needs(market, actor, asked.mode),
            read_lines(market, actor, _latest(asked)),
            worst_alert(market),
        ),
    )
    heat = await source_lines(market, actor, asked.vertical, times.now) if asked.mode == "live" else None
    marks = buyer_marks(market, times, found)
    return Board(
        day,
        tree(market, day, asked, marks),
        alert,
        what,
        latest,
        bids,
        found,
        await slowest_costs(market, actor, asked, found),
        caps,
        heat,
        marks,
        _pace(await market.db.read(arrived_since, actor, asked.mode, times.now - _PACE_MS)),
        await _usual_first(market, actor, asked, times) if asked.period.name == "today" and not day.now.leads else "",
    )


def _pace(arrived: Mapping[str, int]) -> str:
    """`3.1 leads/min, 12 pings/min`, over the last five minutes."""
    minutes = _PACE_MS / 60_000
    leads, pings = arrived.get("post", 0) + arrived.get("pingpost", 0), arrived.get("ping", 0)
    told = f"{leads / minutes:.1f} leads/min"
    return f"{told}, {pings / minutes:.1f} pings/min" if pings else told


async def _usual_first(market: Market, actor: Actor, asked: Asked, times: Times) -> str:
    """The middle of the last seven days: `05:40`."""
    found = []
    for back in range(1, _DAYS_BACK + 1):
        at = await market.db.read(first_between, actor, asked.mode, *times.today(back))
        if at is not None:
            found.append(f"{times.local(at):%H:%M}")
    return sorted(found)[len(found) // 2] if found else ""


def _latest(asked: Asked) -> LeadFilter:
    return LeadFilter(mode=asked.mode, vertical=asked.vertical or None, span=Span(limit=LATEST))
