"""The ping tree as a picture of one day: columns of bars, and between them bands as thick as what went that way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from exchange.web.charts.svg import drawing, label, rect, tag
from exchange.web.words import count

_WIDTH, _HEIGHT, _TOP = 812.0, 430.0, 22.0
_BAR = 7.0
_GAP = 14.0
_LEAST = 1.5
_LINE = 18.0  # what a name and its count need beside a thin bar
_NAME_LETTERS = 20


@dataclass(frozen=True, slots=True)
class Node:
    """One bar. `note` stands behind its count, `tone` colours it and what flows into it.

    `share` is how many leads high it is, when that is not `leads`: a shared lead is bought several times.
    """

    id: str
    name: str
    leads: int
    tone: str
    note: str = ""
    share: float | None = None

    @property
    def size(self) -> float:
        return self.leads if self.share is None else self.share


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """How many leads go from one bar to the next; several buyers of one lead have a part of it each."""

    source: str
    target: str
    leads: float


@dataclass(frozen=True, slots=True)
class _Place:
    x: float
    y: float
    height: float
    node: Node


def sankey(columns: Sequence[Column], flows: Sequence[Flow], summary: str) -> Markup:
    """Flows between neighbouring columns, in the order of their nodes."""
    scale = min(_scale(column) for column in columns)
    places = _placed(columns, scale)
    drawn: list[Markup] = []
    left: dict[str, float] = {}
    came: dict[str, float] = {}
    for flow in flows:
        if flow.leads:
            drawn.append(_band(places[flow.source], places[flow.target], flow, scale, left, came))
    for index, column in enumerate(columns):
        last = index == len(columns) - 1
        x = _x(index, len(columns))
        drawn.append(label(x if index else x + _BAR, 10, column.title, "ch", "start" if index else "end"))
        for node in column.nodes:
            drawn += _bar(places[node.id], outside=index == 0, last=last)
    return drawing(_WIDTH, _HEIGHT, summary, drawn, class_="chart sankey")


def _scale(column: Column) -> float:
    """How high one lead may be, so that the column fits: found by halving, because small bars take a line anyway."""
    low, high = 0.0, _HEIGHT
    for _ in range(40):
        middle = (low + high) / 2
        fits = sum(max(node.size * middle, _LINE) + _GAP for node in column.nodes) <= _HEIGHT - _TOP
        low, high = (middle, high) if fits else (low, middle)
    return low


def _x(index: int, columns: int) -> float:
    first, last = 150.0, 660.0
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
    thick = max(flow.leads * scale, 0.8)
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
    leads = round(flow.leads) if target.node.share is None else target.node.leads
    told = f"{source.node.name} to {target.node.name}: {count(leads)}"
    return tag("path", tag("title", told), d=path, class_=f"c-{target.node.tone} band")


def _bar(place: _Place, *, outside: bool, last: bool) -> list[Markup]:
    node = place.node
    name = node.name if len(node.name) <= _NAME_LETTERS else f"{node.name[: _NAME_LETTERS - 1]}…"
    x = place.x - 9 if outside else place.x + _BAR + 8
    anchor = "end" if outside else "start"
    middle = place.y + max(place.height, _LINE) / 2
    told = f"{count(node.leads)} {node.note}".strip()
    halo = "" if outside or last else " halo"
    return [
        rect(place.x, place.y, _BAR, place.height, f"c-{node.tone}", 1.5),
        label(x, middle - 1, name, f"nl{halo}", anchor),
        label(x, middle + 12, told, f"nv{halo}", anchor),
    ]
