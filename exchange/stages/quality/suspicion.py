"""Which sub ids are rotten: so much of what they send is fraud or comes back that it is no chance.

Two things are bad: what the screen refused, of all that came, and what buyers said of the leads they bought, as far as
that is more than usual and no luck. What is asked is how much of what a sub id sends in four weeks is bad in the end:
what came is counted, and what is still to come is foretold from its pace and from its rate without what single days
brought too much of. One bad hour makes no source rotten that sends much else, and one bad month none that was good
before and is so taken together. Of one that sends little the last months tell.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from exchange.model.quality import MONTH_DAYS
from exchange.stages.quality.beta import chance_above, chance_of_at_least

SUSPECTED = 0.8
TIMES_BASE = 2.0
LEAST_SHARE, BAD_SHARE = 0.2, 0.3
_AHEAD_DAYS = 3  # are foretold at least, also of a sub id whose four weeks are over
_NO_LUCK = 1.64  # standard deviations: 95 % of luck
_SURE = 0.9  # of the rate alone
_LIKELY = 0.5  # of all that is remembered
_SEVERAL = 2  # days with bad leads
_MOSTLY = 0.5  # of all that it sends, where one day brought all that is bad
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


class Month(NamedTuple):
    """The last four weeks in plain counts: posts and sales, and for how many days the sub id has sent at all.

    `fraud` is what the screen refused, on `fraud_days` days, and `steady` the same with so much of a day at most;
    `told` what buyers called bad; `days` those with either.
    """

    leads: int = 0
    sold: int = 0
    age: int = 0
    fraud: int = 0
    steady: int = 0
    fraud_days: int = 0
    told: int = 0
    days: int = 0


class Counts(NamedTuple):
    """Faded fast (`short`) and slowly (`long`), each day with so many bad leads at most.

    `past` is as `month`, of all the weeks that are remembered.
    `told` are the bad leads, `leads` and `days` with bad ones the plain counts.
    """

    short: Shares = Shares()
    long: Shares = Shares()
    month: Month = Month()
    told: int = 0
    leads: int = 0
    days: int = 0
    past: Month = Month()


class Least(NamedTuple):
    """What must be known before anything is said: leads, bad ones, days with bad ones."""

    leads: int = 10
    bad: int = 4
    days: int = 1


TO_SAY, TO_ACT = Least(), Least(20, 6, 3)


class Suspicion(NamedTuple):
    """`chance` that the source is rotten, at a share of bad leads above `bar`; `share` is what is believed of it.

    `steady` is the chance of its rate alone, with so much of a day at most: what rules go by.
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
    rate = _chance(counts, short, long, short.bar, long.bar)
    if counts.month.leads >= TO_SAY.leads:
        return _of_month(counts, short, rate)
    bar = max(short.bar, BAD_SHARE)
    chance = _chance(counts, short, long, bar, max(long.bar, BAD_SHARE))
    share = _believed(counts.short, short)[0]
    told = chance > _SURE and counts.days >= _SEVERAL
    return Suspicion(chance if told else min(chance, SUSPECTED), share, bar, counts, rate)


def _of_month(counts: Counts, base: Base, rate: float) -> Suspicion:
    """By what four weeks come to."""
    month = counts.month
    beyond = _beyond_luck(month, base)
    bad, steady = month.fraud + beyond, month.steady + beyond
    told = math.floor(bad + 0.5)
    seen = counts._replace(leads=month.leads, told=told, days=month.days if beyond > 0.0 else month.fraud_days)
    chance, share = _foretold(month, bad, steady, base)
    if seen.days < _SEVERAL:
        chance = min(chance, _beside_one_day(month, bad, base))
    if chance > _LIKELY and counts.past.leads > month.leads:
        chance = _remembered(chance, counts.past, base)
    return Suspicion(chance, share, BAD_SHARE, seen, rate)


def _remembered(chance: float, past: Month, base: Base) -> float:
    """One bad month of a source that was good before makes it rotten once eight weeks are more likely so than not."""
    beyond = _beyond_luck(past, base)
    of_past = _foretold(past, past.fraud + beyond, past.steady + beyond, base)[0]
    return chance if of_past >= _LIKELY else of_past


def _beyond_luck(month: Month, base: Base) -> float:
    """What buyers called bad beyond what is usual of so many sales, and beyond what luck makes of it."""
    usual = month.sold * base.bad
    return max(month.told - usual - _NO_LUCK * math.sqrt(usual * (1.0 - base.bad)), 0.0)


def _foretold(month: Month, bad: float, steady: float, base: Base) -> tuple[float, float]:
    """The chance that these weeks, four at least, are bad for `BAD_SHARE` of what they bring; the expected share."""
    ahead = _ahead(month, month.leads / max(month.age, 1))
    usual = min(base.fraud + base.bad, _MOST)
    good = max(month.leads - bad, 0.0)
    a, b = steady + _PRIOR * usual, good + _PRIOR * (1.0 - usual)
    whole = month.leads + ahead
    wanted = _wanted(BAD_SHARE, whole, bad)
    return chance_of_at_least(wanted, ahead, a, b), (bad + ahead * a / (a + b)) / whole


def _beside_one_day(month: Month, bad: float, base: Base) -> float:
    """The chance that what one day brought stays most of it: how much is still to come the other days tell, and that it
    is as usual. Somebody may have flooded a good source; one that hardly sends anything else is the flood.
    """
    usual, good = min(base.fraud + base.bad, _MOST), max(month.leads - bad, 0.0)
    ahead = _ahead(month, (good + 1.0) / max(month.age - 1, 1))
    wanted = _wanted(_MOSTLY, month.leads + ahead, bad)
    return chance_of_at_least(wanted, ahead, _PRIOR * usual, good + _PRIOR * (1.0 - usual))


def _ahead(month: Month, pace: float) -> int:
    """How many leads are still to come, at so many a day."""
    return round(pace * max(MONTH_DAYS - month.age, _AHEAD_DAYS))


def _wanted(share: float, leads: int, bad: float) -> int:
    """So many more bad ones make such a share of all these."""
    return math.ceil(share * leads - bad - _APART)


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
    return _above(seen, base, base.bar) <= _SURE


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
