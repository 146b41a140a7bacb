"""The way of a period's leads from sellers over checks and tiers to buyers; what goes into a column comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.flows.market import Market
from exchange.model.money import Money
from exchange.web.charts.chart import Chart
from exchange.web.charts.funnel import Step, funnel
from exchange.web.charts.sankey import Column, Flow, Node, sankey
from exchange.web.figures.day import Asked, Day
from exchange.web.render import address
from exchange.web.words import count, money, percent

PATH = "/console/leads"
PARTS = 840
_MOST = 9
_OTHERS = "others"
_REASONS = 5
_TONES: Mapping[str, str] = {
    "exclusive": "sale",
    "shared": "seven",
    "store": "five",
    "undone": "own",
    "unsold": "own",
    "held": "five",
    "unclear": "warn",
    "in_progress": "seven",
}
_WORDS: Mapping[str, str] = {
    "exclusive": "Exclusive auction",
    "shared": "Shared auction",
    "store": "Lead store",
    "undone": "Sold, no sale left",
    "unsold": "Unsold",
    "held": "Held",
    "unclear": "Unclear",
    "in_progress": "In progress",
}
_WAYS = ("exclusive", "shared", "store")


@dataclass(frozen=True, slots=True)
class Seller:
    id: str
    name: str
    leads: int
    refused: int


@dataclass(frozen=True, slots=True)
class Bought:
    """What one buyer took, by way: leads, and 840ths of leads."""

    id: str
    name: str
    leads: Mapping[str, int]
    parts: Mapping[str, int]
    sales: int
    revenue: Money | None  # None: of several currencies

    @property
    def note(self) -> str:
        if self.revenue is None or not self.sales:
            return ""
        return f"at {money(Money(self.revenue.units // self.sales, self.revenue.currency))}"


@dataclass(frozen=True, slots=True)
class Tree:
    """The picture, the funnel of the same figures for narrow screens, and the bands for programs."""

    chart: Chart
    funnel: Chart
    flows: tuple[Flow, ...]


def tree(market: Market, day: Day, asked: Asked, marks: Mapping[str, str]) -> Tree | None:
    """None without leads. `marks` are words of warning, by buyer."""
    if not day.now.leads:
        return None
    sellers, buyers = _sellers(market, day), _buyers(market, day)
    ends = _ends(day)
    refused, passed = day.now.groups["rejected"], day.now.leads - day.now.groups["rejected"]
    columns = [
        Column("Sellers", tuple(Node(f"s:{each.id}", each.name, each.leads, "one") for each in sellers)),
        Column("Scrub, verify, fraud", _checks(day, passed)),
        Column("Ping tree", tuple(_end(day, name, leads) for name, leads in ends.items())),
        Column("Buyers", tuple(_buyer(each, marks) for each in buyers)),
    ]
    flows = tuple(_flows(asked, sellers, ends, buyers))
    told = f"{count(day.now.leads)} leads in, {count(passed)} passed checks, {count(day.now.groups['sold'])} sold"
    summary = f"Ping tree {asked.period.told}: {told}, {count(refused)} rejected"
    chart = sankey([column for column in columns if column.nodes], flows, summary)
    return Tree(chart, funnel(_steps(day, asked, ends, buyers, passed), summary), flows)


def _list(asked: Asked, **more: str | None) -> str:
    """The leads of a band."""
    test = "test" if asked.mode == "test" else None
    return address(PATH, **more, vertical=asked.vertical or None, **asked.period.given, mode=test)


def _checks(day: Day, passed: int) -> tuple[Node, ...]:
    refused = day.now.groups["rejected"]
    nodes = [Node("passed", "Passed checks", passed, "one", percent(passed, day.now.leads))]
    if refused:
        nodes.append(Node("rejected", "Rejected", refused, "bad", percent(refused, day.now.leads)))
    return tuple(nodes)


def why_rejected(day: Day) -> str:
    """`71 duplicate, 58 invalid`: the commonest reasons in a line."""
    told = [f"{count(each.leads)} {each.slug.replace('_', ' ')}" for each in day.rejections[:_REASONS]]
    return ", ".join(told) + (" and others" if len(day.rejections) > _REASONS else "")


def _ends(day: Day) -> dict[str, int]:
    """What became of the leads that passed; those of the sold ones whose way is known by it."""
    parts = dict.fromkeys(_WAYS, 0)
    for row in day.sold:
        parts[row["way"]] += row["parts"]
    ends = {way: total // PARTS for way, total in parts.items()}
    ends["undone"] = max(day.now.groups["sold"] - sum(ends.values()), 0)
    ends |= {name: day.now.groups[name] for name in ("unsold", "held", "unclear", "in_progress")}
    return {name: leads for name, leads in ends.items() if leads}


def _end(day: Day, name: str, leads: int) -> Node:
    return Node(f"o:{name}", _WORDS[name], leads, _TONES[name], percent(leads, day.now.leads))


def _buyer(each: Bought, marks: Mapping[str, str]) -> Node:
    share = sum(each.parts.values()) / PARTS
    return Node(f"b:{each.id}", each.name, sum(each.leads.values()), "sale", each.note, share, marks.get(each.id, ""))


def _flows(asked: Asked, sellers: list[Seller], ends: Mapping[str, int], buyers: list[Bought]) -> list[Flow]:
    flows = []
    for status, leads_of in (("passed", _passed), ("rejected", _refused)):
        for each in sellers:
            href = _list(asked, status=status, seller=each.id) if each.id != _OTHERS else ""
            flows.append(Flow(f"s:{each.id}", status, leads_of(each), href=href))
    for name, leads in ends.items():
        way = {"status": "sold", "way": name} if name in _WAYS else {"status": name if name != "undone" else "sold"}
        flows.append(Flow("passed", f"o:{name}", leads, href="" if name == "undone" else _list(asked, **way)))
    for name in (way for way in _WAYS if way in ends):
        for buyer in buyers:
            href = _list(asked, status="sold", way=name, buyer=buyer.id) if buyer.id != _OTHERS else ""
            share = buyer.parts.get(name, 0) / PARTS
            flows.append(Flow(f"o:{name}", f"b:{buyer.id}", buyer.leads.get(name, 0), share, href))
    return flows


def _passed(seller: Seller) -> int:
    return seller.leads - seller.refused


def _refused(seller: Seller) -> int:
    return seller.refused


def _sellers(market: Market, day: Day) -> list[Seller]:
    """The largest first; small ones together."""
    known = market.deals.sellers
    found = [
        Seller(key, known[key].name if key in known else key, sum(groups.values()), groups["rejected"])
        for key, groups in day.by_seller.items()
    ]
    found.sort(key=lambda each: (-each.leads, each.id))
    rest = found[_MOST:]
    if len(rest) < 2:
        return found
    others = Seller(_OTHERS, "Others", sum(each.leads for each in rest), sum(each.refused for each in rest))
    return [*found[:_MOST], others]


def _buyers(market: Market, day: Day) -> list[Bought]:
    known = market.deals.buyers
    rows: dict[str, list[Mapping[str, int | str]]] = {}
    for row in day.sold:
        rows.setdefault(row["buyer_id"], []).append(row)
    found = [_bought(key, known[key].name if key in known else key, of) for key, of in rows.items()]
    found.sort(key=lambda each: (-sum(each.leads.values()), each.id))
    rest = found[_MOST:]
    if len(rest) < 2:
        return found
    return [*found[:_MOST], _bought(_OTHERS, "Others", [row for each in rest for row in rows[each.id]])]


def _bought(key: str, name: str, rows: list[Mapping[str, int | str]]) -> Bought:
    leads, parts = dict.fromkeys(_WAYS, 0), dict.fromkeys(_WAYS, 0)
    currencies = {str(row["currency"]) for row in rows}
    sales = units = 0
    for row in rows:
        leads[str(row["way"])] += int(row["leads"])
        parts[str(row["way"])] += int(row["parts"])
        sales += int(row["sales"])
        units += int(row["revenue_units"])
    return Bought(key, name, leads, parts, sales, Money(units, currencies.pop()) if len(currencies) == 1 else None)


def _steps(day: Day, asked: Asked, ends: Mapping[str, int], buyers: list[Bought], passed: int) -> list[Step]:
    """The same figures, one below the other."""
    steps = [Step("Leads in", day.now.leads, "one", "in all", _list(asked))]
    if day.now.groups["rejected"]:
        refused = day.now.groups["rejected"]
        steps.append(Step("Rejected", refused, "bad", href=_list(asked, status="rejected"), inset=1))
    steps.append(Step("Passed checks", passed, "one", href=_list(asked, status="passed")))
    for name, leads in ends.items():
        way = {"status": "sold", "way": name} if name in _WAYS else {"status": name}
        steps.append(
            Step(_WORDS[name], leads, _TONES[name], href="" if name == "undone" else _list(asked, **way), inset=1)
        )
    for each in buyers:
        href = _list(asked, status="sold", buyer=each.id) if each.id != _OTHERS else ""
        steps.append(
            Step(
                each.name,
                sum(each.leads.values()),
                "sale",
                f"{count(sum(each.leads.values()))} {each.note}".split(" ", 1)[1],
                href,
                2,
            )
        )
    return steps
