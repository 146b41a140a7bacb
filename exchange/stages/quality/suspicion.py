"""Which sub ids are rotten: so much of what they send is fraud or comes back that it is no chance.

Two things are bad: what the screen refused, of all that came, and what buyers said of the leads they bought. The first
is known at once, the second only after days, so each has a share of its own, and the chance is that of both together. A
day counts only so many bad leads: one bad hour makes no source rotten. What a day brought beyond that counts a week
later, beside the leads that came since, and against a higher bar; no rule acts on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from exchange.stages.quality.beta import chance_above

SUSPECTED = 0.9
TIMES_BASE = 2.0
LEAST_SHARE, FLOOD_SHARE = 0.2, 0.3
_PRIOR = 5.0  # leads
_ROUNDS = 6
_STILL = 1e-4
_MOST = 0.95
_NOBODY = 0.05  # the base where nothing is known
_SOME = 2.0  # bad leads, before a source is left out of the base
_APART = 1e-12


class Shares(NamedTuple):
    """Leads that the screen refused and those it let pass; of sold ones the bad, and the others that would have shown
    by now. All faded with age.
    """

    fraud: float = 0.0
    passed: float = 0.0
    bad: float = 0.0
    good: float = 0.0


class Counts(NamedTuple):
    """Faded fast (`short`) and slowly (`long`), each day with so many bad leads at most; `late` with all of a week ago.

    `told` and `told_late` are the bad leads of either, `leads` and `days` with bad ones the plain counts.
    """

    short: Shares = Shares()
    long: Shares = Shares()
    late: Shares = Shares()
    late_long: Shares = Shares()
    told: int = 0
    told_late: int = 0
    leads: int = 0
    days: int = 0

    @property
    def whole(self) -> Counts:
        """With all that days brought a week ago and longer."""
        return self._replace(short=self.late, long=self.late_long, told=self.told_late)


class Least(NamedTuple):
    """What must be known before anything is said: leads, bad ones, days with bad ones."""

    leads: int = 10
    bad: int = 4
    days: int = 2


TO_SAY, TO_ACT = Least(), Least(20, 6, 3)


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


class Base(NamedTuple):
    """What is usual of a vertical: the share that the screen refuses, and that of bad ones among the sold."""

    fraud: float
    bad: float

    @property
    def bar(self) -> float:
        both = 1.0 - (1.0 - self.fraud) * (1.0 - self.bad)
        return min(max(TIMES_BASE * both, LEAST_SHARE), _MOST)


def enough(counts: Counts, least: Least) -> bool:
    return counts.leads >= least.leads and counts.told >= least.bad and counts.days >= least.days


def suspicions(sources: Mapping[tuple[str, str], Counts]) -> dict[tuple[str, str], Suspicion]:
    """Of each sub id of a vertical."""
    known = [each for each in sources.values() if each.leads]
    short, long = _base([each.short for each in known]), _base([each.long for each in known])
    return {key: _judge(each, short, long) for key, each in sources.items()}


def _judge(counts: Counts, short: Base, long: Base) -> Suspicion:
    chance = _chance(counts, short, long, short.bar, long.bar)
    whole = counts.whole
    if counts.told_late > counts.told and chance <= SUSPECTED and enough(whole, TO_SAY):
        flood = _chance(whole, short, long, FLOOD_SHARE, FLOOD_SHARE)
        if flood > SUSPECTED:
            return Suspicion(flood, _believed(whole.short, short)[0], FLOOD_SHARE, whole, chance)
    return Suspicion(chance, _believed(counts.short, short)[0], short.bar, counts, chance)


def _chance(counts: Counts, short: Base, long: Base, bar: float, bar_long: float) -> float:
    """Of the last weeks; or of the last months, as long as the last weeks do not contradict."""
    chance = _above(counts.short, short, bar)
    if _believed(counts.short, short)[0] > bar:
        chance = max(chance, _above(counts.long, long, bar_long))
    return chance


def _believed(seen: Shares, base: Base) -> tuple[float, float]:
    """The share of bad leads of both kinds, and its variance: of a product of two beta distributions."""
    kept, square = 1.0, 1.0
    for hits, misses, usual in ((seen.fraud, seen.passed, base.fraud), (seen.bad, seen.good, base.bad)):
        good, all_of = misses + _PRIOR * (1.0 - usual), hits + misses + _PRIOR
        kept *= good / all_of
        square *= good * (good + 1.0) / (all_of * (all_of + 1.0))
    return 1.0 - kept, max(square - kept * kept, _APART)


def _above(seen: Shares, base: Base, bar: float) -> float:
    """The chance that the share lies above: of the beta distribution with the same mean and variance."""
    share, variance = _believed(seen, base)
    weight = max(share * (1.0 - share) / variance - 1.0, _APART)
    return chance_above(share * weight, (1.0 - share) * weight, bar)


def _base(sources: Collection[Shares]) -> Base:
    """What is usual of those that are not rotten: a rotten source must not raise the bar it is measured by.

    It begins at the middle one, by leads.
    """
    half = _halfway(sources) / 2.0
    base = Base(_clamped(half), _clamped(half))
    for _ in range(_ROUNDS):
        usual = [each for each in sources if each.fraud + each.bad < _SOME or _fits(each, base)]
        before, base = base, Base(
            _share(sum(each.fraud for each in usual), sum(each.passed for each in usual)),
            _share(sum(each.bad for each in usual), sum(each.good for each in usual)),
        )  # fmt: skip
        if abs(before.fraud - base.fraud) + abs(before.bad - base.bad) < _STILL:
            break
    return base


def _fits(seen: Shares, base: Base) -> bool:
    return _above(seen, base, base.bar) <= SUSPECTED


def _share(hits: float, misses: float) -> float:
    return _clamped(hits / (hits + misses) if hits + misses > 0.0 else _NOBODY / 2.0)


def _halfway(sources: Iterable[Shares]) -> float:
    ranked = sorted(
        (1.0 - (1.0 - _rate(each.fraud, each.passed)) * (1.0 - _rate(each.bad, each.good)), each.fraud + each.passed)
        for each in sources
    )
    half = sum(of for _, of in ranked) / 2.0
    for share, of in ranked:
        half -= of
        if half <= 0.0:
            return share
    return _NOBODY


def _rate(hits: float, misses: float) -> float:
    return hits / (hits + misses) if hits + misses > 0.0 else 0.0


def _clamped(share: float) -> float:
    return min(max(share, 1e-3), 0.3)
