"""When something comes round: `every 15m`, `hourly`, `at 06:00,18:00`, `mon,thu at 07:30`.

Times are what a clock on the wall shows in a zone. One that spring skips comes at the end of the gap, one that autumn
repeats comes the first time only. `every` counts from midnight UTC, so that all processes agree without asking.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from exchange.stages.schedule import wall_instant

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LEAST_MS = 60_000
MOST_MS = 86_400_000
_EVERY = re.compile(r"every ([1-9][0-9]{0,3})([mh])")
_AT = re.compile(r"(?:(?P<days>[a-z,]+) )?at (?P<times>[0-9:,]+)")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_UNIT_MS = {"m": 60_000, "h": 3_600_000}


class BadTimetable(ValueError):
    """The sentence says what is wrong."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """Either `every_ms`, or minutes of the local day on weekdays (0 Monday … 6 Sunday)."""

    every_ms: int = 0
    weekdays: frozenset[int] = frozenset()
    minutes: tuple[int, ...] = ()


def read_timetable(text: str) -> Timetable:
    """Raises `BadTimetable`."""
    text = " ".join(text.lower().split())
    if text == "hourly":
        return Timetable(every_ms=3_600_000)
    if found := _EVERY.fullmatch(text):
        every_ms = int(found[1]) * _UNIT_MS[found[2]]
        if not LEAST_MS <= every_ms <= MOST_MS or MOST_MS % every_ms:
            raise BadTimetable(f"{text!r}: what comes every so often divides a day evenly, such as 5m, 15m, 2h or 24h")
        return Timetable(every_ms=every_ms)
    if found := _AT.fullmatch(text):
        days = found["days"].split(",") if found["days"] else list(DAYS)
        unknown = [day for day in days if day not in DAYS]
        times = [_TIME.fullmatch(each) for each in found["times"].split(",")]
        if unknown:
            raise BadTimetable(f"{text!r}: no day is called {unknown[0]!r}; days are {', '.join(DAYS)}")
        if not all(times):
            raise BadTimetable(f"{text!r}: times are 00:00 to 23:59, with commas between them")
        minutes = sorted({int(each[1]) * 60 + int(each[2]) for each in times if each})
        return Timetable(weekdays=frozenset(DAYS.index(day) for day in days), minutes=tuple(minutes))
    raise BadTimetable(f"{text!r} is none of: every 15m, hourly, at 06:00,18:00, mon,thu at 07:30")


def next_run(timetable: Timetable, zone: str, after: int) -> int:
    """The first instant after `after` at which it comes round."""
    if timetable.every_ms:
        return after - after % timetable.every_ms + timetable.every_ms
    place = ZoneInfo(zone)
    today = datetime.fromtimestamp(after // 1000, place).date()
    return next(at for at in _instants(timetable, place, today) if at > after)


def _instants(timetable: Timetable, place: ZoneInfo, day: date) -> Iterator[int]:
    """Every instant from the day before on: near midnight a day may begin before its date is shown."""
    ahead = day - timedelta(days=1)
    while True:
        if ahead.weekday() in timetable.weekdays:
            midnight = datetime(ahead.year, ahead.month, ahead.day)
            for minute in timetable.minutes:
                yield wall_instant(midnight + timedelta(minutes=minute), place) * 1000
        ahead += timedelta(days=1)
