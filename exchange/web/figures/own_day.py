"""A seller's day in pictures: what it earned by the hour, and how far its leads came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.model.money import Money
from exchange.stages.reasons import currency_sign
from exchange.storage.seller_day import OwnHour
from exchange.web.charts.chart import Chart
from exchange.web.charts.stacked import Group, Series, stacked
from exchange.web.figures.sources import steps_of
from exchange.web.words import money, plural

_EARNED = (Series("You earned", "margin"),)


@dataclass(frozen=True, slots=True)
class OwnDay:
    """The day in one currency."""

    leads: int
    refused: int
    sold: int
    earned: Money
    by_hour: Chart
    funnel: Chart


def own_days(hours: Sequence[OwnHour], names: Sequence[str], now: int, usual: str) -> list[OwnDay]:
    """The currency with most leads first; of a day without any, its `usual` one. `names` are those of the day's hours,
    `now` the one that is going on."""
    currencies = dict.fromkeys(each.currency for each in hours) or ([usual] if usual else [])
    days = [
        _day([each for each in hours if each.currency == currency], currency, names, now) for currency in currencies
    ]
    return sorted(days, key=lambda day: -day.leads)


def _day(hours: Sequence[OwnHour], currency: str, names: Sequence[str], now: int) -> OwnDay:
    earned = {each.hour: each.earned for each in hours}
    whole = Money(sum(each.earned.units for each in hours), currency)
    leads, refused, sold = (sum(getattr(each, name) for each in hours) for name in ("leads", "refused", "sold"))
    groups = [
        Group(name, (float(earned.get(hour, Money(0, currency)).text),), now=hour == now)
        for hour, name in enumerate(names)
    ]
    summary = f"You earned {money(whole)} today with {plural(sold, 'sold lead')}, by the hour"
    chart = stacked(groups, _EARNED, summary, sign=currency_sign(currency))
    return OwnDay(leads, refused, sold, whole, chart, steps_of(leads, leads - refused, sold))
