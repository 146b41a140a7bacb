"""What a reached lead promises: found again where it is known, and nothing where buyers only tell of conversions."""

from __future__ import annotations

import random

import pytest

from exchange.stages.quality.cohorts import cohorts
from exchange.stages.quality.days import Curves, weights
from exchange.stages.quality.promise import NO_PROMISE, Promise, Reached, promise
from exchange.stages.quality.tail import fitted
from tests.stages.test_quality import day

TODAY, REACHED, CONVERT, EARLY, MEAN = 60, 30, 0.5, 0.3, 12.0


def seen(lost: float = 0.0) -> tuple[Promise, dict[int, tuple[int, int]]]:
    """Of 60 days with thirty leads reached on each, of which half convert: the promise, and by day those that are
    converted by now and those that are open. `lost` of the others are told to be within days.
    """
    draw, told = random.Random(3), list[Reached]()
    days = {at: [0, 0] for at in range(TODAY)}
    for number in range(TODAY * REACHED):
        sold, after = number // REACHED, draw.expovariate(1 / MEAN) if draw.random() < CONVERT else 1e9
        age, ended = TODAY - sold - 0.5, after == 1e9 and draw.random() < lost
        came = EARLY + after < age
        days[sold][0] += came
        days[sold][1] += not came and not (ended and age > 3)
        if came:
            told.append(Reached(EARLY, after, age))
    rows = [{"day": at, "reached": REACHED, "came": came, "still": still} for at, (came, still) in days.items()]
    ages = {at: TODAY - at - 0.5 for at in days}
    return promise({"acme"}, told, rows, ages), {at: (came, still) for at, (came, still) in days.items()}


def test_what_was_reached_counts_for_what_becomes_of_it() -> None:
    found, days = seen()
    assert CONVERT == pytest.approx(found.share, abs=0.08) and 1.0 == pytest.approx(found.kept, abs=0.1)
    assert CONVERT == pytest.approx(found.chance(0.5), abs=0.08) and found.chance(40.0) < 0.2 < found.chance(12.0)
    young = sum(came + still * found.chance(TODAY - at - 0.5) for at, (came, still) in days.items() if at >= 40)
    assert 20 * REACHED * CONVERT == pytest.approx(young, rel=0.1)
    ended, _ = seen(lost=0.6)  # of those that are open still, more convert
    assert ended.chance(6.0) > found.chance(6.0) + 0.05


def test_a_cohort_is_told_by_what_it_promises_and_shows_what_was_reported() -> None:
    found, days = seen()
    cases = [(EARLY + MEAN * part / 10, 60.0) for part in range(1, 40)]
    curves = Curves(conversion=fitted(cases, 6.0), promise=found)
    rows = [
        {**day(at, 100, came), "early_open": 100, "early_reached": still}
        for at, (came, still) in days.items()
        if at > 30
    ]
    plain = [{**row, "early_open": 0, "early_reached": 0} for row in rows]
    told, before = cohorts(rows, float(TODAY), curves)[-2], cohorts(plain, float(TODAY), curves)[-2]
    assert told.shown == before.shown and told.converted == before.converted
    assert REACHED * CONVERT / 100 == pytest.approx(told.conversion.value, abs=0.03)
    low, high = told.conversion.bounds
    assert high - low < before.conversion.bounds[1] - before.conversion.bounds[0]


def test_who_tells_of_conversions_alone_promises_nothing() -> None:
    assert NO_PROMISE == promise({"acme"}, [Reached(9.0, 0.0, 30.0)] * 50, [], {})
    assert all(0 == each.promise == each.promise_share for each in weights(60.0, Curves(), 5))
