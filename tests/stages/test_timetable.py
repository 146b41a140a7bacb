"""When something comes round: what a timetable says, on ordinary days and on those that are longer or shorter."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.stages.timetable import DAYS, BadTimetable, Timetable, next_run, read_timetable

NEW_YORK = "America/New_York"
ZONES = (NEW_YORK, "UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo", "America/Phoenix")
texts = st.one_of(
    st.sampled_from(["hourly", "every 1m", "every 15m", "every 2h", "every 24h"]),
    st.builds(
        lambda days, times: f"{','.join(days)} at {','.join(times)}",
        st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True),
        st.lists(st.integers(0, 1_439).map(lambda m: f"{m // 60:02d}:{m % 60:02d}"), min_size=1, max_size=4),
    ),
)
moments = st.integers(1_700_000_000_000, 1_900_000_000_000)


def at(text: str, zone: str = NEW_YORK) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def runs(text: str, after: int, count: int, zone: str = NEW_YORK) -> list[str]:
    found, timetable = [], read_timetable(text)
    for _ in range(count):
        after = next_run(timetable, zone, after)
        found.append(f"{datetime.fromtimestamp(after / 1000, ZoneInfo(zone)):%a %d %H:%M %z}")
    return found


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("every 15m", "2026-11-20 14:32:00", ["Fri 20 14:45 -0500", "Fri 20 15:00 -0500"]),
        ("Hourly", "2026-11-20 14:00:00", ["Fri 20 15:00 -0500", "Fri 20 16:00 -0500"]),
        ("at 18:00, 06:00".replace(", ", ","), "2026-11-20 14:32:00", ["Fri 20 18:00 -0500", "Sat 21 06:00 -0500"]),
        ("mon,thu  at 07:30", "2026-11-20 14:32:00", ["Mon 23 07:30 -0500", "Thu 26 07:30 -0500"]),
        ("fri at 14:32", "2026-11-20 14:32:00", ["Fri 27 14:32 -0500", "Fri 04 14:32 -0500"]),
    ],
)
def test_it_comes_round_as_it_says(text: str, after: str, expected: list[str]) -> None:
    assert expected == runs(text, at(after), 2)


def test_a_time_that_spring_skips_comes_at_the_end_of_the_gap() -> None:
    assert ["Sun 14 03:00 -0400", "Mon 15 02:30 -0400"] == runs("at 02:30", at("2027-03-13 12:00:00"), 2)


def test_a_time_that_autumn_repeats_comes_once() -> None:
    assert ["Sun 01 01:30 -0400", "Mon 02 01:30 -0500"] == runs("at 01:30", at("2026-11-01 00:10:00"), 2)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is none of"),
        ("0 6 * * *", "is none of"),
        ("every 0m", "is none of"),
        ("every 7m", "divides a day evenly"),
        ("every 48h", "divides a day evenly"),
        ("at 24:00", "00:00 to 23:59"),
        ("at 6:00", "00:00 to 23:59"),
        ("at 06:00,", "00:00 to 23:59"),
        ("montag at 06:00", "no day is called 'montag'"),
    ],
)
def test_what_says_nothing_is_refused_with_a_sentence(text: str, problem: str) -> None:
    with pytest.raises(BadTimetable, match=problem):
        read_timetable(text)


@given(texts, st.sampled_from(ZONES), moments)
def test_the_next_run_lies_ahead_within_eight_days_and_nothing_lies_before_it(text: str, zone: str, after: int) -> None:
    timetable = read_timetable(text)
    found = next_run(timetable, zone, after)

    assert after < found <= after + 8 * 86_400_000
    assert found == next_run(timetable, zone, found - 1)
    assert found == next_run(timetable, zone, (after + found) // 2)


@given(st.sampled_from(ZONES), moments)
def test_what_comes_every_so_often_comes_alike_in_every_zone(zone: str, after: int) -> None:
    quarter = Timetable(every_ms=900_000)

    assert next_run(quarter, "UTC", after) == next_run(quarter, zone, after)
    assert 0 == datetime.fromtimestamp(next_run(quarter, zone, after) / 1000, UTC).minute % 15
