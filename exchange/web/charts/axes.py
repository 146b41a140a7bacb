"""The plane that bars and lines are drawn on: where it lies, its round steps and its grid."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from exchange.web.charts.svg import label, line
from exchange.web.words import compact

_STEPS = (1, 2, 4, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Plane:
    """Values from nothing to `top`, drawn between `upper` and `lower`, from `left` to `right`."""

    top: float
    left: float = 46.0
    right: float = 430.0
    upper: float = 14.0
    lower: float = 194.0

    def y(self, value: float) -> float:
        return self.lower - max(value, 0.0) * (self.lower - self.upper) / self.top

    def x(self, part: float) -> float:
        """`part` is 0 at the left end and 1 at the right."""
        return self.left + (self.right - self.left) * part

    def grid(self, sign: str = "", unit: str = "") -> list[Markup]:
        """Four lines with what they stand for."""
        parts = [line(self.left, self.lower, self.right, self.lower, "gl0")]
        for quarter in range(1, 5):
            value = self.top * quarter / 4
            told = compact(value) if value >= 1_000 or value.is_integer() else f"{value:.2f}"
            parts.append(line(self.left, self.y(value), self.right, self.y(value), "gl"))
            parts.append(label(self.left - 7, self.y(value) + 3.5, f"{sign}{told}{unit}", "ax", "end"))
        return parts


def round_up(most: float) -> float:
    """The next round number, so that the axis has four clean steps."""
    if most <= 0:
        return 4.0
    size = 10.0 ** (len(str(int(most))) - 1)
    return next((step * size for step in _STEPS if step * size >= most), 10 * size)
