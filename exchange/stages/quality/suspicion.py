"""Which sub ids are rotten: so much of what they send is fraud or comes back that it is no chance.

Bad is what the screen refused and what buyers gave back, of all that was judged. The chance that its share lies above
twice that of the others, and above 22 %, is taken from the last weeks, or from the last months while the last weeks do
not contradict. One bad hour is none: a day counts only so many, and there must be several days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from exchange.stages.quality.beta import chance_above

SUSPECTED = 0.95
TIMES_BASE = 2.0
LEAST_SHARE = 0.22
_PRIOR = 5.0  # leads
_RECENT_PRIOR = 5.0
_ROUNDS = 6
_STILL = 1e-4
_MOST = 0.95
_NOBODY = 0.05  # the base where nothing is known


class Counts(NamedTuple):
    """Bad leads and all that were judged, faded fast and slowly; plain counts and days with bad ones beside them."""

    bad: float = 0.0
    of: float = 0.0
    bad_long: float = 0.0
    of_long: float = 0.0
    told: int = 0
    leads: int = 0
    days: int = 0


class Least(NamedTuple):
    """What must be known before anything is said: leads, bad ones, days with bad ones."""

    leads: int = 10
    bad: int = 4
    days: int = 2


TO_SAY, TO_ACT = Least(), Least(20, 6, 3)


class Suspicion(NamedTuple):
    """`chance` that the source is rotten, at a share of bad leads above `bar`; `share` is what is believed of it."""

    chance: float
    share: float
    bar: float
    counts: Counts

    @property
    def rotten(self) -> bool:
        return self.chance > SUSPECTED and enough(self.counts, TO_SAY)


def enough(counts: Counts, least: Least) -> bool:
    return counts.leads >= least.leads and counts.told >= least.bad and counts.days >= least.days


def suspicions(sources: Mapping[tuple[str, str], Counts]) -> dict[tuple[str, str], Suspicion]:
    """Of each sub id of a vertical."""
    short = _base({key: (each.bad, each.of) for key, each in sources.items() if each.leads})
    long = _base({key: (each.bad_long, each.of_long) for key, each in sources.items() if each.leads})
    return {key: _judge(each, short, long) for key, each in sources.items()}


def _judge(counts: Counts, short: float, long: float) -> Suspicion:
    bar, bar_long = _bar(short), _bar(long)
    chance = _above(counts.bad, counts.of, short, bar)
    recent = (counts.bad + _RECENT_PRIOR * short) / (max(counts.of, counts.bad) + _RECENT_PRIOR)
    if recent > bar:
        chance = max(chance, _above(counts.bad_long, counts.of_long, long, bar_long))
    share = (counts.bad + _PRIOR * short) / (max(counts.of, counts.bad) + _PRIOR)
    return Suspicion(chance, share, bar, counts)


def _bar(base: float) -> float:
    return min(max(TIMES_BASE * base, LEAST_SHARE), _MOST)


def _above(bad: float, of: float, base: float, bar: float) -> float:
    return chance_above(bad + _PRIOR * base, max(of - bad, 0.0) + _PRIOR * (1.0 - base), bar)


def _base(sources: Mapping[tuple[str, str], tuple[float, float]]) -> float:
    """The share of bad leads of those that are not rotten: a rotten source must not raise the bar it is measured by.

    It begins at the middle one, by leads.
    """
    base = _clamped(_halfway(sources.values()))
    for _ in range(_ROUNDS):
        bar = _bar(base)
        rotten = {key for key, (bad, of) in sources.items() if bad >= 2.0 and _above(bad, of, base, bar) > SUSPECTED}
        bad = sum(each for key, (each, _) in sources.items() if key not in rotten)
        of = sum(each for key, (_, each) in sources.items() if key not in rotten)
        before, base = base, _clamped(bad / of if of > 0.0 else _NOBODY)
        if abs(before - base) < _STILL:
            break
    return base


def _halfway(sources: Iterable[tuple[float, float]]) -> float:
    ranked = sorted((min(bad / of, 1.0), of) for bad, of in sources if of > 0.0)
    half = sum(of for _, of in ranked) / 2.0
    for share, of in ranked:
        half -= of
        if half <= 0.0:
            return share
    return _NOBODY


def _clamped(base: float) -> float:
    return min(max(base, 1e-3), _MOST / TIMES_BASE)
