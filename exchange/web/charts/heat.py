"""A table whose cells are shaded within their column: green is better, red is worse, and the numbers say it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_LEVELS = 3  # shades to either side of the middle


@dataclass(frozen=True, slots=True)
class HeatColumn:
    """`good` is 1 where more is better, -1 where less is, 0 where a column is not shaded."""

    name: str
    good: int = 0


@dataclass(frozen=True, slots=True)
class HeatCell:
    """`value` None: there are too few to compare, and the cell is grey."""

    told: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Shaded:
    told: str
    tone: str  # a class of the stylesheet


def heat(columns: Sequence[HeatColumn], rows: Sequence[Sequence[HeatCell]]) -> list[list[Shaded]]:
    """The cells with their shades, row by row: each is compared with the median of its column."""
    scales = [_scale(column, [row[at].value for row in rows]) for at, column in enumerate(columns)]
    return [
        [Shaded(cell.told, _tone(cell.value, column.good, *scale))
         for cell, column, scale in zip(row, columns, scales, strict=True)]
        for row in rows
    ]  # fmt: skip


def _scale(column: HeatColumn, values: Sequence[float | None]) -> tuple[float, float]:
    """The median, and the widest distance from it."""
    known = sorted(value for value in values if value is not None)
    if not column.good or len(known) < 2:
        return 0.0, 0.0
    half = len(known) // 2
    middle = known[half] if len(known) % 2 else (known[half - 1] + known[half]) / 2
    return middle, max(known[-1] - middle, middle - known[0])


def _tone(value: float | None, good: int, middle: float, widest: float) -> str:
    if value is None:
        return "few" if good else ""
    if not good or not widest:
        return ""
    part = good * (value - middle) / widest
    level = min(int(abs(part) * _LEVELS + 0.5), _LEVELS)
    return f"h-{'good' if part > 0 else 'bad'}{level}" if level else "h-mid"
