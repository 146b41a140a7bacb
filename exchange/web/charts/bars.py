"""Bars: money by hour, shares of a whole, and how far a cap is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from exchange.web.charts.svg import decoration, drawing, label, line, points, rect, tag
from exchange.web.words import compact

_WIDTH, _HEIGHT = 430.0, 214.0
_LEFT, _TOP, _BOTTOM = 46.0, 14.0, 194.0
_STEPS = (1, 2, 4, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a day: whole money units of payout and margin, and what the day compared with brought."""

    name: str  # 14:00
    payout: float
    margin: float
    before: float = 0.0
    now: bool = False


def by_hour(hours: Sequence[Hour], summary: str, sign: str) -> Markup:
    """Payout and margin stacked, hour by hour; dashed, the revenue of the day compared with."""
    top = _round_up(max([max(each.payout + each.margin, each.before) for each in hours], default=0.0))
    scale = (_BOTTOM - _TOP) / top
    step = (_WIDTH - _LEFT) / max(len(hours), 1)
    parts = [*_grid(top, scale, sign)]
    for index, each in enumerate(hours):
        x, width = _LEFT + index * step + step * 0.14, step * 0.72
        middle = _BOTTOM - max(each.payout, 0) * scale
        upper = middle - max(each.margin, 0) * scale
        told = tag("title", f"{each.name}: payout {sign}{each.payout:,.2f}, margin {sign}{each.margin:,.2f}")
        bars = (
            rect(x, middle, width, _BOTTOM - middle, "c-payout", 1.5),
            rect(x, upper, width, middle - upper, "c-margin", 1.5),
        )
        parts.append(tag("g", told, *bars, class_="now" if each.now else None))
        if index % 4 == 0:
            parts.append(label(x + width / 2, _HEIGHT - 5, each.name, "ax", "middle"))
        if each.now:
            parts.append(line(x + width / 2, _TOP, x + width / 2, _BOTTOM, "c-now"))
            parts.append(label(x + width / 2 + 4, _TOP + 4, "now", "ax c-nowt"))
    if any(each.before for each in hours):
        places = [(_LEFT + (index + 0.5) * step, _BOTTOM - each.before * scale) for index, each in enumerate(hours)]
        parts.append(tag("polyline", points=points(places), class_="c-before"))
    return drawing(_WIDTH, _HEIGHT, summary, parts, class_="chart")


def _grid(top: float, scale: float, sign: str) -> list[Markup]:
    parts = [line(_LEFT, _BOTTOM, _WIDTH, _BOTTOM, "gl0")]
    for quarter in range(1, 5):
        y = _BOTTOM - top * quarter / 4 * scale
        parts.append(line(_LEFT, y, _WIDTH, y, "gl"))
        value = top * quarter / 4
        told = compact(value) if value >= 1_000 or value.is_integer() else f"{value:.2f}"
        parts.append(label(_LEFT - 7, y + 3.5, f"{sign}{told}", "ax", "end"))
    return parts


def _round_up(most: float) -> float:
    """The next round number, so that the axis has four clean steps."""
    if most <= 0:
        return 4.0
    size = 10.0 ** (len(str(int(most))) - 1)
    return next((step * size for step in _STEPS if step * size >= most), 10 * size)


def share(part: float, whole: float, tone: str) -> Markup:
    """A bar of `part` in `whole`, beside its number."""
    width = 100 * part / whole if whole else 0.0
    bar = (rect(0, 0, 100, 7, "c-track"), rect(0, 0, min(width, 100), 7, tone))
    return decoration(100, 7, bar, preserveAspectRatio="none", class_="bar")


def gauge(used: float, most: float, expected: float | None) -> Markup:
    """A cap: what is used of it, and a tick where it would be if it filled evenly."""
    part = used / most if most else 0.0
    tone = "c-bad" if part >= 0.98 else "c-warn" if expected is not None and part > expected * 1.2 + 0.02 else "c-one"
    parts = [rect(0, 3, 100, 7, "c-track"), rect(0, 3, min(100 * part, 100), 7, tone)]
    if expected is not None:
        parts.append(rect(min(max(100 * expected, 0.4), 99.6) - 0.4, 0.5, 0.8, 12, "c-tick"))
    return decoration(100, 13, parts, preserveAspectRatio="none", class_="bar gauge")


def spread(low: float, high: float, limit: float, most: float) -> Markup:
    """How long answers take: a dot at the middle, a bar to the slow ones, a dashed line at the limit."""
    scale = 96 / most if most else 0.0
    tone = "bad" if high > limit * 0.9 else "one"
    parts = [
        line(0, 7, 100, 7, "gl"),
        rect(2 + low * scale, 5, max((high - low) * scale, 1), 4, f"c-{tone} faint", 2),
        line(2 + limit * scale, 1, 2 + limit * scale, 13, "c-limit"),
        tag("path", d=f"M{2 + low * scale:.2f} 7h.01", class_=f"c-dot c-{tone}"),  # round however wide it is drawn
    ]
    return decoration(100, 14, parts, preserveAspectRatio="none", class_="bar spread")


def spark(values: Sequence[float], tone: str) -> Markup:
    """A line without axes, beside its figure."""
    if len(values) < 2 or not max(values):
        return Markup("")
    top = max(values)
    step = 84.5 / (len(values) - 1)
    places = [(index * step, 24 - 22 * value / top) for index, value in enumerate(values)]
    area = tag("polygon", points=points([(0, 26), *places, (84.5, 26)]), class_=f"{tone} spark-area")
    end = tag("circle", cx=places[-1][0], cy=places[-1][1], r=2, class_=tone)
    return decoration(
        86, 26, (area, tag("polyline", points=points(places), class_=f"{tone} spark-line"), end), class_="spk"
    )
