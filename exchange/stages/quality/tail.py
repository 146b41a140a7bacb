"""How much of what will be reported is reported by an age, where some of it comes later than anything seen so far.

The product limit (`stages/score/exposure.py`) tells of what came by the oldest age that enough leads have reached, as
if that were all. A young vertical whose buyers take months would so foretell too little. What comes beyond is taken
from Weibull and log-logistic curves, of which the latter end late: the mean of all their shapes, each weighed by how
well it explains the lags seen, none longer than its lead is old, and by what is usual. Younger leads tell more of how
late reports are now.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

from exchange.stages.quality.rates import SHORT_DAYS
from exchange.stages.score.exposure import Exposure, estimate, faded, horizon

_EDGES = tuple(0.02 * 1.2**step for step in range(58))  # days, to about two years
_SCALES = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.0, 16.0, 22.0, 32.0, 45.0, 64.0)
_SPREADS = (0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.8)  # one over the shape: above 1 the longer nothing came the later it comes
_USUAL_SPREAD, _SPREAD_DOUBT = 1.3, 0.3
_TRUST = 30.0  # conversions that count as much as the curve
_MOST = 0.98
_LITTLE, _LEAST = 1e-12, 1e-9


class Curve(NamedTuple):
    """`near` is the product limit up to `horizon` days (0: too few known); `shares` the fitted curves at `_EDGES`."""

    near: Exposure = Exposure()
    horizon: float = 0.0
    shares: tuple[float, ...] = ()

    def share(self, age_days: float) -> float:
        """The share of a lead's chance that would have shown by this age."""
        if age_days <= 0.0:
            return 0.0
        if not self.shares:
            return self.near.share(age_days)
        fitted = _at(self.shares, age_days)
        if not self.horizon:
            return min(fitted, _MOST)
        top = _at(self.shares, self.horizon)
        if age_days >= self.horizon:
            return min(max(fitted, top), _MOST)
        trust = self.near.known / (self.near.known + _TRUST)
        return min(trust * self.near.seen(age_days) * top + (1.0 - trust) * fitted, _MOST)


class _Shape(NamedTuple):
    """`shares` at `_EDGES`; the logs of the chances that a lag ends before each edge, or after all, and that it is
    shorter than an age before each edge.
    """

    shares: tuple[float, ...]
    lags: tuple[float, ...]
    ages: tuple[float, ...]


def fitted(cases: Collection[tuple[float, float]], usual_days: float) -> Curve:
    """From each report's lag and the age its lead has now, both in days (lag ≤ age)."""
    return Curve(estimate(cases, usual_days, SHORT_DAYS), horizon(cases), _fit(cases, usual_days))


def _fit(cases: Collection[tuple[float, float]], usual_days: float) -> tuple[float, ...]:
    """The share reported by each of `_EDGES`, over all scales and spreads by their weight."""
    cells: dict[tuple[int, int], float] = defaultdict(float)
    for lag, age in cases:
        cells[bisect_right(_EDGES, lag), min(bisect_right(_EDGES, age), len(_EDGES) - 1)] += faded(age, SHORT_DAYS)
    counted = [(lag, age, weight) for (lag, age), weight in cells.items()]
    found: list[tuple[float, Sequence[float]]] = []
    for scale, spread, shape in _shapes():
        usual = -0.5 * math.log(scale / usual_days) ** 2 - 0.5 * ((spread - _USUAL_SPREAD) / _SPREAD_DOUBT) ** 2
        found.append((usual + _explains(shape, counted), shape.shares))
    best = max(told for told, _ in found)
    weighed = [(math.exp(told - best), shares) for told, shares in found]
    whole = sum(weight for weight, _ in weighed)
    return tuple(sum(weight * shares[place] for weight, shares in weighed) / whole for place in range(len(_EDGES)))


def _explains(shape: _Shape, counted: Sequence[tuple[int, int, float]]) -> float:
    """The log of the chance of these lags, each known to be shorter than its lead is old."""
    return sum(weight * (shape.lags[lag] - shape.ages[age]) for lag, age, weight in counted)


def _shape(shares: tuple[float, ...]) -> _Shape:
    lags = tuple(
        math.log(max(above - below, _LITTLE)) for below, above in zip((0.0, *shares), (*shares, 1.0), strict=True)
    )
    ages = tuple(  # ages lie between two edges
        math.log(max((share + before) / 2.0, _LEAST))
        for before, share in zip((shares[0], *shares), shares, strict=False)
    )
    return _Shape(shares, lags, ages)


@lru_cache(maxsize=1)
def _shapes() -> tuple[tuple[float, float, _Shape], ...]:
    """Every scale and spread with its curves: each log-logistic one has the median of the Weibull one of the same
    numbers, and the same spread of the logs of lags."""
    found = []
    for scale in _SCALES:
        for spread in _SPREADS:
            median = scale * math.log(2.0) ** spread
            weibull = tuple(1.0 - math.exp(-((edge / scale) ** (1.0 / spread))) for edge in _EDGES)
            logistic = tuple(1.0 / (1.0 + (median / edge) ** (math.sqrt(2.0) / spread)) for edge in _EDGES)
            found += [(scale, spread, _shape(weibull)), (scale, spread, _shape(logistic))]
    return tuple(found)


def _at(shares: Sequence[float], age_days: float) -> float:
    """Between two edges by the log of the age."""
    place = bisect_right(_EDGES, age_days)
    if place == 0:
        return shares[0] * age_days / _EDGES[0]
    if place == len(_EDGES):
        return shares[-1]
    low, high = _EDGES[place - 1], _EDGES[place]
    part = math.log(age_days / low) / math.log(high / low)
    return shares[place - 1] + (shares[place] - shares[place - 1]) * part
