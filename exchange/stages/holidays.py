"""Days on which banks do not work: the Federal Reserve's in the United States, T2's (TARGET) in Europe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache


def ach_day(after: date) -> date:
    """The first day after this one on which the Federal Reserve settles ACH payments."""
    return _next(after, _is_fed_holiday)


def sepa_day(after: date) -> date:
    """The first day after this one on which T2 settles SEPA payments."""
    return _next(after, _is_t2_holiday)


def _next(after: date, is_holiday: Callable[[date], bool]) -> date:
    day = after + timedelta(days=1)
    while day.weekday() >= 5 or is_holiday(day):
        day += timedelta(days=1)
    return day


def _is_fed_holiday(day: date) -> bool:
    """One on a Sunday is kept on Monday; one on a Saturday is not kept at all."""
    kept = federal_holidays(day.year)
    return day in kept or (day.weekday() == 0 and day - timedelta(days=1) in kept)


def _is_t2_holiday(day: date) -> bool:
    easter = _easter(day.year)
    fixed = ((1, 1), (5, 1), (12, 25), (12, 26))
    return (day.month, day.day) in fixed or day in (easter - timedelta(days=2), easter + timedelta(days=1))


@lru_cache(maxsize=8)
def federal_holidays(year: int) -> frozenset[date]:
    """The days themselves, on whatever weekday they fall."""
    fixed = {date(year, month, day) for month, day in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))}
    mondays = {_nth(year, month, 0, number) for month, number in ((1, 3), (2, 3), (9, 1), (10, 2))}
    memorial = _nth(year, 6, 0, 1) - timedelta(days=7)
    return frozenset(fixed | mondays | {memorial, _nth(year, 11, 3, 4)})


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """The `number`-th such weekday (0 Monday) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian rule."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    (i, k) = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
