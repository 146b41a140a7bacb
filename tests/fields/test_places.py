"""The ZIP codes: where they lie, which are near, and what is said of those the table does not know."""

from __future__ import annotations

import math
from zoneinfo import ZoneInfo

import pytest

from exchange.fields import state
from exchange.fields.places import TWO_STATES, TWO_ZONES, Place, Places

PLACES = Places.load()


def miles(one: Place, other: Place) -> float:
    """Great-circle distance the long way, as the check of the fast one."""
    assert one.lat is not None and one.lon is not None and other.lat is not None and other.lon is not None
    a, b = math.radians(one.lat), math.radians(other.lat)
    east = math.radians(other.lon - one.lon)
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(east)
    return 3_958.8 * math.acos(max(-1.0, min(1.0, cosine)))


def place(code: str) -> Place:
    found = PLACES.place(code)
    assert found is not None
    return found


def test_a_zip_gives_its_place() -> None:
    assert PLACES.state_of("85016") == "AZ"
    assert PLACES.city_of("85016") == "Phoenix"
    assert PLACES.zone_of("85016") == "America/Phoenix"
    assert place("85016").area_codes == ("602",)


def test_every_place_has_a_known_state_and_a_real_zone() -> None:
    zones = {zone for zone in PLACES._zones if zone}
    assert set(PLACES._states) == set(state.NAMES)
    assert {ZoneInfo(zone).key for zone in zones} == zones
    assert len(PLACES) > 40_000


def test_military_zips_have_a_state_and_no_place() -> None:
    found = place("09012")
    assert (found.state, found.zone, found.lat) == ("AE", None, None)
    assert PLACES.within("09012", 500) == {"09012"}
    assert "09012" not in PLACES.within("10001", 12_500)


def test_zips_on_a_state_line_lie_in_both_states() -> None:
    for code, states in TWO_STATES.items():
        assert PLACES.state_of(code) in states
        assert all(PLACES.matches(code, name) for name in states)
        assert not PLACES.matches(code, "HI")


@pytest.mark.parametrize("code", ("00000", "99999", "00001", "00012", "", "abcde", "8501"))
def test_fillers_and_test_zips_are_unknown(code: str) -> None:
    known = code in PLACES
    assert not known
    assert PLACES.state_of(code) is None
    assert not PLACES.matches(code, "AK")


def test_a_zip_newer_than_the_table_is_judged_by_its_first_digits() -> None:
    assert "85000" in PLACES and PLACES.place("85000") is None
    assert PLACES.state_of("85000") == "AZ"
    assert PLACES.matches("85000", "AZ")
    assert not PLACES.matches("85000", "NV")
    assert PLACES.zone_of("85000") == "America/Phoenix"
    with pytest.raises(ValueError, match="not a ZIP"):
        PLACES.within("85000", 10)


@pytest.mark.parametrize("radius", (0, 1, 10, 50, 200))
@pytest.mark.parametrize("center", ("85016", "10001", "99501", "96813", "00601", "96799"))
def test_a_radius_holds_exactly_the_zips_within_it(center: str, radius: int) -> None:
    found = PLACES.within(center, radius)
    middle = place(center)
    step = max(1, len(PLACES) // 3_000)
    for code in [*PLACES._zips[::step], *sorted(found)]:
        other = place(code)
        if other.lat is not None:
            away = miles(middle, other)
            if abs(away - radius) > 0.05:
                assert (away < radius) == (code in found), (code, away)
    assert center in found


def test_a_radius_crosses_state_lines_and_the_date_line() -> None:
    assert {PLACES.state_of(code) for code in PLACES.within("10001", 20)} >= {"NY", "NJ"}
    assert len(PLACES.within("85016", 25_000)) == sum(lat != -(2**31) for lat in PLACES._lats)


@pytest.mark.parametrize("wrong", (-1, 30_000, float("nan")))
def test_a_radius_that_is_none_is_told(wrong: float) -> None:
    with pytest.raises(ValueError, match="radius"):
        PLACES.within("85016", wrong)


def test_a_zip_of_two_zones_or_two_states_has_both() -> None:
    assert {"America/Denver", "America/Chicago"} == PLACES.zones_of("59221")
    assert {"MT", "ND"} == PLACES.states_of("59221")
    assert {"America/Phoenix"} == PLACES.zones_of("85016") and {"AZ"} == PLACES.states_of("85016")
    assert frozenset() == PLACES.zones_of("00000") == PLACES.states_of("00000")
    for code, zones in TWO_ZONES.items():
        assert PLACES.zone_of(code) in zones and code in TWO_STATES
