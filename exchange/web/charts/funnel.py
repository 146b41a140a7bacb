"""A funnel of steps, one below the other: how many got so far, and what became of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.web.charts.chart import Chart, Twin
from exchange.web.charts.svg import drawing, label, linked, rect, tag
from exchange.web.words import count, percent

_WIDTH, _ROW, _BAR = 340.0, 46.0, 14.0


@dataclass(frozen=True, slots=True)
class Step:
    """One bar. `inset` steps it in beneath the one it is a part of; `note` stands behind its count."""

    name: str
    leads: int
    tone: str
    note: str = ""
    href: str = ""
    inset: int = 0


def funnel(steps: Sequence[Step], summary: str) -> Chart:
    """Bars of one scale, the first the full width: made for narrow screens."""
    most = max([each.leads for each in steps], default=0) or 1
    parts = []
    for index, each in enumerate(steps):
        y, x = index * _ROW, 14.0 * each.inset
        width = (_WIDTH - x) * each.leads / most
        told = f"{count(each.leads)} {each.note or percent(each.leads, most)}"
        row = tag(
            "g",
            tag("title", f"{each.name}: {told}"),
            label(x, y + 13, each.name, "nl"),
            label(_WIDTH, y + 13, told, "nv", "end"),
            rect(x, y + 19, _WIDTH - x, _BAR, "c-track", 4),
            rect(x, y + 19, max(width, 1.5), _BAR, f"c-{each.tone}", 4),
        )
        parts.append(linked(row, each.href))
    picture = drawing(_WIDTH, len(steps) * _ROW, summary, parts, class_="chart funnel")
    rows = tuple((each.name, count(each.leads), each.note) for each in steps)
    return Chart(picture, summary, Twin(("Step", "Leads", ""), rows))
