"""The verdict: named signals joined by noisy-or, each weighed by its own measured precision.

A signal's precision is the share of bad among the leads it spoke against in the last 30 days, held to its first
estimate by `STRENGTH` leads. Points of a signal are its precision in percent; together they make
`1 - (1 - p1)(1 - p2)…`, so that two that are right six times in ten make 84.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from exchange.model.reason import Reason
from exchange.stages.screen.signals import KINDS, Kind, Signal

STRENGTH = 20
SOURCE_STRENGTH = 20
SOURCE_MOST = 0.6  # a bad sub id alone never refuses a lead
FLAG_AT = 40
SURE = 0.95
_MOST = 0.995  # nobody is certain


class Count(NamedTuple):
    """Leads of known outcome."""

    bad: int = 0
    good: int = 0

    @property
    def all(self) -> int:
        return self.bad + self.good


class Learned(NamedTuple):
    """What labelled leads of the last 30 days taught: of each signal, of each source, and of all leads."""

    signals: Mapping[str, Count] = {}
    sources: Mapping[tuple[str, str], Count] = {}
    sellers: Mapping[str, Count] = {}
    base: Count = Count()

    def precision(self, kind: Kind) -> float:
        count = self.signals.get(kind.name, Count())
        found = (STRENGTH * kind.prior + count.bad) / (STRENGTH + count.all)
        return min(found, _MOST)

    def source_rate(self, source: tuple[str, str]) -> float:
        """The share of bad in a sub id, held to its seller's, and that to everybody's."""
        base = _shrunk(self.base, 0.05)
        seller = _shrunk(self.sellers.get(source[0], Count()), base)
        return _shrunk(self.sources.get(source, Count()), seller)

    def rotten(self, source: tuple[str, str]) -> bool:
        """Whether a sub id is surely worse than twice what is usual: P(rate > 2 × base) above 95 %."""
        count = self.sources.get(source, Count())
        if not count.all:
            return False
        base = _shrunk(self.base, 0.05)
        mean = (SOURCE_STRENGTH * base + count.bad) / (SOURCE_STRENGTH + count.all)
        spread = math.sqrt(mean * (1 - mean) / (SOURCE_STRENGTH + count.all + 1))
        return mean - 1.645 * spread > 2 * base


class Points(NamedTuple):
    """One signal with its weight in this verdict."""

    kind: Kind
    points: int
    detail: str


class Judged(NamedTuple):
    """`fraud` is 0 to 100. `points` begins with the heaviest."""

    fraud: int
    points: tuple[Points, ...]

    @property
    def reason(self) -> Reason:
        return self.points[0].kind.reason if self.points else Reason.FRAUD_SCORE

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(each.kind.name for each in self.points))


def weigh(signals: tuple[Signal, ...], source: tuple[str, str], learned: Learned) -> Judged:
    """The score of a lead and what it is made of."""
    weighed = [(signal, learned.precision(signal.kind)) for signal in signals]
    if source[1] and learned.rotten(source):
        rate = min(learned.source_rate(source), SOURCE_MOST)
        weighed.append((Signal(KINDS["source"], f"{rate:.0%} of the last 30 days"), rate))
    left = 1.0
    for _, weight in weighed:
        left *= 1 - weight
    points = sorted((Points(each.kind, round(100 * weight), each.detail) for each, weight in weighed), key=_heaviest)
    return Judged(min(round(100 * (1 - left)), 100), tuple(points))


def teaches(judged: Judged, refuse_at: int) -> tuple[str, ...]:
    """Signals that a refusal bears out: those without which others of their kind would have refused as well.

    What only a signal itself refused says nothing about that signal, or it would prove itself for ever. And a program
    on a VPN says nothing about people on a VPN: only signals that would have the same reason bear each other out.
    """
    kept = []
    for each in judged.points:
        left = 1.0
        for other in judged.points:
            if other is not each and other.kind.reason is each.kind.reason:
                left *= 1 - other.points / 100
        if round(100 * (1 - left)) >= refuse_at:
            kept.append(each.kind.name)
    return tuple(sorted(kept))


def _heaviest(points: Points) -> tuple[int, str]:
    return -points.points, points.kind.name


def _shrunk(count: Count, towards: float) -> float:
    return (SOURCE_STRENGTH * towards + count.bad) / (SOURCE_STRENGTH + count.all)
