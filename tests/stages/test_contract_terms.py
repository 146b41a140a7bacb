"""The terms of a contract as texts: what is shown is read again as the same, and every slip is told by its field."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.model.party import Cap, Contract, Geo, Hours, Window
from exchange.stages.contract_term_list import TERMS
from exchange.stages.contract_terms import BadTerms, differences, typed_of, with_typed
from tests.market import contract, usd

RICH = replace(
    contract("acme", price=usd("28"), shared_price=usd("12"), max_bid=usd("60")),
    geo=Geo(states=("AZ", "NV"), zips=frozenset({"85016", "85018"}), center_zip="85016", radius_miles=30),
    caps=(
        Cap(Window.DAY, "count", 40),
        Cap(Window.WEEK, "money", 5_000_000),
        Cap(Window.DAY, "count", 10, (5, 6)),
    ),
    hours=(Hours((0, 1, 2, 3, 4), 480, 1_080), Hours((5,), 600, 720)),
    zone="America/Phoenix",
    consent=("jornaya_leadid", "tcpa_consent"),
    settings=(("campaign", "AZ-7"),),
    min_grade="B",
    budget=usd("10000"),
)
TYPED = {
    "caps_by_day": "10 leads a day on sat-sun",
    "hours": "mon-fri 08:00-18:00\nsat 10:00-12:00",
    "states": "AZ, NV",
    "zips": "85016, 85018",
    "cap_day_count": "40",
    "cap_week_money": "500.00",
    "unclear_after_ms": "1 d",
    "give_up_ms": "1 d",
    "pricing": "fixed",
    "price": "28.00",
    "settings": "campaign = AZ-7",
}


def test_terms_are_shown_as_people_write_them() -> None:
    shown = typed_of(RICH)

    assert TYPED == {name: shown[name] for name in TYPED}
    assert len(TERMS) == len(shown), "two terms have one name"


@pytest.mark.parametrize("made", [RICH, contract("birch"), replace(contract("birch"), tier=3, per_second=2.5)])
def test_what_is_shown_is_read_again_as_the_same(made: Contract) -> None:
    again = with_typed(made, typed_of(made))

    assert replace(made, caps=()) == replace(again, caps=())
    assert set(made.caps) == set(again.caps)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("states", "Arizona", "two letters"),
        ("zips", "8501", "five digits"),
        ("cap_day_count", "many", "whole number of leads"),
        ("cap_day_money", "-5", "zero or more"),
        ("caps_by_day", "10 on weekends", "10 leads a day on sat-sun"),
        ("caps_by_day", "10 a day on someday", "no day of the week"),
        ("hours", "whenever", "mon-fri 08:00-18:00"),
        ("hours", "mon 08:00-08:00", "at one time"),
        ("zone", "Mars/Base", "America/Phoenix"),
        ("price", "free", "amount such as 32.00"),
        ("price", "0", "above zero"),
        ("price_rules", "cheap", ""),
        ("tier", "0", "1 to 99"),
        ("max_fraud", "101", "0 to 100"),
        ("sale_mode", "rented", "Choose one of"),
        ("min_grade", "Z", "Choose one of"),
        ("sub_ids", "pop-19", "colon"),
        ("settings", "campaign", "name = value"),
        ("unclear_after_ms", "soon", "24 h"),
        ("give_up_ms", "400 d", "between 1 s and 90 d"),
        ("per_second", "fast", "number of pings"),
        ("name", " ", "1 to 120"),
    ],
)
def test_every_slip_is_told_by_its_field(name: str, text: str, told: str) -> None:
    with pytest.raises(BadTerms) as error:
        with_typed(RICH, {name: text})

    assert [name] == [each.field for each in error.value.wrong]
    assert told in error.value.wrong[0].message


def test_all_slips_are_told_at_once_and_sections_that_are_not_asked_are_left_alone() -> None:
    typed = {"tier": "0", "states": "Arizona", "cap_day_count": "7"}

    with pytest.raises(BadTerms) as error:
        with_typed(RICH, typed)
    changed = with_typed(RICH, typed, ("caps",))

    assert ["tier", "states"] == [each.field for each in error.value.wrong]
    told = [(each.name, each.before, each.after) for each in differences(RICH, changed)]
    assert [("cap_day_count", "40", "7")] == told


def test_a_fixed_price_turns_to_bidding_and_back() -> None:
    live = with_typed(RICH, {"pricing": "live", "price": "28.00", "price_rules": "grade=A -> 30.00"})
    fixed = with_typed(live, {"pricing": "fixed", "price": "31.00"})

    assert (None, None, ()) == (live.price, live.shared_price, live.price_rules)
    assert usd("31") == fixed.price
