"""Rows that lie across: bars beside their number, and ranges with a dot at the middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.web.charts.chart import Chart, Twin
from exchange.web.charts.svg import drawing, label, line, linked, rect, tag

_WIDTH, _LEFT, _RIGHT = 560.0, 150.0, 480.0
_ROW, _TOP = 26.0, 20.0
_ROWS_MOST = 100


@dataclass(frozen=True, slots=True)
class Across:
    """One bar: its value, how it is written, and where it leads."""

    name: str
    value: float
    told: str
    tone: str = "one"
    href: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """A dot at `low` and a bar to `high`; `told` are the words behind it."""

    name: str
    low: float
    high: float
    told: tuple[str, ...]
    tone: str = "one"


def across(rows: Sequence[Across], summary: str, head: tuple[str, str]) -> Chart:
    """Bars from the same edge, the longest the full width. More than a hundred are told in the table alone."""
    shown = rows[:_ROWS_MOST]
    most = max([each.value for each in shown], default=0.0) or 1.0
    parts = []
    for index, each in enumerate(shown):
        y = 4 + index * _ROW
        width = (_RIGHT - _LEFT) * max(each.value, 0.0) / most
        bar = tag(
            "g",
            tag("title", f"{each.name}: {each.told}"),
            rect(_LEFT, y + 4, _RIGHT - _LEFT, 9, "c-track", 4),
            rect(_LEFT, y + 4, width, 9, f"c-{each.tone}", 4),
        )
        parts += [
            label(_LEFT - 10, y + 12, _short(each.name), "rl", "end"),
            linked(bar, each.href),
            label(_RIGHT + 8, y + 12, each.told, "rl2"),
        ]
    picture = drawing(_WIDTH, 8 + len(shown) * _ROW, summary, parts, class_="chart")
    return Chart(picture, summary, Twin(head, tuple((each.name, each.told) for each in rows)))


def ranges(rows: Sequence[Range], limit: float, limit_told: str, summary: str, head: tuple[str, ...]) -> Chart:
    """Ranges on one scale, with a dashed line at the limit."""
    shown = rows[:_ROWS_MOST]
    most = max([limit, *(each.high for each in shown)]) or 1.0
    scale = (_RIGHT - _LEFT) / most
    bottom = _TOP + len(shown) * _ROW
    edge = _LEFT + limit * scale
    parts = [line(edge, _TOP - 6, edge, bottom, "c-limit"), label(edge, 10, limit_told, "ax", "middle")]
    for index, each in enumerate(shown):
        y = _TOP + index * _ROW + 9
        told = f"{each.name}: {', '.join(each.told)}"
        parts += [
            label(_LEFT - 10, y + 4, _short(each.name), "rl", "end"),
            line(_LEFT, y, _RIGHT, y, "gl"),
            tag(
                "g",
                tag("title", told),
                rect(_LEFT + each.low * scale, y - 2.5, (each.high - each.low) * scale, 5, f"c-{each.tone} faint", 2),
                tag("circle", cx=_LEFT + each.low * scale, cy=y, r=4.0, class_=f"c-{each.tone}"),
            ),
        ]
    picture = drawing(_WIDTH, bottom + 4, summary, parts, class_="chart")
    return Chart(picture, summary, Twin(head, tuple((each.name, *each.told) for each in rows)))


def _short(name: str, letters: int = 22) -> str:
    return name if len(name) <= letters else f"{name[: letters - 1]}…"
