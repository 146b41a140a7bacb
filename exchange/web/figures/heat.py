"""Sellers' sub ids side by side: what each brings, shaded within its column, and which one does worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.model.quality import DAY_MS
from exchange.stages.quality.worst import LEAST, Excess, Part, worst
from exchange.storage.database import Row
from exchange.storage.quality_sums import source_heat
from exchange.web.charts.heat import HeatCell, HeatColumn, Shaded, heat
from exchange.web.words import FEW, count, money, rate

DAYS = 7
_ROWS = 8
_NONE = ("No posts in seven days.", "No source does worse than the others.")
COLUMNS = (
    HeatColumn("Leads"),
    HeatColumn("Sold", 1),
    HeatColumn("Returned", -1),
    HeatColumn("Contact", 1),
    HeatColumn("Dup.", -1),
    HeatColumn("Fraud", -1),
    HeatColumn("EPL", 1),
)
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "unsold": "sells {}, the others {}",
        "returned": "has {} returned, the others {}",
        "duplicate": "holds {} duplicates, the others {}",
        "fraud": "holds {} fraud, the others {}",
    }
)
"""Of shares that are bad of any source. Money for a lead differs by vertical, and not every buyer tells of contacts."""


@dataclass(frozen=True, slots=True)
class Line:
    """One source and its cells."""

    seller_id: str
    seller: str
    sub_id: str
    cells: tuple[Shaded, ...]
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Heat:
    """`worst` is among the lines; `told` names it in a sentence, or says that none does worse than others."""

    lines: tuple[Line, ...]
    worst: Line | None
    told: str
    counted_at: int
    """When the day that runs was counted; 0: not by this process yet."""


async def source_lines(market: Market, actor: Actor, vertical: str, now: int) -> Heat:
    """The sources with most leads of the last seven days, and the worst of all with them."""
    first = now // DAY_MS - DAYS + 1
    posts, sales = await market.db.read(source_heat, actor, vertical, first)
    sold = {(row["seller_id"], row["sub_id"]): row for row in sales}
    rows = [(row, sold.get((row["seller_id"], row["sub_id"]))) for row in posts]
    shaded = heat(COLUMNS, [_cells(post, sale) for post, sale in rows])
    lines = [_line(market, post, sale, cells) for (post, sale), cells in zip(rows, shaded, strict=True)]
    found = _worst(market, rows)
    line = next((line for line in lines if found is not None and (line.seller_id, line.sub_id) == found[0]), None)
    shown = lines[:_ROWS]
    if line is not None and line not in shown:
        shown = [*shown[: _ROWS - 1], line]
    told = _told(line, found[1]) if line is not None and found is not None else _NONE[bool(lines)]
    return Heat(tuple(shown), line, told, market.live.standings.counted_at)


def _worst(market: Market, rows: Sequence[tuple[Row, Row | None]]) -> tuple[tuple[str, str], Excess] | None:
    """Among those that can be shut out and are not."""
    sources = {(post["seller_id"], post["sub_id"]): _parts(post, sale) for post, sale in rows}
    shut = {(each.seller_id, sub_id) for each in market.deals.campaigns.values() for sub_id in each.blocked_sub_ids}
    able = [key for key, parts in sources.items() if key[1] and key not in shut and parts["unsold"].of >= LEAST]
    return worst(sources, able)


def _parts(post: Row, sale: Row | None) -> dict[str, Part]:
    """What is bad of a source, by the names of `_WORDS`."""
    leads = post["leads"]
    return {
        "unsold": Part(leads - post["sold"], leads),
        "returned": Part(sale["returned"], sale["sales"]) if sale is not None else Part(0, 0),
        "duplicate": Part(post["duplicate"], leads),
        "fraud": Part(post["fraud"], leads),
    }


def _line(market: Market, post: Row, sale: Row | None, cells: Sequence[Shaded]) -> Line:
    seller = market.deals.sellers.get(post["seller_id"])
    earned = _epl(post, sale)
    fields = {
        "seller": post["seller_id"],
        "sub_id": post["sub_id"],
        "leads": post["leads"],
        "sold": post["sold"],
        "duplicate": post["duplicate"],
        "fraud": post["fraud"],
        "sales": sale["sales"] if sale is not None else 0,
        "returned": sale["returned"] if sale is not None else 0,
        "contacted": sale["contacted"] if sale is not None else 0,
        "epl": earned.text if earned is not None else None,
    }
    name = seller.name if seller is not None else post["seller_id"]
    return Line(post["seller_id"], name, post["sub_id"], tuple(cells), fields)


def _cells(post: Row, sale: Row | None) -> list[HeatCell]:
    leads, sales = post["leads"], sale["sales"] if sale is not None else 0
    earned = _epl(post, sale)
    returned, contacted = (sale["returned"], sale["contacted"]) if sale is not None else (0, 0)
    return [
        HeatCell(count(leads), leads),
        _share(post["sold"], leads),
        _share(returned, sales),
        _share(contacted, sales),
        _share(post["duplicate"], leads),
        _share(post["fraud"], leads),
        HeatCell(money(earned), earned.units / 100 if leads >= FEW else None) if earned is not None else HeatCell("–"),
    ]


def _share(part: int, of: int) -> HeatCell:
    if not of:
        return HeatCell("–")
    return HeatCell(rate(part, of), 100 * part / of if of >= FEW else None)


def _epl(post: Row, sale: Row | None) -> Money | None:
    """What the seller earned for a lead, after returns: of a price given back its part of the payout is too. None when
    it sold nothing, or in several currencies."""
    if sale is None or not sale["currency"]:
        return None
    kept = sale["price_units"] - sale["lost_units"]
    payout = sale["payout_units"] * kept // sale["price_units"] if sale["price_units"] else 0
    return Money(payout // max(post["leads"], 1), sale["currency"])


def _told(line: Line, found: Excess) -> str:
    """`Cedar Digital pop-19 stands out: it sells 7 of 18, the others 91.2%.`"""
    told = [_WORDS[name].format(*(_share_told(name, part) for part in parts)) for name, parts in found.parts.items()]
    how = "stands out" if found.sure else "does least well so far"
    return f"{line.seller} {line.sub_id} {how}: it {'; it '.join(told)}."


def _share_told(name: str, part: Part) -> str:
    return rate(part.of - part.bad if name == "unsold" else part.bad, part.of)
