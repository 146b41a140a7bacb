"""The way of the day's leads from sellers over checks and outcome to buyers: a picture, and the table of its counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from exchange.flows.market import Market
from exchange.model.money import Money
from exchange.web.charts.sankey import Column, Flow, Node, sankey
from exchange.web.figures.day import Day
from exchange.web.words import count, money, percent

_MOST = 7
_OTHERS = "others"
_TONES: Mapping[str, str] = {
    "sold": "sale",
    "unsold": "own",
    "held": "five",
    "unclear": "warn",
    "priced": "bid",
    "in_progress": "seven",
}
_WORDS: Mapping[str, str] = {
    "sold": "Sold",
    "unsold": "Unsold",
    "held": "Held",
    "unclear": "Unclear",
    "priced": "Priced",
    "in_progress": "In progress",
}


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One line of the table beside the picture, with the list it counts."""

    name: str
    leads: int
    href: str


@dataclass(frozen=True, slots=True)
class Tree:
    chart: Markup
    rows: tuple[FlowRow, ...]


def tree(market: Market, day: Day, mode: str) -> Tree | None:
    """None on a day without leads."""
    if not day.now.leads:
        return None
    sellers = _sellers(market, day)
    buyers = _buyers(market, day)
    part = day.now.groups["sold"] / (sum(leads for _, _, leads, _ in buyers) or 1)  # of a lead, for each buyer of it
    passed = day.now.leads - day.now.groups["rejected"]
    ends = [name for name in _WORDS if day.now.groups[name]]
    columns = [
        Column("Sellers", tuple(Node(f"s:{key}", name, leads, "one") for key, name, leads, _ in sellers)),
        Column("Checks", _checks(day, passed)),
        Column("Outcome", tuple(_outcome(day, name) for name in ends)),
        Column("Buyers", tuple(Node(f"b:{key}", name, n, "sale", note, n * part) for key, name, n, note in buyers)),
    ]
    flows = [Flow(f"s:{key}", "passed", leads - refused) for key, _, leads, refused in sellers]
    flows += [Flow(f"s:{key}", "rejected", refused) for key, _, _, refused in sellers]
    flows += [Flow("passed", f"o:{name}", day.now.groups[name]) for name in ends]
    flows += [Flow("o:sold", f"b:{key}", leads, leads * part) for key, _, leads, _ in buyers]
    told = f"{count(day.now.leads)} leads in, {count(passed)} passed checks, {count(day.now.groups['sold'])} sold"
    chart = sankey([column for column in columns if column.nodes], flows, f"{day.name.capitalize()}: {told}")
    return Tree(chart.picture, _rows(day, mode, sellers, buyers))


def _checks(day: Day, passed: int) -> tuple[Node, ...]:
    refused = day.now.groups["rejected"]
    nodes = [Node("passed", "Passed checks", passed, "one", percent(passed, day.now.leads))]
    if refused:
        nodes.append(Node("rejected", "Rejected", refused, "bad", percent(refused, day.now.leads)))
    return tuple(nodes)


def _outcome(day: Day, name: str) -> Node:
    leads = day.now.groups[name]
    return Node(f"o:{name}", _WORDS[name], leads, _TONES[name], percent(leads, day.now.leads))


def _sellers(market: Market, day: Day) -> list[tuple[str, str, int, int]]:
    """Id, name, leads and refused ones of each seller; small ones together."""
    known = market.deals.sellers
    found = [
        (seller, known[seller].name if seller in known else seller, sum(groups.values()), groups["rejected"])
        for seller, groups in day.by_seller.items()
    ]
    found.sort(key=lambda each: (-each[2], each[0]))
    rest = found[_MOST:]
    if rest:
        found = [*found[:_MOST], (_OTHERS, "Others", sum(each[2] for each in rest), sum(each[3] for each in rest))]
    return found


def _buyers(market: Market, day: Day) -> list[tuple[str, str, int, str]]:
    """Id, name, leads bought, and the average price of each buyer; small ones together."""
    known = market.deals.buyers
    found = []
    for row in day.sold_to:
        average = Money(row["revenue"] // row["sales"], row["currency"])
        name = known[row["buyer_id"]].name if row["buyer_id"] in known else row["buyer_id"]
        found.append((row["buyer_id"], name, row["leads"], f"at {money(average)}"))
    found.sort(key=lambda each: (-each[2], each[0]))
    rest = found[_MOST:]
    return [*found[:_MOST], (_OTHERS, "Others", sum(each[2] for each in rest), "")] if rest else found


def _rows(
    day: Day,
    mode: str,
    sellers: list[tuple[str, str, int, int]],
    buyers: list[tuple[str, str, int, str]],
) -> tuple[FlowRow, ...]:
    test = "&mode=test" if mode == "test" else ""
    here = f"/console/leads?period={day.name}{test}"
    rows = [FlowRow(f"From {name}", leads, f"{here}&seller={key}") for key, name, leads, _ in sellers if key != _OTHERS]
    rows += [FlowRow(_WORDS[name], day.now.groups[name], f"{here}&status={name}") for name in _WORDS]
    rows.append(FlowRow("Rejected", day.now.groups["rejected"], f"{here}&status=rejected"))
    rows += [
        FlowRow(f"Bought by {name}", leads, f"{here}&buyer={key}") for key, name, leads, _ in buyers if key != _OTHERS
    ]
    return tuple(row for row in rows if row.leads)
