"""Weekly cohorts: what is known of the leads sold in a week, and what they will come to once all has been reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from exchange.model.money import Money
from exchange.stages.quality.days import Curves, age_of
from exchange.stages.quality.rates import Rate, rate_of
from exchange.stages.quality.shrink import USUAL, Tally, exposed

_EPOCH = date(1970, 1, 1)
_MONDAY = 3  # the epoch was a Thursday: so many days from the Monday before it
_DAYS = 7
_HALF = 0.5  # a hit: what never happened may happen yet


class Cohort(NamedTuple):
    """The leads sold in the week from `day` (a Monday, days since the epoch). Shares are of all that would be reported.

    `conversion` and `back` are what it will come to, with their doubt; `conversions` how many are foretold in all.
    """

    day: int
    sold: int
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
    def net_price(self) -> Money:
        """What its leads brought, less what was given back."""
        return Money(self.price_units - self.lost_units, self.currency)


def cohorts(days: Iterable[Mapping[str, Any]], today: float, curves: Curves) -> list[Cohort]:
    """From counted days (`week_sums`), the oldest week first. A week that is not over is told as far as it is."""
    weeks: dict[int, list[Mapping[str, Any]]] = {}
    for row in days:
        weeks.setdefault((row["day"] + _MONDAY) // _DAYS * _DAYS - _MONDAY, []).append(row)
    known = {monday: _known(rows, today, curves) for monday, rows in weeks.items()}
    hits = sum(each[0].hits for each in known.values())
    of = sum(each[0].of for each in known.values())
    back_hits = sum(each[1].hits for each in known.values())
    back_of = sum(each[1].of for each in known.values())
    base, back = (hits + _HALF) / (of + 1.0), (back_hits + _HALF) / (back_of + 1.0)
    return [_cohort(monday, weeks[monday], *known[monday], base, back) for monday in sorted(weeks)]


def _known(rows: list[Mapping[str, Any]], today: float, curves: Curves) -> tuple[Tally, Tally]:
    shown, back = 0.0, Tally()
    for row in rows:
        age = age_of(row["day"], today)
        shown += (row["sold"] - row["ended"]) * curves.conversion.share(age)
        of = row["returned"] + (row["sold"] - row["returned"]) * curves.back.share(age)
        back = back.plus(Tally(row["returned"], of, 0, 0, row["returned"], row["sold"]))
    sold, ended, converted = (sum(row[name] for row in rows) for name in ("sold", "ended", "converted"))
    return Tally(converted, exposed(shown, sold - ended, ended), 0, 0, converted, sold), back


def _cohort(
    monday: int, rows: list[Mapping[str, Any]], conversion: Tally, back: Tally, base: float, base_back: float
) -> Cohort:
    sums = {name: sum(row[name] for row in rows) for name in ("sold", "contacted", "converted", "returned", "ended")}
    money = {name: sum(row[name] for row in rows) for name in ("price_units", "lost_units", "payout_units")}
    rate = rate_of(conversion, base, USUAL, base, True)
    return Cohort(
        monday,
        sums["sold"],
        sums["contacted"],
        sums["converted"],
        sums["returned"],
        money["price_units"],
        money["lost_units"],
        money["payout_units"],
        rows[0]["currency"],
        min(conversion.of / sums["sold"], 1.0) if sums["sold"] else 0.0,
        rate,
        max(rate.value * sums["sold"], float(sums["converted"])),
        rate_of(back, base_back, USUAL, base_back, False),
    )
