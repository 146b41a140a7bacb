"""The bid landscape: all bids of a period by price, those that won set off, with the floor and the median that won."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.counted import PRICE_UNITS, Counts
from exchange.model.money import SCALE, Money
from exchange.model.party import State
from exchange.stages.asked import percentile
from exchange.stages.reasons import currency_sign
from exchange.storage.asked import bid_sums
from exchange.web.charts.chart import Chart
from exchange.web.charts.histogram import Bin, Marker, Names, histogram
from exchange.web.figures.day import Asked
from exchange.web.render import address
from exchange.web.words import count, money

_BARS = 16
_WIDTHS = (1, 2, 4, 8, 20, 40, 80, 200, 400, 1_000)  # in sizes of a quarter
_TAIL = 99  # percent of the bids decide how wide the bars are; what lies above is in the last


@dataclass(frozen=True, slots=True)
class Landscape:
    """`bids` in all. `median` is about what wins; None before any won."""

    chart: Chart
    bids: int
    won: int
    floor: Money | None
    median: Money | None
    bars: tuple[Bin, ...]


async def landscape(
    market: Market, actor: Actor, asked: Asked, facet: str, currency: str, waiting: Counts
) -> Landscape | None:
    """`facet` is empty, or one grade or state: `grade:A`, `state:AZ`. None without bids."""
    bids, won = Counter[int](), Counter[int]()
    for row in await market.db.read(bid_sums, actor, asked.reach, facet, currency):
        bids[row["size"]] += row["bids"]
        won[row["size"]] += row["won"]
    for sums, found in ((bids, waiting.bids), (won, waiting.won)):
        for (of, day, mode, vertical, money_of, size), times in found.items():
            if (of, mode, money_of) == (facet, asked.mode, currency) and asked.vertical in ("", vertical):
                sums[size] += times if asked.reach.begin <= day < asked.reach.end else 0
    if not bids.total():
        return None
    return _drawn(bids, won, floor_of(market, asked.vertical, currency), currency, asked)


def floor_of(market: Market, vertical: str, currency: str) -> Money | None:
    """The lowest floor of the campaigns that are on."""
    floors = [
        each.floor
        for each in market.deals.campaigns.values()
        if each.state is State.ACTIVE and each.floor.currency == currency and vertical in ("", each.vertical)
    ]
    return min(floors, key=lambda floor: floor.units) if floors else None


def _drawn(bids: Counter[int], won: Counter[int], floor: Money | None, currency: str, asked: Asked) -> Landscape:
    bars = _bars(bids, won, asked)
    middle = percentile(won.items(), 50)
    median = Money(middle * PRICE_UNITS + PRICE_UNITS // 2, currency) if middle is not None else None
    marks = []
    if floor is not None and floor.units:
        marks.append(Marker(floor.units / SCALE, f"floor {money(floor)}", "limit"))
    if median is not None:
        marks.append(Marker(median.units / SCALE, f"median win {money(median)}", "median"))
    told = f"{count(bids.total())} bids {asked.period.told}, {count(won.total())} won"
    told += f", median winning price {money(median)}" if median is not None else ""
    chart = histogram(bars, marks, Names("Lost", "Won", currency_sign(currency)), f"Bid landscape: {told}")
    return Landscape(chart, bids.total(), won.total(), floor, median, tuple(bars))


def _bars(bids: Mapping[int, int], won: Mapping[int, int], asked: Asked) -> list[Bin]:
    """Some sixteen bars of one round width; the last also holds what lies far above."""
    high = (percentile(bids.items(), _TAIL) or 0) + 1
    width = next((each for each in _WIDTHS if each * _BARS >= high), _WIDTHS[-1])
    last = -(-high // width) - 1
    all_of, won_of = Counter[int](), Counter[int]()
    for sums, found in ((all_of, bids), (won_of, won)):
        for size, times in found.items():
            sums[min(size // width, last)] += times
    unit = PRICE_UNITS / SCALE
    return [
        Bin(
            at * width * unit,
            (at + 1) * width * unit,
            max(all_of[at], won_of[at]),
            won_of[at],
            _href(asked, at * width * unit, (at + 1) * width * unit if at < last else None) if all_of[at] else "",
        )
        for at in range(last + 1)
    ]


def _href(asked: Asked, low: float, high: float | None) -> str:
    """The leads with a bid of this height."""
    test = "test" if asked.mode == "test" else None
    price = f"{low:g}-{high:g}" if high is not None else f"{low:g}-"
    return address("/console/leads", bid=price, vertical=asked.vertical or None, **asked.period.given, mode=test)


def facets(market: Market, states: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """What a landscape may be narrowed to, besides a vertical: grades and states."""
    return {
        "grade": [(f"grade:{letter}", f"Grade {letter}") for letter in "ABCDE"],
        "state": [(f"state:{state}", state) for state in states],
    }
