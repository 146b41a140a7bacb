"""How sure a rate is: the tails and bounds of a beta distribution, in plain Python."""

from __future__ import annotations

import math
from statistics import NormalDist

_STEPS_MOST = 300
_ENOUGH = 1e-10
_TINY = 1e-300
_HALVINGS = 40
_SERIES_FROM = 3.0
_EXACT = 60  # tries
NORMAL = NormalDist()


def chance_above(a: float, b: float, rate: float) -> float:
    """P(x > rate) of a beta distribution with `a` hits and `b` misses; both above 0."""
    if rate <= 0.0:
        return 1.0
    if rate >= 1.0:
        return 0.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(rate) + b * math.log1p(-rate))
    if rate < (a + 1.0) / (a + b + 2.0):
        return 1.0 - front * _fraction(a, b, rate) / a
    return front * _fraction(b, a, 1.0 - rate) / b


def chance_of_at_least(hits: int, tries: int, a: float, b: float) -> float:
    """P(so many hits in so many tries, or more), of a rate that is beta distributed; exact for few tries."""
    if hits <= 0:
        return 1.0
    if hits > tries:
        return 0.0
    if tries > _EXACT:
        return chance_above(a, b, (hits - 0.5) / tries)
    same = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) - math.lgamma(a + b + tries)
    total = 0.0
    for each in range(hits, tries + 1):
        ways = math.lgamma(tries + 1) - math.lgamma(each + 1) - math.lgamma(tries - each + 1)
        total += math.exp(ways + math.lgamma(each + a) + math.lgamma(tries - each + b) + same)
    return min(total, 1.0)


def bounds(a: float, b: float, inside: float = 0.9) -> tuple[float, float]:
    """The interval that holds `inside` of a beta distribution, with the same chance on either side."""
    tail = (1.0 - inside) / 2.0
    return _where(a, b, 1.0 - tail), _where(a, b, tail)


def _where(a: float, b: float, above: float) -> float:
    """The rate that a draw lies above with this chance: by a series where it is good to a hundredth of the chance."""
    if a >= _SERIES_FROM and b >= _SERIES_FROM:
        return _by_series(a, b, NORMAL.inv_cdf(above))
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if chance_above(a, b, middle) > above:
            low = middle
        else:
            high = middle
        if high - low < 1e-5:
            break
    return (low + high) / 2.0


def _by_series(a: float, b: float, y: float) -> float:
    """Abramowitz and Stegun, 26.5.22; `y` is the normal quantile."""
    one, other = 1.0 / (2.0 * a - 1.0), 1.0 / (2.0 * b - 1.0)
    curve, middle = (y * y - 3.0) / 6.0, 2.0 / (one + other)
    w = y * math.sqrt(middle + curve) / middle - (other - one) * (curve + 5.0 / 6.0 - 2.0 / (3.0 * middle))
    return a / (a + b * math.exp(2.0 * w))


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (Lentz)."""
    c, d = 1.0, 1.0 / _apart(1.0 - (a + b) * x / (a + 1.0))
    found = d
    for step in range(1, _STEPS_MOST):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        d, c = 1.0 / _apart(1.0 + even * d), _apart(1.0 + even / c)
        found *= d * c
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        d, c = 1.0 / _apart(1.0 + odd * d), _apart(1.0 + odd / c)
        found *= d * c
        if abs(d * c - 1.0) < _ENOUGH:
            break
    return found


def _apart(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
