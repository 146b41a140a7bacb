"""Sellers' sub ids side by side: what each brings, shaded within its column, and which one stands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.model.quality import DAY_MS
from exchange.storage.database import Row
from exchange.storage.quality_sums import source_heat
from exchange.web.charts.heat import HeatCell, HeatColumn, Shaded, heat
from exchange.web.words import FEW, count, money, rate

DAYS = 7
_ROWS = 8
_BAD_SHADES = 4  # of at least two columns: a source with fewer stands out for nothing
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
        "Sold": "sells {}",
        "Returned": "has {} returned",
        "Contact": "is reached for {}",
        "Dup.": "holds {} duplicates",
        "Fraud": "holds {} fraud",
        "EPL": "pays {} a lead after returns",
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One source and its cells."""

    seller_id: str
    seller: str
    sub_id: str
    cells: tuple[Shaded, ...]
    fields: Mapping[str, Any]

    @property
    def bad(self) -> int:
        """How bad it is: its shades of red, of two columns at least."""
        shades = [int(cell.tone[-1]) for cell in self.cells if cell.tone.startswith("h-bad")]
        return sum(shades) if len(shades) > 1 else 0


@dataclass(frozen=True, slots=True)
class Heat:
    """`worst` is among the lines; `told` names it in a sentence, or says that none stands out."""

    lines: tuple[Line, ...]
    worst: Line | None
    told: str


async def source_lines(market: Market, actor: Actor, vertical: str, now: int) -> Heat:
    """The sources with most leads of the last seven days, and the worst of all with them."""
    first = now // DAY_MS - DAYS + 1
    posts, sales = await market.db.read(source_heat, actor, vertical, first)
    sold = {(row["seller_id"], row["sub_id"]): row for row in sales}
    rows = [(row, sold.get((row["seller_id"], row["sub_id"]))) for row in posts]
    shaded = heat(COLUMNS, [_cells(post, sale) for post, sale in rows])
    lines = [_line(market, post, sale, cells) for (post, sale), cells in zip(rows, shaded, strict=True)]
    worst = max(lines, key=lambda line: line.bad, default=None)
    if worst is None or worst.bad < _BAD_SHADES or not worst.sub_id:
        worst = None
    shown = lines[:_ROWS]
    if worst is not None and worst not in shown:
        shown = [*shown[: _ROWS - 1], worst]
    return Heat(tuple(shown), worst, _told(worst, bool(lines)))


def _line(market: Market, post: Row, sale: Row | None, cells: Sequence[Shaded]) -> Line:
    seller = market.deals.sellers.get(post["seller_id"])
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
        "epl": _epl(post, sale).text if sale is not None else None,
    }
    name = seller.name if seller is not None else post["seller_id"]
    return Line(post["seller_id"], name, post["sub_id"], tuple(cells), fields)


def _cells(post: Row, sale: Row | None) -> list[HeatCell]:
    leads, sales = post["leads"], sale["sales"] if sale is not None else 0
    returned, contacted = (sale["returned"], sale["contacted"]) if sale is not None else (0, 0)
    return [
        HeatCell(count(leads), leads),
        _share(post["sold"], leads),
        _share(returned, sales),
        _share(contacted, sales),
        _share(post["duplicate"], leads),
        _share(post["fraud"], leads),
        HeatCell(money(_epl(post, sale)), _epl(post, sale).units / 100 if leads >= FEW else None)
        if sale is not None
        else HeatCell("–"),
    ]


def _share(part: int, of: int) -> HeatCell:
    if not of:
        return HeatCell("–")
    return HeatCell(rate(part, of), 100 * part / of if of >= FEW else None)


def _epl(post: Row, sale: Row | None) -> Money:
    """What the seller earned for a lead, after returns: of a price given back its part of the payout is too."""
    assert sale is not None
    kept = sale["price_units"] - sale["lost_units"]
    payout = sale["payout_units"] * kept // sale["price_units"] if sale["price_units"] else 0
    return Money(payout // max(post["leads"], 1), sale["currency"])


def _told(worst: Line | None, any_line: bool) -> str:
    if worst is None:
        return "No source stands out for the worse." if any_line else "No posts in seven days."
    told = [
        _WORDS[column.name].format(cell.told)
        for column, cell in zip(COLUMNS, worst.cells, strict=True)
        if cell.tone.startswith("h-bad")
    ]
    return f"{worst.seller} {worst.sub_id} stands out: it {', '.join(told[:-1])} and {told[-1]}."
