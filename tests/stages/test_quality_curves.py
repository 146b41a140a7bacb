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
        assert abs(curve.share(age) - truth) <= max(abs(near.share(age) - truth), 0.06)
    assert curve.share(days) == pytest.approx(min(1.0 - math.exp(-days / mean), 0.98), abs=0.12)
    shares = [curve.share(step / 4) for step in range(-1, 4 * days * 3)]
    assert shares[0] == 0.0 and shares == sorted(shares) and shares[-1] <= 0.98


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


def test_a_better_source_that_comes_moves_the_mix_and_no_level() -> None:
    mixed = days_of({"old": [0.1] * 60, "new": [None] * 30 + [0.4] * 30})
    found = levels(mixed, lambda day: 1.0, 59)
    assert all(abs(level - 1.0) < 0.1 for level in found.values())
