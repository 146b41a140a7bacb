"""Where the time went: each step of a lead on one scale; the pause on the seller's side is shortened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from exchange.web.charts.svg import drawing, label, line, rect, tag
from exchange.web.words import duration

_WIDTH, _LEFT, _RIGHT = 772.0, 150.0, 650.0
_ROW, _TOP = 17.0, 26.0
_WORDS, _EDGE = 12.0, 17.0  # the line the words above stand on, and where the edges below them begin
_PAUSE = 120.0  # how wide a pause is drawn, however long it was
_LEAST = 2.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: when it began and how long it took, in ms since its request came. `told` stands behind the bar."""

    name: str
    at: float
    took: float
    tone: str  # sale, bid, bad, warn or own
    told: str


@dataclass(frozen=True, slots=True)
class Part:
    """One request of the seller: what was done for it until it was answered."""

    name: str  # Ping, Post
    received_ms: float  # since the first request
    took_ms: float
    bars: tuple[Bar, ...]


def waterfall(parts: Sequence[Part], summary: str) -> Markup:
    """Several requests stand side by side, with the seller's pauses between them hatched."""
    rows = sum(len(part.bars) for part in parts)
    bottom = _TOP + rows * _ROW
    busy = sum(_length(part) for part in parts) or 1.0
    pauses = len(parts) - 1
    scale = (_RIGHT - _LEFT - pauses * _PAUSE) / busy
    drawn: list[Markup] = []
    behind: list[Markup] = [_hatch()]
    x, y = _LEFT, _TOP
    for index, part in enumerate(parts):
        if index:
            behind += _pause(parts[index - 1], part, x, bottom)
            x += _PAUSE
        behind += _edges(part, x, scale, bottom)
        for bar in part.bars:
            drawn += _bar(bar, x, y, scale)
            y += _ROW
        x += _length(part) * scale
    return drawing(_WIDTH, bottom + 4, summary, [*behind, *drawn], class_="chart waterfall")


def _length(part: Part) -> float:
    return max([part.took_ms, *(bar.at + bar.took for bar in part.bars), 1.0])


def _hatch() -> Markup:
    square = rect(0, 0, 6, 6, "c-hatch")
    stroke = line(0, 0, 0, 6, "c-hatchl")
    shape = tag(
        "pattern",
        square,
        stroke,
        id="hatch",
        width=6,
        height=6,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )
    return tag("defs", shape)


def _edges(part: Part, x: float, scale: float, bottom: float) -> list[Markup]:
    """When the request came and when it was answered."""
    end = x + _length(part) * scale
    came = f"{part.name} in" if not part.received_ms else f"{part.name} in, +{_ms(part.received_ms)}"
    left = part.received_ms + part.took_ms
    found = [line(x, _EDGE, x, bottom, "gl0"), label(x, _WORDS, came, "ax")]
    if end - x > 6.2 * len(came):
        found += [line(end, _EDGE, end, bottom, "gl0"), label(end, _WORDS, f"+{_ms(left)}", "ax", "middle")]
    return found


def _pause(before: Part, after: Part, x: float, bottom: float) -> list[Markup]:
    gap = max(after.received_ms - before.received_ms - before.took_ms, 0.0)
    middle, low = x + _PAUSE / 2, bottom - (bottom - _TOP) * 0.3
    return [
        rect(x, _EDGE, _PAUSE, bottom - _EDGE, "c-pause", fill="url(#hatch)"),
        label(middle, low, f"{duration(gap)} on the", "ax2", "middle"),
        label(middle, low + 13, "seller's side", "ax2", "middle"),
        label(middle, low + 27, "shortened here", "ax", "middle"),
    ]


def _bar(bar: Bar, x: float, y: float, scale: float) -> list[Markup]:
    start = x + bar.at * scale
    width = max(bar.took * scale, _LEAST)
    return [
        label(_LEFT - 10, y + 11, bar.name, "rl", "end"),
        rect(start, y + 3, width, 10, f"c-{bar.tone}", 2),
        label(start + width + 6, y + 11.5, bar.told, "rl2"),
    ]


def _ms(value: float) -> str:
    return f"{value:,.0f} ms" if value < 100_000 else duration(value)
