"""How long money lasts, against what a made-up market then really spends."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from exchange.model.party import Cap, Contract, Hours, Window
from exchange.stages.burn import Idle, Line, Spent
from exchange.stages.caps import cap_key
from exchange.stages.forecast import forecast, in_words
from exchange.stages.pace import HOUR_MS
from exchange.stages.schedule import NEVER, open_at, window_start
from tests.market import contract as contract_of

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
        told = forecast([Line(by_hour(past))], dollars * 10_000, ZONE, NOW)
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
        told = forecast([Line(finely(past, NOW))], leads * PRICE, ZONE, NOW)
        _, hours = lasted(steady(rng, NOW, NOW + 60 * HOUR_MS, 120), leads * PRICE)
        assert told is not None and told.hours is not None
        wrong.append(abs(float(told.hours) - hours) / hours)
    assert sorted(wrong)[len(wrong) // 2] <= 0.2
    assert sum(each <= 0.3 for each in wrong) >= 10


def test_a_batch_is_no_pace_and_neither_is_the_silence_after_it() -> None:
    usual = [Spent(NOW - each * HOUR_MS, 4, 4 * PRICE) for each in range(24 * 14, 0, -1)]
    for seconds in (1, 900):
        batch = Spent(NOW - seconds * 1000, 200, 200 * PRICE)
        told = forecast([Line([*usual, batch])], 400 * PRICE, ZONE, NOW)
        assert told is not None and told.hours is not None and 40 < told.hours < 120


def test_too_little_history_tells_nothing_and_no_money_lasts_no_time() -> None:
    few = [Spent(NOW - 5 * HOUR_MS, 4, 4 * PRICE)]
    assert forecast([Line(few)], 1_000_000, ZONE, NOW) is None

    enough = [Spent(NOW - each * HOUR_MS, 3, 3 * PRICE) for each in range(48, 0, -1)]
    for available in (0, -5):
        told = forecast([Line(enough)], available, ZONE, NOW)
        assert told is not None and (0, Fraction(0)) == (told.leads, told.hours)


def test_what_lasts_longer_than_anybody_plans_has_no_hours() -> None:
    rare = [Spent(NOW - each * 24 * HOUR_MS, 1, PRICE) for each in range(20, 0, -1)]
    told = forecast([Line(rare)], 10**12, ZONE, NOW)

    assert told is not None and told.hours is None
    assert "more than three months" == in_words(told.hours)
    assert ["less than an hour", "about 1 hour", "about 47 hours", "about 3 days"] == [
        in_words(Fraction(hours)) for hours in (Fraction(1, 2), 1, 47, 70)
    ]


def bought(
    rng: random.Random,
    contract: Contract,
    since: int,
    until: int,
    idle: Idle | None = None,
    before: Sequence[tuple[int, int]] = (),
) -> list[tuple[int, int]]:
    """What a contract buys of a busy market within its limits, its caps beside what it bought `before`."""
    used = Counter(key for at, _ in before for key, _ in windows(contract, at))
    sales = []
    for at, units in market(rng, since, until, 8):
        keys = windows(contract, at)
        paused = idle is not None and idle.since <= at < idle.until
        if open_at(contract, at) and not paused and all(used[key] < most for key, most in keys):
            sales.append((at, units))
            used.update(key for key, _ in keys)
    return sales


def windows(contract: Contract, at: int) -> list[tuple[tuple[str, int], int]]:
    return [((cap_key(contract, cap), window_start(cap.window, ZONE, at)), cap.most) for cap in contract.caps]


OFFICE = (Hours((0, 1, 2, 3, 4), 9 * 60, 17 * 60),)
TWENTY = (Cap(Window.DAY, "count", 20),)
A_WEEK = Idle(NOW - 40 * HOUR_MS, NOW + 7 * 24 * HOUR_MS)


@pytest.mark.parametrize(
    ("hours", "caps", "idle", "dollars"),
    [
        ((), TWENTY, None, 5_000),
        (OFFICE, (), None, 4_000),
        (OFFICE, (Cap(Window.WEEK, "count", 60), *TWENTY), None, 5_000),
        ((), (), A_WEEK, 4_000),
        ((), TWENTY, A_WEEK, 5_000),
    ],
)
def test_what_caps_hours_and_pauses_keep_a_contract_from_buying_makes_money_last(
    hours: tuple[Hours, ...], caps: tuple[Cap, ...], idle: Idle | None, dollars: int
) -> None:
    made = replace(contract_of("acme"), zone=ZONE, hours=hours, caps=caps)
    wrong, blind = [], []
    for seed in range(5):
        rng = random.Random(seed)
        past = bought(rng, made, NOW - 28 * 24 * HOUR_MS, NOW, idle)
        used = {cap_key(made, cap): sum(at >= window_start(cap.window, ZONE, NOW) for at, _ in past) for cap in caps}
        told = forecast([Line(by_hour(past), made, used, idle)], dollars * 10_000, ZONE, NOW)
        plain = forecast([Line(by_hour(past))], dollars * 10_000, ZONE, NOW)
        leads, lasts = lasted(bought(rng, made, NOW, NOW + 60 * 24 * HOUR_MS, idle, past), dollars * 10_000)
        assert told is not None and told.hours is not None and plain is not None
        assert abs(told.leads - leads) <= 0.2 * leads
        wrong.append(abs(float(told.hours) - lasts) / lasts)
        blind.append(abs(float(plain.hours or 0) - lasts) / lasts)

    assert sorted(wrong)[len(wrong) // 2] <= 0.12 and sum(each <= 0.2 for each in wrong) >= 4
    assert sum(wrong) <= sum(blind) + 0.1


def test_a_cap_that_was_lowered_today_holds_at_once_and_what_is_paused_for_good_lasts_for_good() -> None:
    rng = random.Random(1)
    past = by_hour(market(rng, NOW - 28 * 24 * HOUR_MS, NOW, 8))
    lowered = replace(contract_of("acme"), zone=ZONE, caps=(Cap(Window.DAY, "money", 10 * PRICE),))
    told = forecast([Line(past, lowered, {cap_key(lowered, lowered.caps[0]): 10 * PRICE})], 50 * PRICE, ZONE, NOW)
    assert told is not None and told.hours is not None
    assert 49 <= told.leads <= 51 and 4 * 24 < told.hours < 5 * 24 + 15  # from tomorrow on ten a day

    paused = forecast([Line(past, lowered, {}, Idle(NOW - HOUR_MS, NEVER))], 50 * PRICE, ZONE, NOW)
    assert paused is not None and paused.hours is None and 45 < paused.leads < 55


def test_two_contracts_burn_together_each_within_its_own_limits() -> None:
    rng = random.Random(2)
    past = by_hour(market(rng, NOW - 28 * 24 * HOUR_MS, NOW, 8))
    capped = replace(contract_of("acme"), zone=ZONE, caps=(Cap(Window.DAY, "count", 5),))
    alone = forecast([Line(past)], 1_000 * PRICE, ZONE, NOW)
    both = forecast([Line(past), Line(past, capped, {})], 1_000 * PRICE, ZONE, NOW)
    assert alone is not None and both is not None and alone.hours is not None and both.hours is not None
    assert abs(alone.leads - both.leads) < 20
    days = float(both.hours) / 24
    assert abs(1_000 * (float(both.hours) / float(alone.hours)) + 5 * days - 1_000) < 30
