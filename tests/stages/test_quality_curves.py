"""What is still to come of a young vertical, and the level that a whole vertical moves to."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from exchange.stages.quality.days import Curves, weights
from exchange.stages.quality.level import levels
from exchange.stages.quality.tail import Curve, fitted
from exchange.stages.score.exposure import estimate, horizon


def seen_by(days: int, mean: float, count: int, seed: int = 1) -> list[tuple[float, float]]:
    """Conversions of leads that came evenly over so many days, told after exponential lags: those known by now."""
    draw = random.Random(seed)
    cases = [(draw.expovariate(1 / mean), draw.uniform(0, days)) for _ in range(count)]
    return [(lag, age) for lag, age in cases if lag <= age]


@pytest.mark.parametrize(("mean", "days"), [(20.0, 28), (20.0, 90), (3.0, 28), (0.4, 28)])
def test_what_comes_later_than_anything_seen_is_foretold(mean: float, days: int) -> None:
    cases = seen_by(days, mean, 1_500)
    curve, near = fitted(cases, 6.0), estimate(cases)
    for age in (days / 8, days / 4, days / 2):
        truth = 1.0 - math.exp(-age / mean)
        # that nothing comes late is believed slowly: of leads of ninety days mostly the newest speak
        assert abs(curve.share(age) - truth) <= max(abs(near.share(age) - truth), 0.06 if days < 90 else 0.12)
    assert curve.share(days) == pytest.approx(min(1.0 - math.exp(-days / mean), 0.98), abs=0.12)
    shares = [curve.share(step / 4) for step in range(-1, 4 * days * 3)]
    assert shares[0] == 0.0 and shares == sorted(shares) and shares[-1] <= 0.98


def test_reports_that_come_very_late_are_not_taken_for_all_there_is() -> None:
    # a quarter of these come after forty days and a tenth after a hundred; the oldest lead is sixty days old
    draw = random.Random(3)
    cases = [(12.9 * (1 / draw.uniform(1e-9, 1.0) - 1.0) ** 0.9, draw.uniform(0, 60)) for _ in range(900)]
    curve = fitted([(lag, age) for lag, age in cases if lag <= age], 6.0)
    for age in (14.0, 28.0, 60.0):
        assert curve.share(age) == pytest.approx(1 / (1 + (12.9 / age) ** (1 / 0.9)), abs=0.07)


def test_buyers_that_grew_faster_are_told_by_their_newer_reports() -> None:
    slow = [(lag, 150.0 + number / 10) for number, (lag, _) in enumerate(seen_by(100, 20.0, 400, seed=2))]
    fast = seen_by(60, 4.0, 400, seed=4)
    now, ever = estimate([*slow, *fast], 6.0, half_days=30.0), estimate([*slow, *fast])
    truth = 1.0 - math.exp(-7.0 / 4.0)
    assert abs(now.share(7.0) - truth) < 0.1 < 0.15 < abs(ever.share(7.0) - truth)
    assert estimate(fast, 6.0, half_days=1e9).shares == pytest.approx(estimate(fast).shares)
    assert 0.0 < estimate([(1.0, 9_000.0 + each) for each in range(40)], half_days=30.0).share(2.0) <= 0.98


def test_little_is_told_by_what_is_usual_and_more_by_what_was_seen() -> None:
    nothing = fitted([], 6.0)
    assert 0.0 == nothing.horizon == horizon([(1.0, 2.0)] * 19) and 1.0 == horizon([(1.0, 2.0)] * 20)
    assert 0.4 < nothing.share(6.0) < 0.75 and Curve().share(6.0) == estimate([]).share(6.0)
    slow = [fitted(seen_by(60, 30.0, count), 6.0).share(10.0) for count in (0, 20, 2_000)]
    assert slow[0] > slow[1] > slow[2] == pytest.approx(1 - math.exp(-1 / 3), abs=0.05)


def days_of(rates: dict[str, Any], sold: int = 40) -> list[dict[str, Any]]:
    """By sub id the rate of each day; a day without one is a day without leads."""
    return [
        {"day": day, "seller_id": "s", "sub_id": sub_id, "sold": sold, "converted": round(sold * rate)}
        for sub_id, by_day in rates.items()
        for day, rate in enumerate(by_day)
        if rate is not None
    ]


def test_a_vertical_that_moved_is_told_at_todays_level_and_one_that_did_not_is_left() -> None:
    moved = levels(days_of({"a": [0.1] * 30 + [0.2] * 15, "b": [0.2] * 30 + [0.4] * 15}), lambda day: 1.0, 44)
    assert moved[44] == 1.0 and moved[5] == pytest.approx(0.5, abs=0.1) and moved[40] == pytest.approx(1.0, abs=0.06)
    still = levels(days_of({"a": [0.1, 0.15, 0.05] * 15}, 20), lambda day: 1.0, 44)
    assert all(abs(level - 1.0) < 0.1 for level in still.values())
    assert {} == levels(days_of({"a": [0.1] * 2}), lambda day: 1.0, 1) == levels([], lambda day: 1.0, 1)
    by_day = {each.day: each for each in weights(44.5, Curves(level=moved))}
    plain = {each.day: each for each in weights(44.5, Curves())}
    assert by_day[44] == plain[44] and by_day[5].share == pytest.approx(plain[5].share * moved[5], abs=2)
    assert (by_day[5].long, by_day[5].back) == (plain[5].long, plain[5].back)


def test_a_step_of_the_level_is_told_within_days_and_young_days_speak_less() -> None:
    days = days_of({"a": [0.1] * 50 + [0.3] * 3})
    stepped = levels(days, lambda day: 1.0, 53)
    assert stepped[40] == pytest.approx(1 / 3, abs=0.08) and stepped[51] == pytest.approx(1.0, abs=0.12)
    late = levels(days_of({"a": [0.1] * 50 + [0.1] * 3}), lambda day: 1.0 if day < 50 else 0.1, 53)
    assert max(late.values()) / min(late.values()) < 1.1  # twelve, where one would have shown by then
    one_day = levels(days_of({"a": [0.1] * 50 + [0.8] + [0.1] * 5}), lambda day: 1.0, 56)
    assert one_day[40] == pytest.approx(1.0, abs=0.1) and one_day[50] > 2.0
    old = levels(days_of({"a": [0.1] * 100 + [0.2] * 80}), lambda day: 1.0, 179)
    assert len(old) == 180 and old[90] == pytest.approx(0.5, abs=0.05) and old[110] == pytest.approx(1.0, abs=0.05)


def test_a_better_source_that_comes_moves_the_mix_and_no_level() -> None:
    mixed = days_of({"old": [0.1] * 60, "new": [None] * 30 + [0.4] * 30})
    found = levels(mixed, lambda day: 1.0, 59)
    assert all(abs(level - 1.0) < 0.1 for level in found.values())
