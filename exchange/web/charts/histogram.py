"""How often each size occurs: bars side by side, a part of each set off, and lines at the values that matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from exchange.web.charts.axes import Plane, round_up
from exchange.web.charts.chart import Chart, Twin, together
from exchange.web.charts.svg import drawing, label, line, linked, rect, tag

_WIDTH, _HEIGHT = 430.0, 214.0
_BINS_MOST = 120
_LABELS = 6


@dataclass(frozen=True, slots=True)
class Bin:
    """Sizes from `low` to below `high`: how many, and how many of them are the part."""

    low: float
    high: float
    all: int
    part: int = 0
    href: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """A line at one value, with its words; `tone` is `limit` or `median`."""

    at: float
    told: str
    tone: str


@dataclass(frozen=True, slots=True)
class Names:
    """What the two shades stand for, and how a size is written."""

    all: str
    part: str
    sign: str = ""


def histogram(bins: Sequence[Bin], markers: Sequence[Marker], names: Names, summary: str) -> Chart:
    """Bins follow each other without a gap, the smallest first."""
    drawn = _merged(bins)
    plane = Plane(round_up(max([each.all for each in drawn], default=0)), right=_WIDTH)
    low, high = (drawn[0].low, drawn[-1].high) if drawn else (0.0, 1.0)
    step = 1 / max(len(drawn), 1)
    parts = plane.grid()
    every = max(-(-len(drawn) // _LABELS), 1)
    for index, each in enumerate(drawn):
        x, width = plane.x(index * step) + 0.7, (plane.right - plane.left) * step - 1.4
        size = f"{names.sign}{each.low:g} to {names.sign}{each.high:g}"
        bar = tag(
            "g",
            tag("title", f"{size}: {each.part:,} {names.part.lower()} of {each.all:,}"),
            rect(x, plane.y(each.all), width, plane.lower - plane.y(each.all), "c-payout", 1.5),
            rect(x, plane.y(each.part), width, plane.lower - plane.y(each.part), "c-sale", 1.5),
        )
        parts.append(linked(bar, each.href))
        if index % every == 0:
            parts.append(label(plane.x(index * step), _HEIGHT - 5, f"{names.sign}{each.low:g}", "ax", "middle"))
    parts += _marked(plane, markers, low, high)
    picture = drawing(_WIDTH, _HEIGHT, summary, parts, class_="chart")
    return Chart(picture, summary, _twin(bins, names))


def _marked(plane: Plane, markers: Sequence[Marker], low: float, high: float) -> list[Markup]:
    """Words of the second line stand beneath those of the first, on the side where there is room."""
    parts: list[Markup] = []
    for index, marker in enumerate(markers):
        part = min(max((marker.at - low) / ((high - low) or 1), 0.0), 1.0)
        x, y = plane.x(part), plane.upper + 12 * index
        parts.append(line(x, plane.upper - 8, x, plane.lower, f"c-{marker.tone}"))
        side = ("end", -4) if part > 0.6 else ("start", 4)
        parts.append(label(x + side[1], y, marker.told, f"ax2 c-{marker.tone}t halo", side[0]))
    return parts


def _merged(bins: Sequence[Bin]) -> list[Bin]:
    size = together(len(bins), _BINS_MOST)
    if size == 1:
        return list(bins)
    parts = [bins[at : at + size] for at in range(0, len(bins), size)]
    return [
        Bin(part[0].low, part[-1].high, sum(each.all for each in part), sum(each.part for each in part))
        for part in parts
    ]


def _twin(bins: Sequence[Bin], names: Names) -> Twin:
    rows = tuple(
        (f"{names.sign}{each.low:g} to {names.sign}{each.high:g}", f"{each.part:,}", f"{each.all - each.part:,}")
        for each in bins
        if each.all
    )
    won = sum(each.part for each in bins)
    lost = sum(each.all - each.part for each in bins)
    return Twin(("", names.part, names.all), rows, ("Sum", f"{won:,}", f"{lost:,}"))
