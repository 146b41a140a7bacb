"""When a consumer may be called: a table of moments, clocks that change, and the stricter of two places."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.fields.area_codes import AREAS, zones_of_number
from exchange.fields.places import Places
from exchange.fields.table import packaged
from exchange.stages.calling import (
    ANYWHERE,
    Whereabouts,
    calling_rules,
    is_holiday,
    may_call,
    next_call,
    whereabouts,
    why_not,
)
from tests.market import read_once

PHOENIX, DALLAS, MIAMI, NEW_YORK, BOISE = (
    *("America/Phoenix", "America/Chicago", "America/New_York", "America/New_York", "America/Boise"),
)
HOUR_MS = 3_600_000
state_of = packaged(AREAS).value.state_of


def at(text: str, zone: str) -> int:
    """`Sat 2026-11-21 08:00` on the clock of a zone, in epoch ms."""
    return int(datetime.strptime(text, "%a %Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def place(zone: str, *states: str) -> Whereabouts:
    return Whereabouts(frozenset({zone}), frozenset(states))


@pytest.mark.parametrize(
    ("where", "moment", "allowed"),
    [
        (place(PHOENIX, "AZ"), "Fri 2026-11-20 07:59", False),
        (place(PHOENIX, "AZ"), "Fri 2026-11-20 08:00", True),
        (place(PHOENIX, "AZ"), "Fri 2026-11-20 20:59", True),
        (place(PHOENIX, "AZ"), "Fri 2026-11-20 21:00", False),
        (place(DALLAS, "TX"), "Fri 2026-11-20 08:59", False),
        (place(DALLAS, "TX"), "Fri 2026-11-20 09:00", True),
        (place(DALLAS, "TX"), "Sun 2026-11-22 11:59", False),
        (place(DALLAS, "TX"), "Sun 2026-11-22 12:00", True),
        (place(MIAMI, "FL"), "Fri 2026-11-20 20:00", False),
        (place(MIAMI, "FL"), "Fri 2026-11-20 19:59", True),
        (place("America/Los_Angeles", "WA"), "Fri 2026-11-20 20:00", False),
        (place(DALLAS, "OK"), "Fri 2026-11-20 20:00", False),
        (place(DALLAS, "AL"), "Sun 2026-11-22 13:00", False),
        (place(DALLAS, "AL"), "Thu 2026-11-26 13:00", False),  # Thanksgiving
        (place(DALLAS, "TX"), "Thu 2026-11-26 13:00", True),
        (place(NEW_YORK, "RI"), "Sat 2026-11-21 16:59", True),
        (place(NEW_YORK, "RI"), "Sat 2026-11-21 17:00", False),
        (place(DALLAS, "SD"), "Sat 2026-11-21 12:00", False),
        (place(NEW_YORK, "NY", "FL"), "Fri 2026-11-20 20:30", False),  # moved with a number of Florida
        (place(NEW_YORK), "Sun 2026-03-08 08:00", True),  # an hour after the clocks went forward
        (place(NEW_YORK), "Sun 2026-03-08 07:59", False),
        (place(NEW_YORK), "Sun 2026-11-01 08:00", True),  # after they went back
        (place(NEW_YORK), "Sun 2026-11-01 07:59", False),
    ],
)
def test_the_table_holds_by_the_consumers_clock(where: Whereabouts, moment: str, allowed: bool) -> None:
    assert allowed is may_call(where, at(moment, next(iter(where.zones))))


def test_daylight_saving_moves_the_hour_by_which_we_count() -> None:
    before = at("Sat 2026-03-07 08:00", NEW_YORK) % (24 * HOUR_MS)
    after = at("Sun 2026-03-08 08:00", NEW_YORK) % (24 * HOUR_MS)

    assert (13 * HOUR_MS, 12 * HOUR_MS) == (before, after)


def test_who_may_be_in_two_zones_is_called_when_both_are_awake() -> None:
    where = whereabouts(
        frozenset({PHOENIX}), frozenset({"AZ"}), zones_of_number("+12125550142"), state_of("+12125550142")
    )

    assert Whereabouts(frozenset({PHOENIX, NEW_YORK}), frozenset({"AZ", "NY"})) == where
    assert not may_call(where, at("Fri 2026-11-20 09:30", NEW_YORK))  # 07:30 in Phoenix
    assert may_call(where, at("Fri 2026-11-20 10:00", NEW_YORK))
    assert not may_call(where, at("Fri 2026-11-20 19:00", PHOENIX))  # 21:00 in New York


def test_nobody_is_called_who_might_be_anywhere() -> None:
    free = whereabouts(frozenset(), frozenset(), zones_of_number("+18005550142"), state_of("+18005550142"))

    assert len(zones_of_number("+18005550142")) > 20
    assert frozenset() == free.zones
    assert "Nobody knows what time it is where they are." == why_not(free, at("Fri 2026-11-20 12:00", PHOENIX))
    assert None is next_call(free, at("Fri 2026-11-20 12:00", PHOENIX))


def test_a_toll_free_number_leaves_the_zip_code_its_word() -> None:
    where = whereabouts(frozenset({PHOENIX}), frozenset({"AZ"}), zones_of_number("+18005550142"), None)

    assert may_call(where, at("Fri 2026-11-20 12:00", PHOENIX))


def test_the_next_hour_goes_past_nights_weekends_and_holidays() -> None:
    alabama = place(DALLAS, "AL")

    assert at("Mon 2026-11-23 08:00", DALLAS) == next_call(alabama, at("Sat 2026-11-21 20:30", DALLAS))
    assert at("Fri 2026-11-27 08:00", DALLAS) == next_call(alabama, at("Wed 2026-11-25 20:00", DALLAS))
    now = at("Fri 2026-11-20 12:07", DALLAS)
    assert now == next_call(alabama, now)


@pytest.mark.parametrize(
    "day",
    [
        *("2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-07-03", "2026-07-04"),
        *("2026-09-07", "2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25", "2027-07-05", "2027-12-31"),
    ],
)
def test_federal_holidays_and_the_days_they_are_kept_on(day: str) -> None:
    assert is_holiday(date.fromisoformat(day))


def test_a_year_has_few_holidays() -> None:
    days = [date.fromordinal(date(2026, 1, 1).toordinal() + number) for number in range(365)]

    assert 12 == sum(is_holiday(day) for day in days)  # eleven, one of them on a Saturday and kept on the Friday too


def test_every_row_of_the_table_names_its_source_and_is_no_looser_than_the_federal_rule() -> None:
    rules = calling_rules()
    federal = rules[ANYWHERE]

    assert {"FL", "OK", "TX", "WA"} <= rules.keys()
    for rule in rules.values():
        assert rule.source and len(rule.state) in (1, 2)
        for own in (rule.weekdays, rule.saturday, rule.sunday, rule.holidays):
            assert own is None or (federal.weekdays is not None and federal.weekdays[0] <= own[0] < own[1] <= 1260)


@given(
    st.lists(st.sampled_from(["America/Phoenix", "America/New_York", "Pacific/Honolulu"]), min_size=1, max_size=2),
    st.lists(st.sampled_from([*calling_rules(), "AZ"]), max_size=2),
    st.integers(1_790_000_000, 1_800_000_000),
)
def test_a_place_more_never_allows_what_one_of_them_forbids(zones: list[str], states: list[str], second: int) -> None:
    both = may_call(Whereabouts(frozenset(zones), frozenset(states)), second * 1000)
    each = [may_call(place(zone, *states[:count]), second * 1000) for zone in zones for count in range(len(states) + 1)]

    assert not both or all(each)


def test_area_codes_are_of_the_state_most_of_their_zip_codes_lie_in() -> None:
    places: Places = read_once()[1]

    assert ("AZ", "WY", "NY") == tuple(state_of(f"+1{code}5550142") for code in (602, 307, 212))
    assert None is state_of("+442079460018")
    assert None is state_of("+18005550142")
    phoenix = places.place("85016")
    assert phoenix is not None and all(state_of(f"+1{code}5550142") == "AZ" for code in phoenix.area_codes)
    assert frozenset() == zones_of_number("no number")
