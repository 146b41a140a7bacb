"""Hours and cap windows on ordinary days and on the days when the clocks change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.model.party import Contract, Hours, Window
from exchange.stages.schedule import (
    NEVER,
    OpeningHours,
    ZoneWindows,
    next_opening,
    open_at,
    window_end,
    window_start,
)
from tests.stages.samples import contract

NEW_YORK, LONDON, LORD_HOWE, KATHMANDU = "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu"
ZONES = (NEW_YORK, LONDON, LORD_HOWE, KATHMANDU, "America/Havana", "Africa/Cairo", "UTC")
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
MINUTE = 60_000
# days on which a clock of ZONES changes, and two on which none does
DAYS = (
    "2026-03-08", "2026-11-01", "2026-03-29", "2026-10-25", "2026-04-05", "2026-10-04", "2026-04-24", "2026-10-29",
    "2026-06-15", "2026-12-31",
)  # fmt: skip


def at(text: str) -> int:
    """Epoch milliseconds of an instant written with its offset: `2026-03-08T03:00-04:00`."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def hours(opens: str, closes: str, weekdays: tuple[int, ...] = EVERY_DAY) -> Hours:
    def minutes(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    return Hours(weekdays, minutes(opens), minutes(closes))


def opened(zone: str, *each: Hours) -> Contract:
    return replace(contract(), zone=zone, hours=each)


def test_a_contract_without_hours_is_always_open() -> None:
    assert open_at(contract(), at("2026-11-22T03:00-05:00"))
    assert at("2026-11-22T03:00-05:00") == next_opening(contract(), at("2026-11-22T03:00-05:00"))


def test_opening_is_inclusive_and_closing_is_not() -> None:
    office = opened("America/Phoenix", hours("08:00", "17:00", (0, 1, 2, 3, 4)))

    assert not open_at(office, at("2026-11-20T07:59:59.999-07:00"))
    assert open_at(office, at("2026-11-20T08:00-07:00"))
    assert open_at(office, at("2026-11-20T16:59:59.999-07:00"))
    assert not open_at(office, at("2026-11-20T17:00-07:00"))
    assert at("2026-11-23T08:00-07:00") == next_opening(office, at("2026-11-20T17:00-07:00"))


def test_hours_that_pass_midnight_belong_to_the_day_they_open() -> None:
    friday_night = opened(NEW_YORK, hours("22:00", "02:00", (4,)))

    assert open_at(friday_night, at("2026-11-21T01:59-05:00"))
    assert not open_at(friday_night, at("2026-11-21T02:00-05:00"))
    assert not open_at(friday_night, at("2026-11-20T01:00-05:00"))
    assert not open_at(friday_night, at("2026-11-21T23:00-05:00"))


def test_sunday_night_runs_into_monday() -> None:
    assert open_at(opened(LONDON, hours("23:00", "01:00", (6,))), at("2026-11-23T00:30+00:00"))


def test_hours_until_midnight_and_around_the_clock_leave_no_hole() -> None:
    late = opened(KATHMANDU, hours("18:00", "24:00", (0,)))
    always = opened(KATHMANDU, hours("00:00", "24:00"))

    assert open_at(late, at("2026-11-23T23:59+05:45"))
    assert not open_at(late, at("2026-11-24T00:00+05:45"))
    assert open_at(always, at("2026-11-24T00:00+05:45"))
    assert open_at(opened(KATHMANDU, hours("08:00", "08:00", (0,))), at("2026-11-24T07:59+05:45"))


def test_hours_that_begin_in_the_skipped_hour_begin_at_its_end() -> None:
    gap = opened(NEW_YORK, hours("02:30", "03:30"))

    assert not open_at(gap, at("2026-03-08T01:59:59-05:00"))
    assert at("2026-03-08T03:00-04:00") == next_opening(gap, at("2026-03-08T01:00-05:00"))
    assert open_at(gap, at("2026-03-08T03:29-04:00"))
    assert not open_at(gap, at("2026-03-08T03:30-04:00"))


def test_hours_wholly_in_the_skipped_hour_wait_for_the_next_day() -> None:
    gap = opened(NEW_YORK, hours("02:10", "02:50"))
    yearly = opened(NEW_YORK, hours("02:10", "02:50", (6,)))

    assert at("2026-03-09T02:10-04:00") == next_opening(gap, at("2026-03-08T00:00-05:00"))
    assert at("2026-03-15T02:10-04:00") == next_opening(yearly, at("2026-03-08T00:00-05:00"))


def test_a_repeated_time_counts_both_times() -> None:
    early = opened(NEW_YORK, hours("00:30", "01:30"))

    assert open_at(early, at("2026-11-01T01:15-04:00"))
    assert not open_at(early, at("2026-11-01T01:45-04:00"))
    assert at("2026-11-01T01:00-05:00") == next_opening(early, at("2026-11-01T01:45-04:00"))
    assert open_at(early, at("2026-11-01T01:15-05:00"))


def test_hours_on_no_weekday_never_open() -> None:
    assert next_opening(opened(LONDON, hours("08:00", "17:00", ())), at("2026-11-22T08:00+00:00")) is None


@pytest.mark.parametrize(
    ("zone", "day", "length_hours"),
    [
        (NEW_YORK, "2026-03-08", 23.0),
        (NEW_YORK, "2026-11-01", 25.0),
        (LONDON, "2026-03-29", 23.0),
        (LONDON, "2026-10-25", 25.0),
        (LORD_HOWE, "2026-10-04", 23.5),
        (LORD_HOWE, "2026-04-05", 24.5),
        (KATHMANDU, "2026-03-08", 24.0),
    ],
)
def test_a_day_is_one_window_from_midnight_to_midnight(zone: str, day: str, length_hours: float) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    start = int(midnight.timestamp() * 1000)
    end = start + int(length_hours * 3_600_000)

    assert {start} == {window_start(Window.DAY, zone, moment) for moment in range(start, end, 7 * MINUTE)}
    assert end == window_end(Window.DAY, zone, start)
    assert end == window_start(Window.DAY, zone, end)


def test_an_hour_that_repeats_is_two_windows() -> None:
    first, second = at("2026-11-01T01:40-04:00"), at("2026-11-01T01:40-05:00")

    assert at("2026-11-01T01:00-04:00") == window_start(Window.HOUR, NEW_YORK, first)
    assert at("2026-11-01T01:00-05:00") == window_end(Window.HOUR, NEW_YORK, first)
    assert at("2026-11-01T01:00-05:00") == window_start(Window.HOUR, NEW_YORK, second)
    assert at("2026-11-01T02:00-05:00") == window_end(Window.HOUR, NEW_YORK, second)


def test_half_an_hour_of_daylight_saving_makes_a_short_and_a_long_hour() -> None:
    assert at("2026-10-04T02:30+11:00") == window_start(Window.HOUR, LORD_HOWE, at("2026-10-04T02:45+11:00"))
    assert at("2026-10-04T02:30+11:00") == window_end(Window.HOUR, LORD_HOWE, at("2026-10-04T01:10+10:30"))
    assert at("2026-04-05T01:00+11:00") == window_start(Window.HOUR, LORD_HOWE, at("2026-04-05T01:45+10:30"))
    assert at("2026-04-05T02:00+10:30") == window_end(Window.HOUR, LORD_HOWE, at("2026-04-05T01:10+11:00"))


def test_hours_of_a_zone_off_by_45_minutes_follow_its_clock() -> None:
    assert at("2026-11-22T14:00+05:45") == window_start(Window.HOUR, KATHMANDU, at("2026-11-22T14:59+05:45"))


def test_a_week_begins_on_monday_and_a_month_on_the_first() -> None:
    sunday = at("2026-03-08T23:00-04:00")

    assert at("2026-03-02T00:00-05:00") == window_start(Window.WEEK, NEW_YORK, sunday)
    assert at("2026-03-09T00:00-04:00") == window_end(Window.WEEK, NEW_YORK, sunday)
    assert at("2026-03-01T00:00-05:00") == window_start(Window.MONTH, NEW_YORK, sunday)
    assert at("2026-04-01T00:00-04:00") == window_end(Window.MONTH, NEW_YORK, sunday)
    assert at("2028-03-01T00:00-05:00") == window_end(Window.MONTH, NEW_YORK, at("2028-02-29T12:00-05:00"))


def test_a_total_is_one_window_for_ever() -> None:
    assert 0 == window_start(Window.TOTAL, LONDON, at("2026-11-22T00:00+00:00"))
    assert NEVER == window_end(Window.TOTAL, LONDON, at("2026-11-22T00:00+00:00"))


def test_a_day_whose_midnight_is_skipped_begins_at_one() -> None:
    assert at("2026-04-24T01:00+03:00") == window_start(Window.DAY, "Africa/Cairo", at("2026-04-24T12:00+03:00"))


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(DAYS),
    st.integers(-90, 30 * 60),
    st.sampled_from([Window.HOUR, Window.DAY, Window.WEEK, Window.MONTH]),
)
def test_a_window_holds_its_moment_and_meets_the_next(zone: str, day: str, minutes: int, window: Window) -> None:
    now = int((datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(minutes=minutes)).timestamp()) * 1000
    start, end = window_start(window, zone, now), window_end(window, zone, now)

    assert start <= now < end
    assert start == window_start(window, zone, start) == window_start(window, zone, end - 1)
    assert end == window_start(window, zone, end)


