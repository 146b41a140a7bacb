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
    "in_progress": "seven",
}
_WORDS: Mapping[str, str] = {
    "sold": "Sold",
    "unsold": "Unsold",
    "held": "Held",
    "unclear": "Unclear",
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
    passed = day.now.leads - day.now.groups["rejected"]
    ends = [name for name in _WORDS if day.now.groups[name]]
    columns = [
        Column("Sellers", tuple(Node(f"s:{key}", name, leads, "one") for key, name, leads, _ in sellers)),
        Column("Checks", _checks(day, passed)),
        Column("Outcome", tuple(_outcome(day, name) for name in ends)),
        Column("Buyers", tuple(Node(f"b:{key}", name, first, "sale", note) for key, name, _, first, note in buyers)),
    ]
    flows = [Flow(f"s:{key}", "passed", leads - refused) for key, _, leads, refused in sellers]
    flows += [Flow(f"s:{key}", "rejected", refused) for key, _, _, refused in sellers]
    flows += [Flow("passed", f"o:{name}", day.now.groups[name]) for name in ends]
    flows += [Flow("o:sold", f"b:{key}", first) for key, _, _, first, _ in buyers]
    told = f"{count(day.now.leads)} leads in, {count(passed)} passed checks, {count(day.now.groups['sold'])} sold"
    chart = sankey([column for column in columns if column.nodes], flows, f"{day.name.capitalize()}: {told}")
    return Tree(chart, _rows(day, mode, sellers, buyers))


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


def _buyers(market: Market, day: Day) -> list[tuple[str, str, int, int, str]]:
    """Id, name, leads bought, leads bought first, and the average price. A shared lead flows to its first buyer."""
    known = market.deals.buyers
    found = []
    for row in day.sold_to:
        average = Money(row["revenue"] // row["sales"], row["currency"])
        name = known[row["buyer_id"]].name if row["buyer_id"] in known else row["buyer_id"]
        found.append((row["buyer_id"], name, row["leads"], row["first_leads"], f"at {money(average)}"))
    found.sort(key=lambda each: (-each[3], each[0]))
    rest = found[_MOST:]
    if rest:
        more = (_OTHERS, "Others", sum(each[2] for each in rest), sum(each[3] for each in rest), "")
        found = [*found[:_MOST], more]
    return [each for each in found if each[3]]


def _rows(
    day: Day,
    mode: str,
    sellers: list[tuple[str, str, int, int]],
    buyers: list[tuple[str, str, int, int, str]],
) -> tuple[FlowRow, ...]:
    test = "&mode=test" if mode == "test" else ""
    here = f"/console/leads?period={day.name}{test}"
    rows = [FlowRow(f"From {name}", leads, f"{here}&seller={key}") for key, name, leads, _ in sellers if key != _OTHERS]
    rows += [FlowRow(_WORDS[name], day.now.groups[name], f"{here}&status={name}") for name in _WORDS]
    rows.append(FlowRow("Rejected", day.now.groups["rejected"], f"{here}&status=rejected"))
    rows += [
        FlowRow(f"Bought by {name}", leads, f"{here}&buyer={key}")
        for key, name, leads, _, _ in buyers
        if key != _OTHERS
    ]
    return tuple(row for row in rows if row.leads)
