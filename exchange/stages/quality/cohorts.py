"""Weekly cohorts: what is known of the leads sold in a week, and what they will come to once all has been reported.

What came is certain; what may still come is that of the leads that have not had their time. What was sold to buyers
that never report says nothing of conversions, and none are foretold of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from exchange.model.money import Money
from exchange.stages.quality.days import Curves, age_of
from exchange.stages.quality.rates import Rate, rate_of
from exchange.stages.quality.shrink import Tally, exposed, strength

_EPOCH = date(1970, 1, 1)
_MONDAY = 3  # the epoch was a Thursday: so many days from the Monday before it
_DAYS = 7
_HALF, _LITTLE = 0.5, 10.0  # half a hit of ten leads: what never happened may happen yet
_SURE = 1e-9  # the least variance: of a week of which all is known


class Cohort(NamedTuple):
    """The leads sold in the week from `day` (a Monday, days since the epoch), `heard` of them to buyers that report.

    `shown` is the share of conversions that would have been reported. `conversion` (of `heard`) and `back` (of `sold`)
    are what it will come to, with their doubt; `conversions` how many are foretold in all.
    """

    day: int
    sold: int
    heard: int
    contacted: int
    converted: int
    returned: int
    price_units: int
    lost_units: int
    payout_units: int
    currency: str
    shown: float
    conversion: Rate
    conversions: float
    back: Rate

    @property
    def monday(self) -> date:
        """The day its week begins."""
        return _EPOCH + timedelta(days=self.day)

    @property
    def net_price(self) -> Money | None:
        """What its leads brought, less what was given back; None where that was in several currencies."""
        return Money(self.price_units - self.lost_units, self.currency) if self.currency else None

    @property
    def payout(self) -> Money | None:
        """What its sellers got for them, as above."""
        return Money(self.payout_units, self.currency) if self.currency else None


class _Known(NamedTuple):
    """`shown` is for how many leads conversions would have been reported; `open` the variance of what is promised."""

    conversion: Tally
    back: Tally
    shown: float
    open: float


def cohorts(days: Iterable[Mapping[str, Any]], today: float, curves: Curves) -> list[Cohort]:
    """From counted days (`week_sums`), the oldest week first. A week that is not over is told as far as it is."""
    weeks: dict[int, list[Mapping[str, Any]]] = {}
    for row in days:
        weeks.setdefault((row["day"] + _MONDAY) // _DAYS * _DAYS - _MONDAY, []).append(row)
    known = {monday: _known(rows, today, curves) for monday, rows in weeks.items()}
    conversion = _usual([each.conversion for each in known.values()])
    back = _usual([each.back for each in known.values()])
    return [_cohort(monday, weeks[monday], known[monday], conversion, back) for monday in sorted(weeks)]


def _known(rows: list[Mapping[str, Any]], today: float, curves: Curves) -> _Known:
    shown, told, promised, unsure, back_of = 0.0, 0.0, 0.0, 0.0, 0.0
    for row in rows:
        age = age_of(row["day"], today)
        share, chance = curves.conversion.share(age), curves.promise.chance(age)
        shown += (row["heard"] - row["heard_ended"]) * share
        told += row["early_open"] * (curves.promise.told.share(age) - share)
        promised += row["early_reached"] * chance
        unsure += row["early_reached"] * chance * (1.0 - chance)
        back_of += row["returned"] + (row["sold"] - row["returned"]) * curves.back.share(age)
    sold, heard, ended = (sum(row[name] for row in rows) for name in ("sold", "heard", "heard_ended"))
    converted, returned = (sum(row[name] for row in rows) for name in ("converted", "returned"))
    hits, of = converted + promised, exposed(shown + told, heard - ended, ended)
    back = Tally(returned, back_of, returned, back_of, returned, sold)
    return _Known(Tally(hits, of, hits, of, converted, heard), back, exposed(shown, heard - ended, ended), unsure)


def _usual(weeks: Sequence[Tally]) -> tuple[float, float]:
    """The rate of all weeks together, and how many leads of a week weigh as much as it."""
    rate = (sum(each.hits for each in weeks) + _HALF) / (sum(each.of for each in weeks) + _LITTLE)
    return min(rate, 1.0), strength(weeks)


def _foretold(known: Tally, usual: tuple[float, float], good: bool, unsure: float = 0.0) -> Rate:
    """Of all its leads: what came, and what is expected of those that have not had their time, with the doubt of it."""
    base, m = usual
    rate = rate_of(known, base, m, base, good)
    rest = max(known.leads - max(known.of, known.hits), 0.0)
    if not known.leads:
        return rate
    value = (known.hits + rest * rate.value) / known.leads
    spread = rate.value * (1.0 - rate.value)
    doubt = (unsure + rest * spread + rest * rest * spread / (rate.a + rate.b + 1.0)) / known.leads**2
    value = min(max(value, _SURE), 1.0 - _SURE)
    weight = max(value * (1.0 - value) / max(doubt, _SURE) - 1.0, 1.0)
    return Rate(value * weight, (1.0 - value) * weight, base, known.told, known.leads, good)


def _cohort(
    monday: int,
    rows: list[Mapping[str, Any]],
    known: _Known,
    usual: tuple[float, float],
    usual_back: tuple[float, float],
) -> Cohort:
    told = known.conversion
    conversion = _foretold(told, usual, True, known.open)
    currencies = {row["currency"] for row in rows}
    currency = currencies.pop() if len(currencies) == 1 else ""
    money = {name: sum(row[name] for row in rows) for name in ("price_units", "lost_units", "payout_units")}
    return Cohort(
        monday,
        known.back.leads,
        told.leads,
        sum(row["contacted"] for row in rows),
        told.told,
        known.back.told,
        money["price_units"],
        money["lost_units"],
        money["payout_units"],
        currency,
        min(known.shown / told.leads, 1.0) if told.leads else 0.0,
        conversion,
        max(conversion.value * told.leads, float(told.told)),
        _foretold(known.back, usual_back, False),
    )
