"""How much each day counts: faded with its age, and only for what would have been reported by then."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from exchange.model.quality import DayWeight
from exchange.model.worth import WHOLE
from exchange.stages.quality.promise import NO_PROMISE, Promise
from exchange.stages.quality.rates import LONG_DAYS, SHORT_DAYS
from exchange.stages.quality.tail import Curve
from exchange.stages.score.exposure import Exposure

BACK_DAYS = 180


_NO_LEVEL: Mapping[int, float] = MappingProxyType({})


class Curves(NamedTuple):
    """How much of the contacts, conversions, returns and bad leads of a vertical is reported by an age.

    `level` is how well all of it converted on a day, beside now; 1 where a day is not in it. `silent` are buyers that
    bought and never reported: what they say nothing of is not known, and no failure.
    """

    contact: Exposure = Exposure(usual_days=0.5)
    conversion: Exposure | Curve = Exposure()
    back: Exposure = Exposure(usual_days=4.0)
    bad: Exposure = Exposure(usual_days=2.0)
    level: Mapping[int, float] = _NO_LEVEL
    silent: frozenset[str] = frozenset()
    promise: Promise = NO_PROMISE


def weights(today: float, curves: Curves, days: int = BACK_DAYS) -> list[DayWeight]:
    """Of each day back from `today`, a moment told in days since the epoch: leads of a day are of its middle."""
    last = int(today)
    return [_weight(day, age_of(day, today), curves) for day in range(last, last - days, -1)]


def age_of(day: int, today: float) -> float:
    """Of a day's leads, in days: they are of its middle, and of the day that runs of the middle of what is over."""
    return max(today - day - 0.5, (today - day) / 2)


def _weight(day: int, age: float, curves: Curves) -> DayWeight:
    """A day on which everybody converted at half of today's rate counts half for conversions."""
    long, short = 0.5 ** (age / LONG_DAYS), 0.5 ** (age / SHORT_DAYS)
    contact, back, bad = (each.share(age) for each in (curves.contact, curves.back, curves.bad))
    level, promise = curves.level.get(day, 1.0), curves.promise
    conversion, told = curves.conversion.share(age) * level, promise.told.share(age) * level
    chance = promise.chance(age)
    whole = (long, short, long * contact, long * conversion, short * back, short * bad, long * bad, conversion)
    early = (long * told, told, long * chance, chance)
    return DayWeight(day, *(round(each * WHOLE) for each in (*whole, *early)))
