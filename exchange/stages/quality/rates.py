"""The rates of sources: each drawn to its parent, with the doubt that is left, and the band that follows from them.

A source is a sub id of a seller in one vertical. Rates fade by half: conversions and contacts in 90 days,
fraud, returns and refusals in 14.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from exchange.stages.quality.beta import bounds, chance_above
from exchange.stages.quality.shrink import USUAL, Tally, middle, shrunk, strength, total

LONG_DAYS, SHORT_DAYS = 90.0, 14.0
INSIDE = 0.9  # of the interval that is shown
_HALF_A_HIT = 0.5


class Measure(NamedTuple):
    """`name` is its column and key; `good` whether more of it is better; `of` says of what it is a share."""

    name: str
    label: str
    good: bool
    of: str
    about: str


MEASURES: tuple[Measure, ...] = (
    Measure("contact", "Contact", True, "sold leads", "The buyer reached the consumer."),
    Measure("conversion", "Conversion", True, "sold leads", "The buyer reported what the vertical counts as a sale."),
    Measure("return", "Return", False, "sold leads", "The buyer asked its money back, and was not declined."),
    Measure("fraud", "Fraud", False, "posts", "The fraud screen refused it, or it was part of a burst or a farm."),
    Measure("duplicate", "Duplicate", False, "posts", "The same consumer had come before."),
    Measure("refused", "Refused", False, "posts", "Some check refused it."),
)
BY_NAME: Mapping[str, Measure] = {each.name: each for each in MEASURES}


@dataclass(frozen=True)
class Rate:
    """One rate: `told` of `leads` are the plain counts; `a` and `b` the hits and misses of what is believed of it.

    `base` is the vertical's.
    """

    a: float
    b: float
    base: float
    told: int
    leads: int
    good: bool = False

    @property
    def value(self) -> float:
        return self.a / (self.a + self.b)

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """Between which nine in ten such sources lie."""
        return bounds(self.a, self.b, INSIDE)

    @cached_property
    def worse(self) -> float:
        """The chance that it is worse than the vertical's."""
        above = self.above(self.base)
        return 1.0 - above if self.good else above

    def above(self, rate: float) -> float:
        return chance_above(self.a, self.b, rate)


def rate_of(tally: Tally, parent: float, m: float, base: float, good: bool) -> Rate:
    of = max(tally.of, tally.hits)
    a = tally.hits + m * min(max(parent, 1e-6), 1 - 1e-6)
    return Rate(a, of + m - a, base, tally.told, tally.leads, good)


Sources = Mapping[tuple[str, str], Tally]
"""By seller and sub id."""


class Tree(NamedTuple):
    """One measure of one vertical: its own rate, those of sellers and those of their sub ids."""

    base: float
    sellers: Mapping[str, Rate]
    subs: Mapping[tuple[str, str], Rate]


def tree(measure: Measure, subs: Sources, everywhere: float | None = None) -> Tree:
    """Draw each sub id to its seller, each seller to the vertical, the vertical to all (`everywhere`)."""
    by_seller: dict[str, list[Tally]] = {}
    for (seller_id, _), tally in subs.items():
        by_seller.setdefault(seller_id, []).append(tally)
    sums = {seller_id: total(tallies) for seller_id, tallies in by_seller.items()}
    everything = total(sums.values())
    base = shrunk(everything, everywhere if everywhere is not None else everything.rate, USUAL)
    unseen = min(_HALF_A_HIT / (everything.of + 1.0), 0.5)  # what never happened may happen yet
    base = max(base, unseen)
    m_sellers, m_subs = strength(tuple(sums.values())), strength(tuple(subs.values()))
    expected = max(middle(sums.values(), m_sellers, base), unseen)
    sellers = {each: rate_of(tally, expected, m_sellers, base, measure.good) for each, tally in sums.items()}
    parents: dict[str, tuple[float, float]] = {}
    for seller_id, tallies in by_seller.items():
        own = strength(tallies)
        m = own if own != USUAL else m_subs  # too few of its own: as all sub ids of the vertical
        parents[seller_id] = max(middle(tallies, m, sellers[seller_id].value), unseen), m
    found = {key: rate_of(tally, *parents[key[0]], base, measure.good) for key, tally in subs.items()}
    return Tree(base, sellers, found)
