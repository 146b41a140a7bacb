"""Hours of the day, over midnight too, as the clock on the wall shows them on days when it changes."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from exchange.model.hours import Hours, opens_at, read_hours

NEW_YORK = "America/New_York"


def at(text: str, zone: str = NEW_YORK) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("09:00-17:30", Hours(540, 1050)),
        (" 9:00 - 17:30 ", Hours(540, 1050)),
        ("22:00 to 6:00", Hours(1320, 360)),
        ("08:00-24:00 America/Phoenix", Hours(480, 1440, "America/Phoenix")),
        *(
            (text, None)
            for text in ("", "9-17", "09:00", "09:00-09:00", "25:00-26:00", "09:00-24:30", "9:00-17:00 Mars")
        ),
    ],
)
def test_hours_are_read_or_refused(text: str, hours: Hours | None) -> None:
    assert hours == read_hours(text)
    assert hours is None or hours == read_hours(hours.text)


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        ("09:00-17:30", "2026-11-21 09:00", "2026-11-21 09:00"),
        ("09:00-17:30", "2026-11-21 17:29", "2026-11-21 17:29"),
        ("09:00-17:30", "2026-11-21 17:30", "2026-11-22 09:00"),
        ("09:00-17:30", "2026-11-21 03:00", "2026-11-21 09:00"),
        ("22:00-06:00", "2026-11-21 23:00", "2026-11-21 23:00"),
        ("22:00-06:00", "2026-11-21 05:59", "2026-11-21 05:59"),
        ("22:00-06:00", "2026-11-21 06:00", "2026-11-21 22:00"),
        ("09:00-17:30", "2026-10-31 18:00", "2026-11-01 09:00"),  # the clock goes back in that night
        ("09:00-17:30", "2026-03-07 18:00", "2026-03-08 09:00"),  # and forward in this one
    ],
)
def test_when_they_begin(hours: str, now: str, opens: str) -> None:
    found = read_hours(hours)
    assert found is not None
    assert at(opens) == opens_at(found, NEW_YORK, at(now))


def test_a_zone_of_its_own_counts_before_the_exchanges() -> None:
    hours = read_hours("09:00-17:00 America/Phoenix")
    assert hours is not None
    assert at("2026-11-21 09:00", "America/Phoenix") == opens_at(hours, NEW_YORK, at("2026-11-21 10:00"))


def test_an_hour_that_the_clock_skips_begins_all_the_same() -> None:
    hours = read_hours("02:30-04:00")
    assert hours is not None
    now = at("2026-03-08 01:00")
    opens = opens_at(hours, NEW_YORK, now)
    assert now < opens <= at("2026-03-08 03:31")
