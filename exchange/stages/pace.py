"""At what pace leads are sold: the shape of a week, and how much is sold now against it.

Few sales make a ragged week, so its hours lean on those of a day and these on an even spread, each as far as too few
sales speak for something else; a day that sold much more than others does not make the shape alone. The level is that
of all sales since the last time it changed for good: the instant that divides the past best, as long as the division is
no luck.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOUR_MS = 3_600_000
_DAY_MS = 24 * HOUR_MS
_LEANING = 16.0  # so many sales of an even spread stand beside those of an hour of the day
_LEANING_WEEK = 12.0  # and so many of the hour of the day beside those of an hour of the week
_NEAR = ((-1, 0.25), (0, 0.5), (1, 0.25))  # an hour of the day is told by those beside it too
_LOUDEST = 4.0  # a day counts for at most so many times the usual one
_LUCK = 8.0  # logarithm of the odds that a division must reach
_TELLING = 5.0  # leads, sold or expected, that tell a level


class Sold(NamedTuple):
    """Leads that were sold within an hour or less from an instant on (epoch ms)."""

    at: int
    leads: int


class Pace(NamedTuple):
    """Leads an hour by the hour of the week (0 to 167, in the zone), and since when (epoch ms) they are sold so."""

    rates: Mapping[int, float]
    zone: ZoneInfo
    since: int

    def at(self, instant: int) -> float:
        return self.rates[place_of(instant, self.zone)]


def place_of(instant: int, zone: ZoneInfo) -> int:
    local = datetime.fromtimestamp(instant // 1000, zone)
    return local.weekday() * 24 + local.hour


def pace(past: Sequence[Sold], zone: ZoneInfo, now: int) -> Pace:
    """What is sold from now on. `past` is in its order and not empty."""
    shape = _shape(_settled(past, now), zone, now)
    level, since = _level(past, shape, now)
    return Pace({place: rate * level for place, rate in shape.rates.items()}, zone, since)


def _settled(past: Sequence[Sold], now: int) -> Sequence[Sold]:
    """Without the last day, where there is a week before it: what is new must not make the shape it is held against."""
    before = [each for each in past if each.at < now - _DAY_MS]
    return before if before and before[-1].at - before[0].at >= 7 * _DAY_MS else past


def _shape(past: Sequence[Sold], zone: ZoneInfo, now: int) -> Pace:
    """Leads an hour over all that is given, by the hour of the week."""
    first, last = past[0].at, past[-1].at if now - past[-1].at > _DAY_MS else now
    hours = range(first - first % HOUR_MS, last + 1, HOUR_MS)
    places = {hour: place_of(hour, zone) for hour in hours}
    days: dict[int, float] = defaultdict(float)
    for each in past:
        days[(each.at - first) // _DAY_MS] += each.leads
    loudest = _LOUDEST * max(median(days.values()), 24.0 / _LOUDEST)
    weights = {day: min(1.0, loudest / leads) for day, leads in days.items()}
    sold: dict[int, float] = defaultdict(float)
    for each in past:
        sold[place_of(each.at, zone)] += each.leads * weights[(each.at - first) // _DAY_MS]
    seen: dict[int, int] = defaultdict(int)
    for place in places.values():
        seen[place] += 1
    even = sum(sold.values()) / len(places)
    by_clock = {}
    for clock in range(24):
        near = [(weight, place) for by, weight in _NEAR for place in range((clock + by) % 24, 168, 24)]
        usual = even * sum(weight * seen[place] for weight, place in near)
        by_clock[clock] = (sum(weight * sold[place] for weight, place in near) + _LEANING) / (usual + _LEANING)
    rates = {}
    for place in range(168):
        usual = even * by_clock[place % 24]
        rates[place] = usual * (sold[place] + _LEANING_WEEK) / (usual * seen[place] + _LEANING_WEEK)
    return Pace(rates, zone, first)


class _Mark(NamedTuple):
    """An instant of the past, with all that was sold and expected since."""

    at: int
    leads: int
    usual: float


def _level(past: Sequence[Sold], shape: Pace, now: int) -> tuple[float, int]:
    """How much is sold now against a shape: since the mark that divides the past best, and again within that."""
    marks = list(_marks(past, shape, now))
    begin, level = marks[-1], 1.0
    while True:
        odds = sorted(((found, mark) for mark in marks if (found := _odds(mark, begin)) > _LUCK), reverse=True)
        told = (_telling(mark, past, shape, now) for _, mark in odds)
        best = next((mark for mark in told if mark is not None), None)
        if best is None:
            return level, begin.at
        begin, level = best, best.leads / best.usual
        marks = [mark for mark in marks if mark.at > best.at]


def _marks(past: Sequence[Sold], shape: Pace, now: int) -> Iterator[_Mark]:
    """Where the past may be divided, the newest first: where something was sold, and where a silence began."""
    leads, usual, after = 0, 0.0, now
    for each in reversed(past):
        if after - each.at > HOUR_MS:
            quiet = each.at + HOUR_MS
            usual, after = usual + expected(shape, quiet, after), quiet
            yield _Mark(after, leads, usual)
        leads, usual, after = leads + each.leads, usual + expected(shape, each.at, after), each.at
        yield _Mark(after, leads, usual)


def _odds(mark: _Mark, begin: _Mark) -> float:
    """How much better two levels, before and since a mark, explain what was sold since `begin` than one does."""
    before, usual_before = begin.leads - mark.leads, begin.usual - mark.usual
    if usual_before <= 0 or mark.usual <= 0:
        return 0.0
    return _fit(before, usual_before) + _fit(mark.leads, mark.usual) - _fit(begin.leads, begin.usual)


def _fit(leads: int, usual: float) -> float:
    return leads * math.log(leads / usual) if leads else 0.0


def _telling(mark: _Mark, past: Sequence[Sold], shape: Pace, now: int) -> _Mark | None:
    """The mark, if enough was sold or missed since; its second half where a burst came first, since what comes after
    it is the pace; None where nearly all came in the second: that may be a batch."""
    if not _enough(mark):
        return None
    half = now - (now - mark.at) // 2
    late = _Mark(half, sum(each.leads for each in past if each.at >= half), expected(shape, half, now))
    share = late.usual / mark.usual
    if 2 * (mark.leads - late.leads) < mark.leads * (1 - share):
        return None
    if 2 * late.leads < mark.leads * share:
        return late if _enough(late) else None
    return mark


def _enough(mark: _Mark) -> bool:
    return max(float(mark.leads), mark.usual) >= _TELLING


def expected(shape: Pace, since: int, until: int) -> float:
    """What a shape says of a time, its broken hours included."""
    total, start = 0.0, since
    while start < until:
        end = min(start - start % HOUR_MS + HOUR_MS, until)
        total += shape.at(start) * (end - start) / HOUR_MS
        start = end
    return total
