"""Days of the week and opening hours as people write them: `mon-fri`, `sat, sun`, `mon-fri 08:00-18:00`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from exchange.model.party import Hours
from exchange.stages.schedule import DAY_MINUTES

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ALL = tuple(range(7))
_SPAN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*(?:-|–|to)\s*([01]?\d|2[0-4]):([0-5]\d)")


def read_days(text: str) -> tuple[int, ...]:
    """`mon-fri`, `sat, sun`, `fri-mon`, `daily`. Raises `ValueError` with the word that is no day."""
    found: list[int] = []
    for part in filter(None, re.split(r"[,\s]+", re.sub(r"\s*(?:-|–| to )\s*", "-", text.strip().lower()))):
        if part in ("daily", "every", "day"):
            return _ALL
        first, _, last = part.partition("-")
        ends = [_day(first), _day(last or first)]
        at = ends[0]
        found.append(at)
        while at != ends[1]:
            at = (at + 1) % 7
            found.append(at)
    return tuple(sorted(set(found)))


def _day(word: str) -> int:
    if word[:3] not in DAYS or not word.isalpha():
        raise ValueError(f"{word[:20]!r} is no day of the week: write mon, tue, wed, thu, fri, sat or sun.")
    return DAYS.index(word[:3])


def show_days(days: Sequence[int]) -> str:
    """`mon-fri`, `sat-sun`, `mon, wed`; every day is `daily`."""
    wanted = sorted(set(days))
    if wanted in ([], list(_ALL)):
        return "daily"
    if wanted == list(range(wanted[0], wanted[-1] + 1)) and len(wanted) > 1:
        return f"{DAYS[wanted[0]]}-{DAYS[wanted[-1]]}"
    return ", ".join(DAYS[day] for day in wanted)


def read_hours(text: str) -> tuple[Hours, ...]:
    """A line each: `mon-fri 08:00-18:00`. Raises `ValueError` with the first line that means no hours."""
    return tuple(_line(line.strip()) for line in re.split(r"[\n;]+", text) if line.strip())


def _line(line: str) -> Hours:
    found = _SPAN.search(line)
    if found is None or line[found.end() :].strip():
        raise ValueError(f"{line[:40]!r} means no hours: write mon-fri 08:00-18:00, one span a line.")
    opens, closes = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if opens == closes or closes > DAY_MINUTES:
        raise ValueError(f"{line[:40]!r} opens and closes at one time, or after midnight: 24:00 ends a day.")
    return Hours(read_days(line[: found.start()]) or _ALL, opens, closes)


def show_hours(hours: Sequence[Hours]) -> str:
    return "\n".join(f"{show_days(each.weekdays)} {_time(each.opens)}-{_time(each.closes)}" for each in hours)


def _time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
