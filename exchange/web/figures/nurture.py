"""The recovery curve: how much of what unsold leads were worth came back, by their age."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.money import Money
from exchange.stages.nurture import DAY_MS, HOUR_MS, age_text
from exchange.web.charts.chart import Chart
from exchange.web.charts.lines import Line, lines
from exchange.web.words import money

AGES_MS = (
    HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 14 * DAY_MS, 30 * DAY_MS,
    60 * DAY_MS, 90 * DAY_MS, 180 * DAY_MS,
)  # fmt: skip


def recovery(recovered: Sequence[int], worth_units: int, currency: str) -> Chart | None:
    """`recovered` is what was brought until each of `AGES_MS`, in units. None while nothing is known to be missing."""
    if not worth_units or not any(recovered):
        return None
    shares = tuple(units * 100 / worth_units for units in recovered)
    last = next(index for index, units in enumerate(recovered) if units == recovered[-1])
    upto = min(last + 2, len(AGES_MS))
    got, of = Money(recovered[-1], currency), Money(worth_units, currency)
    summary = f"{shares[-1]:.1f}% of the revenue that was missing came back: {money(got)} of about {money(of)}."
    names = [age_text(each) for each in AGES_MS[:upto]]
    return lines(names, [Line("Came back, % of the missing revenue", shares[:upto])], summary, unit="%")