SCHEDULES = st.lists(
    st.builds(
        Hours,
        st.lists(st.integers(0, 6), max_size=7, unique=True).map(tuple),
        st.integers(0, 1_439),
        st.integers(0, 1_440),
    ),
    min_size=1,
    max_size=3,
).map(tuple)


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.sampled_from(DAYS), SCHEDULES, st.lists(st.integers(-120, 36 * 60), max_size=40))
def test_remembered_hours_answer_as_fresh_ones_whichever_way_the_clock_goes(
    zone: str, day: str, schedule: tuple[Hours, ...], minutes: list[int]
) -> None:
    buyer = opened(zone, *schedule)
    remembered, windows = OpeningHours(zone, schedule), ZoneWindows(zone)
    midnight = at(f"{day}T00:00+00:00")

    for now in (midnight + minute * MINUTE for minute in minutes):
        assert open_at(buyer, now) == remembered.open_at(now)
        assert window_start(Window.HOUR, zone, now) == windows.start(Window.HOUR, now)
        assert window_start(Window.DAY, zone, now) == windows.start(Window.DAY, now)
        assert datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).weekday() == windows.weekday(now)


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.sampled_from(DAYS), SCHEDULES, st.integers(0, 1_440))
def test_the_next_opening_is_the_first_open_minute(
    zone: str, day: str, schedule: tuple[Hours, ...], minute: int
) -> None:
    buyer = opened(zone, *schedule)
    now = at(f"{day}T00:00+00:00") + minute * MINUTE
    found = next_opening(buyer, now)
    stop = now + 2 * 86_400_000 if found is None else min(found, now + 2 * 86_400_000)

    assert not any(open_at(buyer, moment) for moment in range(now, stop, 5 * MINUTE))
    assert found is None or open_at(buyer, found)
    assert found is None or found == now or not open_at(buyer, found - 1)
