"""How much each day counts: faded with its age, and only for what would have been reported by then."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.quality import DayWeight
from exchange.model.worth import WHOLE
from exchange.stages.quality.rates import LONG_DAYS, SHORT_DAYS
from exchange.stages.score.exposure import Exposure

BACK_DAYS = 180


class Curves(NamedTuple):
    """How much of the contacts, conversions, returns and bad leads of a vertical is reported by an age."""

    contact: Exposure = Exposure(usual_days=0.5)
    conversion: Exposure = Exposure()
    back: Exposure = Exposure(usual_days=4.0)
    bad: Exposure = Exposure(usual_days=2.0)


def weights(today: float, curves: Curves, days: int = BACK_DAYS) -> list[DayWeight]:
    """Of each day back from `today`, a moment told in days since the epoch: leads of a day are of its middle."""
    last = int(today)
    return [_weight(day, max(today - day - 0.5, (today - day) / 2), curves) for day in range(last, last - days, -1)]


def _weight(day: int, age: float, curves: Curves) -> DayWeight:
    long, short = 0.5 ** (age / LONG_DAYS), 0.5 ** (age / SHORT_DAYS)
    contact, conversion, back, bad = (each.share(age) for each in curves)
    whole = (long, short, long * contact, long * conversion, short * back, short * bad, long * bad, conversion)
    return DayWeight(day, *(round(each * WHOLE) for each in whole))
