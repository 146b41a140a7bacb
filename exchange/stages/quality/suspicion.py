"""Which sub ids are rotten: so much of what they send is fraud or comes back that it is no chance.

Bad is what the screen refused and what buyers gave back, of all that was judged. The chance that its share lies above
twice that of the others, and above 22 %, is taken from the last weeks, or from the last months while the last weeks do
not contradict. One bad hour is none: a day counts only so many, and there must be several days. Only where a third or
so of all it sent is bad, however many one day brought, is it told as well; no rule acts on that.
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
    """Bad leads and all that were judged, faded fast and slowly; plain counts and days with bad ones beside them.

    `more` are the leads of fraud that one day brought beyond what counts of a day, faded alike, and plain.
    """

    bad: float = 0.0
    of: float = 0.0
    bad_long: float = 0.0
    of_long: float = 0.0
    told: int = 0
    leads: int = 0
    days: int = 0
    more: float = 0.0
    more_long: float = 0.0
    more_told: int = 0

    @property
    def whole(self) -> Counts:
        """With all that any day brought."""
        return self._replace(
            bad=self.bad + self.more,
            of=self.of + self.more,
            bad_long=self.bad_long + self.more_long,
            of_long=self.of_long + self.more_long,
            told=self.told + self.more_told,
        )


class Least(NamedTuple):
    """What must be known before anything is said: leads, bad ones, days with bad ones."""

    leads: int = 10
    bad: int = 4
    days: int = 2


TO_SAY, TO_ACT, FLOODED = Least(), Least(20, 6, 3), Least(30, 6, 2)
FLOOD_SHARE = 0.3


class Suspicion(NamedTuple):
    """`chance` that the source is rotten, at a share of bad leads above `bar`; `share` is what is believed of it.

    `steady` is the chance without what one day brought too much of: what rules go by.
    """

    chance: float
    share: float
    bar: float
    counts: Counts
    steady: float

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
    whole = counts.whole
    flood = min(
        _above(whole.bad, whole.of, short, FLOOD_SHARE), _above(whole.bad_long, whole.of_long, long, FLOOD_SHARE)
    )
    if counts.more and chance <= SUSPECTED < flood and enough(whole, FLOODED):
        return Suspicion(flood, _believed(whole, short), FLOOD_SHARE, whole, chance)
    return Suspicion(chance, _believed(counts, short), bar, counts, chance)


def _believed(counts: Counts, base: float) -> float:
    return (counts.bad + _PRIOR * base) / (max(counts.of, counts.bad) + _PRIOR)


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
