"""What one sale takes of a contract's caps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from exchange.model.party import Cap, Hours, SaleMode, Window
from exchange.stages.caps import best_price, budget_key, cap_key, cap_parts, cap_windows, least_price
from tests.stages.samples import NOW, contract, usd

DAILY, MONTHLY_MONEY = Cap(Window.DAY, "count", 40), Cap(Window.MONTH, "money", usd("500").units)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_a_count_cap_takes_one_and_a_money_cap_takes_the_price() -> None:
    capped = replace(contract(), caps=(DAILY, MONTHLY_MONEY), zone="America/New_York")
    day, month = at("2026-11-21T00:00-05:00"), at("2026-11-01T00:00-04:00")

    assert [
        ("ct_1:day:count", day, 1, 40, "cap:day"),
        ("ct_1:month:money", month, usd("25").units, usd("500").units, "cap:month"),
    ] == [
        (part.key, part.window_start, part.amount, part.most, part.name) for part in cap_parts(capped, usd("25"), NOW)
    ]


def test_a_budget_is_a_money_cap_over_the_whole_life() -> None:
    (part,) = cap_parts(replace(contract(), budget=usd("500")), usd("25"), NOW)

    assert ("ct_1:budget", 0, usd("25").units, usd("500").units, "budget") == (
        part.key,
        part.window_start,
        part.amount,
        part.most,
        part.name,
    )


def test_a_cap_holds_only_on_its_weekdays_of_its_own_zone() -> None:
    weekend = Cap(Window.DAY, "count", 10, (5, 6))
    sydney = replace(contract(), caps=(weekend,), zone="Australia/Sydney")
    saturday_there_friday_here = at("2026-11-20T20:00+00:00")

    assert ["ct_1:day:count:56"] == [part.key for part in cap_parts(sydney, usd("25"), saturday_there_friday_here)]
    assert () == cap_parts(replace(sydney, zone="UTC"), usd("25"), saturday_there_friday_here)
    assert () == cap_windows(replace(sydney, zone="UTC"), saturday_there_friday_here)


def test_caps_of_different_weekdays_count_apart_and_a_new_limit_keeps_the_use() -> None:
    week, weekend = Cap(Window.DAY, "count", 40, (0, 1, 2, 3, 4)), Cap(Window.DAY, "count", 10, (6, 5))

    assert cap_key(contract(), week) != cap_key(contract(), weekend)
    assert cap_key(contract(), weekend) == cap_key(contract(), Cap(Window.DAY, "count", 99, (5, 6)))
    assert cap_key(contract(), weekend) == cap_key(replace(contract(), version=9), weekend)


def test_two_caps_with_one_key_are_held_once_at_the_lower_limit() -> None:
    twice = replace(contract(), caps=(Cap(Window.DAY, "count", 50), DAILY, Cap(Window.DAY, "count", 60)))

    assert [40] == [part.most for part in cap_parts(twice, usd("25"), NOW)]


def test_a_cap_window_changes_at_midnight_of_the_contract_also_on_a_long_day() -> None:
    capped = replace(contract(), caps=(DAILY,), zone="America/New_York")
    ((_, before),) = cap_windows(capped, at("2026-11-01T23:59:59-05:00"))
    ((_, after),) = cap_windows(capped, at("2026-11-02T00:00-05:00"))

    assert at("2026-11-01T00:00-04:00") == before
    assert at("2026-11-02T00:00-05:00") == after


def test_what_a_contract_may_bring_and_may_be_asked() -> None:
    either = replace(contract(price="25"), sale_mode=SaleMode.EITHER, shared_price=usd("11"))

    assert (usd("25"), usd("11")) == (best_price(either), least_price(either))
    assert (usd("60"), None) == (best_price(contract(price=None)), least_price(contract(price=None)))
    assert usd("25") == least_price(replace(either, sale_mode=SaleMode.EXCLUSIVE))


def test_keys_of_budget_and_caps_never_meet() -> None:
    keys = {cap_key(contract(), Cap(window, unit, 1)) for window in Window for unit in ("count", "money")}

    assert budget_key(contract()) not in keys
    assert 10 == len(keys)


NINE_TO_FIVE = (Hours((0, 1, 2, 3, 4), 9 * 60, 17 * 60),)


@pytest.mark.parametrize(
    ("clock", "day", "month"),
    [
        ("2026-11-20T08:59-05:00", 0, 3_333_334),  # Friday: 14 of November's 21 workdays were open before
        ("2026-11-20T09:00-05:00", 1, 3_333_334),
        ("2026-11-20T11:00-05:00", 11, 3_392_858),
        ("2026-11-20T16:59-05:00", 40, 3_570_933),
        ("2026-11-20T23:00-05:00", 40, 3_571_429),
        ("2026-11-21T12:00-05:00", 40, 3_571_429),
    ],
)
def test_caps_are_spread_over_the_hours_in_which_it_buys(clock: str, day: int, month: int) -> None:
    paced = replace(
        contract(), caps=(DAILY, MONTHLY_MONEY), hours=NINE_TO_FIVE, even=True, zone="America/New_York",
        budget=usd("9"),
    )  # fmt: skip
    parts = {part.name: part for part in cap_parts(paced, usd("25"), at(clock))}

    assert (day, month) == (parts["cap:day"].limit, parts["cap:month"].limit)
    assert usd("9").units == parts["budget"].limit and 40 == parts["cap:day"].most


def test_a_day_of_twenty_five_hours_is_spread_over_all_of_them_and_weekdays_count() -> None:
    always = replace(contract(), caps=(Cap(Window.DAY, "count", 25),), even=True, zone="America/New_York")
    weekend = replace(always, caps=(Cap(Window.WEEK, "count", 48, (5, 6)),))

    noon = [
        cap_parts(always, usd("25"), at(f"2026-{day}-05:00") - 1)[0].limit for day in ("11-01T12:00", "11-02T12:00")
    ]
    ends = [cap_parts(weekend, usd("25"), at(f"2026-11-{day}-05:00") - 1)[0].limit for day in ("21T12:00", "23T00:00")]

    assert ([13, 13], [12, 48]) == (noon, ends)
    assert 13 == cap_parts(always, usd("25"), at("2026-11-01T12:00-05:00") - 1)[0].by_now
    assert cap_parts(replace(always, even=False), usd("25"), NOW)[0].by_now is None
