"""A score told in points: how many each thing known about the lead adds to, or takes from, the usual lead.

Twenty points double the odds. The model is a sum, so the points of all parts, with the points of the usual lead, make
the score exactly; they are rounded to tenths so that their rounding never hides a point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from exchange.stages.score.weights import PRIOR

PER_DOUBLING = 20.0
_SCALE = PER_DOUBLING / math.log(2)
_PRIOR_MARGIN = math.log(PRIOR / (1 - PRIOR))


class Part(NamedTuple):
    """One feature's points against the usual lead of the vertical."""

    feature: str
    points: float


class Told(NamedTuple):
    """`usual` is the log-odds of the vertical's usual lead in points, `total` the lead's; `parts` lie between."""

    usual: float
    total: float
    parts: tuple[Part, ...]

    def largest(self, count: int) -> tuple[Part, ...]:
        """The parts that move most, the largest first; those under a point say nothing."""
        ranked = sorted(self.parts, key=lambda part: (-abs(part.points), part.feature))
        return tuple(part for part in ranked[:count] if abs(part.points) >= 1.0)


def tell(texts: Sequence[str], weights: Sequence[float], usual: Mapping[str, float]) -> Told:
    """The points of a lead with these features and weights; `usual` is each name's usual weight in the vertical."""
    parts = tuple(
        Part(text, round((weight - usual.get(text.partition("=")[0], 0.0)) * _SCALE, 1))
        for text, weight in zip(texts, weights, strict=True)
    )
    middle = (_PRIOR_MARGIN + sum(usual.values())) * _SCALE
    total = (_PRIOR_MARGIN + sum(weights)) * _SCALE
    return Told(round(middle, 1), round(total, 1), parts)


def points_of(chance: float) -> float:
    """The log-odds of a chance, in points: 0 at one half."""
    return math.log(chance / (1.0 - chance)) * _SCALE
