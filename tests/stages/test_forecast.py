"""How long money lasts, against what a made-up market then really spends."""

from __future__ import annotations

import random
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from exchange.stages.forecast import Spent, forecast, in_words
from exchange.stages.pace import HOUR_MS

ZONE = "America/New_York"
NOW = int(datetime(2026, 11, 18, 9, 30, tzinfo=ZoneInfo(ZONE)).timestamp()) * 1000
PRICE = 365_000  # 36.50


def busy(at: int) -> float:
    """Few leads at night and on Sundays."""
    local = datetime.fromtimestamp(at // 1000, ZoneInfo(ZONE))
    return (0.1 if local.hour < 7 or local.hour > 21 else 1.0) * (0.4 if local.weekday() == 6 else 1.0)


def market(rng: random.Random, since: int, until: int, per_hour: float, growth: float = 1.0) -> list[tuple[int, int]]:
    """Sales at moments, each with its price. The last day sells `growth` times as much."""
    sales, at = [], float(since)
    while at < until:
        at += rng.expovariate(per_hour * growth) * HOUR_MS
        level = busy(int(at)) * (1 if at > NOW - 24 * HOUR_MS else 1 / growth)
        if at < until and rng.random() < level:
            sales.append((int(at), PRICE + rng.randrange(-50_000, 50_000)))
    return sales


def by_hour(sales: list[tuple[int, int]]) -> list[Spent]:
    hours: dict[int, list[int]] = {}
    for at, units in sales:
        hours.setdefault(at - at % HOUR_MS, []).append(units)
    return [Spent(hour, len(found), sum(found)) for hour, found in sorted(hours.items())]


def lasted(sales: list[tuple[int, int]], available: int) -> tuple[int, float]:
    """How many leads and hours it really was."""
    for count, (at, units) in enumerate(sales):
        if units > available:
            return count, (at - NOW) / HOUR_MS
        available -= units
    raise AssertionError("the money was not spent")


@pytest.mark.parametrize(
    ("days", "per_hour", "growth", "dollars"),
    [(28, 8, 1.0, 4_000), (28, 8, 1.0, 20_000), (14, 20, 1.0, 10_000), (5, 12, 1.0, 8_000), (28, 10, 3.0, 9_000)],
)
def test_it_is_within_a_fifth_of_what_happens(days: int, per_hour: float, growth: float, dollars: int) -> None:
    wrong = []
    for seed in range(12):
        rng = random.Random(seed)
        past = market(rng, NOW - days * 24 * HOUR_MS, NOW, per_hour, growth)
        future = market(rng, NOW, NOW + 60 * 24 * HOUR_MS, per_hour, growth)
        told = forecast(by_hour(past), dollars * 10_000, ZONE, NOW)
        leads, hours = lasted(future, dollars * 10_000)
        assert told is not None and told.hours is not None
        assert abs(told.leads - leads) <= 0.2 * leads
        wrong.append(abs(float(told.hours) - hours) / hours)

    assert sorted(wrong)[len(wrong) // 2] <= 0.12
    assert sum(each <= 0.2 for each in wrong) >= 9  # chance decides whether money ends before a night or after it


def steady(rng: random.Random, since: int, until: int, per_hour: float) -> list[tuple[int, int]]:
    """Sales at an even pace, night and day."""
    sales, at = [], float(since)
    while (at := at + rng.expovariate(per_hour) * HOUR_MS) < until:
        sales.append((int(at), PRICE + rng.randrange(-50_000, 50_000)))
    return sales


def finely(sales: list[tuple[int, int]], now: int) -> list[Spent]:
    """As they are counted: by five seconds in this hour and the one before, else by the hour."""
    found: dict[int, list[int]] = {}
    for at, units in sales:
        found.setdefault(at - at % (5_000 if at >= now - now % HOUR_MS - HOUR_MS else HOUR_MS), []).append(units)
    return [Spent(at, len(units), sum(units)) for at, units in sorted(found.items())]


@pytest.mark.parametrize(("minutes", "leads"), [(25, 100), (40, 400), (100, 100), (170, 400), (400, 400)])
def test_a_market_that_woke_up_is_forecast_at_its_new_pace(minutes: int, leads: int) -> None:
    """Some leads a day for two weeks, then 120 an hour for so long: what the last hours hold is a mixture of both."""
    wrong = []
    for seed in range(12):
        rng = random.Random(seed)
        began = NOW - minutes * 60_000
        past = market(rng, NOW - 14 * 24 * HOUR_MS, began, 0.3) + steady(rng, began, NOW, 120)
        told = forecast(finely(past, NOW), leads * PRICE, ZONE, NOW)
        _, hours = lasted(steady(rng, NOW, NOW + 60 * HOUR_MS, 120), leads * PRICE)
        assert told is not None and told.hours is not None
        wrong.append(abs(float(told.hours) - hours) / hours)
    assert sorted(wrong)[len(wrong) // 2] <= 0.2
    assert sum(each <= 0.3 for each in wrong) >= 10


def test_a_batch_is_no_pace_and_neither_is_the_silence_after_it() -> None:
    usual = [Spent(NOW - each * HOUR_MS, 4, 4 * PRICE) for each in range(24 * 14, 0, -1)]
    for seconds in (1, 900):
        batch = Spent(NOW - seconds * 1000, 200, 200 * PRICE)
        told = forecast([*usual, batch], 400 * PRICE, ZONE, NOW)
        assert told is not None and told.hours is not None and 40 < told.hours < 120


def test_too_little_history_tells_nothing_and_no_money_lasts_no_time() -> None:
    few = [Spent(NOW - 5 * HOUR_MS, 4, 4 * PRICE)]
    assert forecast(few, 1_000_000, ZONE, NOW) is None

    enough = [Spent(NOW - each * HOUR_MS, 3, 3 * PRICE) for each in range(48, 0, -1)]
    for available in (0, -5):
        told = forecast(enough, available, ZONE, NOW)
        assert told is not None and (0, Fraction(0)) == (told.leads, told.hours)


def test_what_lasts_longer_than_anybody_plans_has_no_hours() -> None:
    rare = [Spent(NOW - each * 24 * HOUR_MS, 1, PRICE) for each in range(20, 0, -1)]
    told = forecast(rare, 10**12, ZONE, NOW)

    assert told is not None and told.hours is None
    assert "more than three months" == in_words(told.hours)
    assert ["less than an hour", "about 1 hour", "about 47 hours", "about 3 days"] == [
        in_words(Fraction(hours)) for hours in (Fraction(1, 2), 1, 47, 70)
    ]
