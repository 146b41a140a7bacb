"""A flow over columns: bars, and between them bands as thick as what goes that way. What comes in goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from exchange.web.charts.chart import Chart, Twin
from exchange.web.charts.svg import drawing, label, linked, rect, tag
from exchange.web.words import count

_WIDTH, _HEIGHT, _TOP = 812.0, 540.0, 22.0
_BAR = 7.0
_GAP = 14.0
_LEAST = 1.5
_LINE = 18.0  # what a name and its count need beside a thin bar
_NAME_LETTERS = 20
_NODES_MOST = 24  # of one column; whoever draws more puts the small ones together


@dataclass(frozen=True, slots=True)
class Node:
    """One bar. `note` stands behind its count, `tone` colours it and what flows into it, `mark` is a word of warning.

    `share` is how many leads high it is, when that is not `leads`: a shared lead is bought several times.
    """

    id: str
    name: str
    leads: int
    tone: str
    note: str = ""
    share: float | None = None
    mark: str = ""

    @property
    def size(self) -> float:
        return self.leads if self.share is None else self.share


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """How many leads go from one bar to the next, and the list of them.

    `share` is how thick the band is, when that is not `leads`: several buyers of one lead have a part of it each.
    """

    source: str
    target: str
    leads: int
    share: float | None = None
    href: str = ""
    tone: str = ""  # that of its target, unless it has one of its own
    told: str = ""  # words behind its count

    @property
    def size(self) -> float:
        return self.leads if self.share is None else self.share


@dataclass(frozen=True, slots=True)
class _Place:
    x: float
    y: float
    height: float
    node: Node


def sankey(columns: Sequence[Column], flows: Sequence[Flow], summary: str) -> Chart:
    """Flows between neighbouring columns, in the order of their nodes."""
    assert all(len(column.nodes) <= _NODES_MOST for column in columns), "small ones are put together before"
    scale = min(_scale(column) for column in columns)
    places = _placed(columns, scale)
    drawn: list[Markup] = []
    left: dict[str, float] = {}
    came: dict[str, float] = {}
    shown = [flow for flow in flows if flow.leads]
    for flow in shown:
        drawn.append(_band(places[flow.source], places[flow.target], flow, scale, left, came))
    for index, column in enumerate(columns):
        last = index == len(columns) - 1
        x = _x(index, len(columns))
        drawn.append(label(x if index else x + _BAR, 10, column.title, "ch", "start" if index else "end"))
        for node in column.nodes:
            drawn += _bar(places[node.id], outside=index == 0, last=last)
    return Chart(drawing(_WIDTH, _HEIGHT, summary, drawn, class_="chart sankey"), summary, _twin(shown, places))


def _scale(column: Column) -> float:
    """How high one lead may be, so that the column fits: found by halving, because small bars take a line anyway."""
    low, high = 0.0, _HEIGHT
    for _ in range(40):
        middle = (low + high) / 2
        fits = sum(max(node.size * middle, _LINE) + _GAP for node in column.nodes) <= _HEIGHT - _TOP
        low, high = (middle, high) if fits else (low, middle)
    return low


def _x(index: int, columns: int) -> float:
    first, last = 150.0, 650.0
    return first + (last - first) * index / max(columns - 1, 1)


def _placed(columns: Sequence[Column], scale: float) -> Mapping[str, _Place]:
    places: dict[str, _Place] = {}
    for index, column in enumerate(columns):
        y = _TOP
        for node in column.nodes:
            height = max(node.size * scale, _LEAST)
            places[node.id] = _Place(_x(index, len(columns)), y, height, node)
            y += max(height, _LINE) + _GAP
    return places


def _band(
    source: _Place, target: _Place, flow: Flow, scale: float, left: dict[str, float], came: dict[str, float]
) -> Markup:
    thick = max(flow.size * scale, 0.8)
    y1 = source.y + left.get(flow.source, 0.0)
    y2 = target.y + came.get(flow.target, 0.0)
    left[flow.source] = left.get(flow.source, 0.0) + thick
    came[flow.target] = came.get(flow.target, 0.0) + thick
    x1, x2 = source.x + _BAR, target.x
    middle = (x1 + x2) / 2
    path = (
        f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        f"V{y2 + thick:.1f}C{middle:.1f} {y2 + thick:.1f} {middle:.1f} {y1 + thick:.1f} {x1:.1f} {y1 + thick:.1f}Z"
    )
    way = f"{x1:.1f} {y1 + thick / 2:.1f} {x2:.1f} {y2 + thick / 2:.1f}"
    told = tag("title", f"{source.node.name} to {target.node.name}: {count(flow.leads)}{_part_of(source, flow)}")
    band = tag(
        "path",
        told,
        d=path,
        class_=f"c-{flow.tone or target.node.tone} band",
        data_band=f"{flow.source}>{flow.target}",
        data_way=way,
    )
    return linked(band, flow.href)


def _part_of(source: _Place, flow: Flow) -> str:
    if flow.told:
        return f", {flow.told}"
    return f", {100 * flow.size / source.node.size:.1f}% of {source.node.name}" if source.node.size else ""


def _bar(place: _Place, *, outside: bool, last: bool) -> list[Markup]:
    node = place.node
    name = node.name if len(node.name) <= _NAME_LETTERS else f"{node.name[: _NAME_LETTERS - 1]}…"
    x = place.x - 9 if outside else place.x + _BAR + 8
    anchor = "end" if outside else "start"
    middle = place.y + max(place.height, _LINE) / 2
    told = f"{count(node.leads)} {node.note}".strip()
    halo = "" if outside or last else " halo"
    title = tag("tspan", name)
    mark = tag("tspan", f"  {node.mark}", class_="nm") if node.mark else Markup("")
    return [
        rect(place.x, place.y, _BAR, place.height, f"c-{node.tone}", 1.5),
        tag(
            "text",
            title + mark,
            x=x,
            y=middle - 1,
            class_=f"nl{halo}",
            text_anchor=None if anchor == "start" else anchor,
        ),
        label(x, middle + 12, told, f"nv{halo}", anchor),
    ]


def _twin(flows: Sequence[Flow], places: Mapping[str, _Place]) -> Twin:
    rows = tuple(
        (
            _way(flow, places),
            count(flow.leads),
            flow.told or ("" if flow.share is None else f"{flow.share:,.2f}"),
        )
        for flow in flows
    )
    shared, more = any(flow.share is not None for flow in flows), any(flow.told for flow in flows)
    if not (shared or more):
        return Twin(("Way", "Leads"), tuple(row[:2] for row in rows))
    return Twin(("Way", "Leads", "Share"), rows)


def _way(flow: Flow, places: Mapping[str, _Place]) -> Markup:
    told = escape(f"{places[flow.source].node.name} to {places[flow.target].node.name}")
    return Markup('<a href="{}">{}</a>').format(flow.href, told) if flow.href else told
