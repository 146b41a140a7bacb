"""How well a whole vertical converted from day to day: what it brings now is told apart from who brings it.

A buyer's campaign, a season or a new offer moves all sources at once. A lead of a day on which everybody converted at
half of today's rate counts as half a lead, so that sources are told at today's level. The mix of sources is taken out:
a day's conversions stand beside those that its own sources would have brought. How fast the level moves is learned: of
several half-lives each weighs as it foretold the next day, and no movement at all is believed first.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
Day = dict[int, float]
_HALF_LIVES: tuple[tuple[float, float], ...] = ((math.inf, 0.0), (60.0, 3.0), (30.0, 4.0), (14.0, 5.0), (7.0, 6.0))
"""In days, each with the odds (as a log) that must speak for it before it is believed as much as no movement."""
_LEAST = 10  # conversions, before anything is said
_PRIOR = 3.0  # conversions that count for no movement
_SOURCE_PRIOR = 30.0  # leads
_ROUNDS = 2
_SMALL = 1e-3


def levels(rows: Iterable[Row], share: Callable[[int], float], today: int) -> dict[int, float]:
    """By day, the level beside that of today; empty while too little is known.

    `rows` hold `day`, a source's `seller_id` and `sub_id`, and its `sold` and `converted` of that day; `share` is how
    much of a day's conversions is reported by now.
    """
    cells = [
        (row["day"], (row["seller_id"], row["sub_id"]), row["converted"], row["sold"] * share(row["day"]))
        for row in rows
    ]
    hits = sum(converted for _, _, converted, _ in cells)
    if hits < _LEAST:
        return {}
    base = hits / max(sum(of for *_, of in cells), hits)
    came: Day = defaultdict(float)
    for day, _, converted, _ in cells:
        came[day] += converted
    found: dict[int, float] = {}
    for _ in range(_ROUNDS):
        found = _smoothed(came, _expected(cells, base, found), today)
    now = found[today]
    return {day: level / now for day, level in found.items()}


def _expected(cells: Iterable[tuple[int, object, int, float]], base: float, level: Mapping[int, float]) -> Day:
    """What each day's own sources would have brought at their usual rates."""
    cells = list(cells)
    known: dict[object, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for day, source, converted, of in cells:
        known[source][0] += converted
        known[source][1] += of * level.get(day, 1.0)
    rates = {source: (hits + _SOURCE_PRIOR * base) / (of + _SOURCE_PRIOR) for source, (hits, of) in known.items()}
    found: Day = defaultdict(float)
    for day, source, _, of in cells:
        found[day] += of * rates[source]
    return found


def _smoothed(came: Day, expected: Day, today: int) -> dict[int, float]:
    days = range(min(expected), today + 1)
    told = [(_foretells(came, expected, half) - odds, half) for half, odds in _HALF_LIVES]
    best = max(each for each, _ in told)
    weights = [(math.exp(each - best), half) for each, half in told]
    whole = sum(weight for weight, _ in weights)
    found: dict[int, float] = dict.fromkeys(days, 0.0)
    for weight, half in weights:
        if weight / whole > _SMALL:
            for day, level in _around(came, expected, half, days):
                found[day] += level * weight
    left = sum(weight for weight, _ in weights if weight / whole > _SMALL)
    return {day: level / left for day, level in found.items()}


def _kept(half: float) -> float:
    return math.exp2(-1.0 / half)


def _foretells(came: Day, expected: Day, half: float) -> float:
    """How well the days before foretold each day's conversions: the log of their chance, but for what is the same."""
    keep, told, hits, of, before = _kept(half), 0.0, 0.0, 0.0, min(expected)
    for day in sorted(expected):
        fade = keep ** (day - before)
        hits, of, before = hits * fade, of * fade, day
        foretold = (hits + _PRIOR) / (of + _PRIOR) * expected[day]
        if foretold > 0.0:
            told += came.get(day, 0.0) * math.log(foretold) - foretold
        hits, of = hits + came.get(day, 0.0), of + expected[day]
    return told


def _around(came: Day, expected: Day, half: float, days: range) -> Iterable[tuple[int, float]]:
    """The level of each day from those around it."""
    keep = _kept(half)
    before: dict[int, tuple[float, float]] = {}
    hits = of = 0.0
    for day in days:
        hits, of = hits * keep + came.get(day, 0.0), of * keep + expected.get(day, 0.0)
        before[day] = hits, of
    hits = of = 0.0
    for day in reversed(days):
        yield day, (before[day][0] + hits + _PRIOR) / (before[day][1] + of + _PRIOR)
        hits, of = (hits + came.get(day, 0.0)) * keep, (of + expected.get(day, 0.0)) * keep
