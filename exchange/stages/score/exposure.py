"""How much of what will convert has been reported by an age: late reports are the rule, and silence is no "no".

The share is estimated over the reported conversions alone, from the longest lag down (the product limit of truncated
times), since a short lag is over-represented among young leads. Few cases say little: the estimate is drawn towards a
common curve, and no step is made from a handful.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple

DAY_MS = 86_400_000
_USUAL_DAYS = 6.0  # of the common curve
_USUAL_WEIGHT = 30.0  # conversions that count as much as the common curve
_LEAST_AT_RISK = 20
_DAMPING = 10.0
_MOST = 0.98
_HALVES = 10.0  # at most, of an old lead's weight


class Exposure(NamedTuple):
    """`ages` in days, rising; `shares` the share of conversions reported by each; `known` the conversions behind.

    `usual_days` is the mean lag that is believed before anything is known.
    """

    ages: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    known: int = 0
    usual_days: float = _USUAL_DAYS

    def share(self, age_days: float) -> float:
        """The share of a lead's chance to convert that would have shown by this age."""
        usual = 1.0 - math.exp(-max(age_days, 0.0) / self.usual_days)
        if not self.known:
            return min(usual, _MOST)
        trust = self.known / (self.known + _USUAL_WEIGHT)
        return min(trust * self.seen(age_days) + (1.0 - trust) * usual, _MOST)

    def seen(self, age_days: float) -> float:
        """The same from the reported conversions alone."""
        at = bisect_right(self.ages, age_days)
        return self.shares[at - 1] if at else 0.0


def estimate(
    conversions: Iterable[tuple[float, float]], usual_days: float = _USUAL_DAYS, half_days: float = math.inf
) -> Exposure:
    """From each reported conversion's lag and the age its lead has now, both in days (lag ≤ age).

    A lead counts half as much as one that is `half_days` younger: buyers grow faster or slower.
    """
    cases = sorted(conversions)
    lags = [lag for lag, _ in cases]
    horizons = sorted(age for _, age in cases)
    by_lag = _sums(faded(age, half_days) for _, age in cases)
    by_age = _sums(faded(age, half_days) for age in horizons)
    steps: list[tuple[float, float]] = []
    share = 1.0
    at = len(lags)
    while at:
        lag = lags[at - 1]
        first = bisect_left(lags, lag, 0, at)
        steps.append((lag, share))
        old = bisect_left(horizons, lag)
        at_risk = at - old  # reported within this lag, by leads old enough to show it
        if at_risk >= _LEAST_AT_RISK:
            weight = by_lag[at] - by_age[old]
            share *= 1.0 - (by_lag[at] - by_lag[first]) / (weight + _DAMPING * weight / at_risk)
        at = first
    steps.reverse()
    return Exposure(tuple(lag for lag, _ in steps), tuple(share for _, share in steps), len(lags), usual_days)


def faded(age_days: float, half_days: float) -> float:
    """What an old lead counts beside one of today; never less than a thousandth, so that sums stay exact."""
    return float(0.5 ** min(age_days / half_days, _HALVES))


def _sums(weights: Iterable[float]) -> list[float]:
    """Of the first none, one, two …"""
    return list(accumulate(weights, initial=0.0))


def horizon(conversions: Iterable[tuple[float, float]]) -> float:
    """The longest lag, in days, that enough conversions speak of; what comes later the estimate does not know. Or 0."""
    cases = sorted(conversions)
    lags = [lag for lag, _ in cases]
    ages = sorted(age for _, age in cases)
    for at in range(len(lags), 0, -1):
        if at - bisect_left(ages, lags[at - 1]) >= _LEAST_AT_RISK:
            return lags[at - 1]
    return 0.0
