"""Credit for conversions: small cases by hand, and sums that never lose a unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.model.attribution import CostRow, Touch
from exchange.stages.attribution.journey import path_of, says_something, tags_of
from exchange.stages.attribution.models import (
    CHANNELS_MOST,
    HALF_LIFE_MS,
    MODELS,
    OTHERS,
    Path,
    credit,
    removal_effects,
    shared,
)
from exchange.stages.attribution.report import Journey, report

DAY = 86_400_000
MONDAY = 1_794_805_200_000  # Mon 16 Nov 2026, 00:00 in New York


def units(model: str, *paths: Path) -> dict[str, int]:
    return {name: each.units for name, each in credit(model, paths).items() if each.units}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("first", {"a": 1_000}),
        ("last", {"c": 1_000}),
        ("linear", {"a": 334, "b": 333, "c": 333}),
        ("position", {"a": 400, "b": 200, "c": 400}),
        ("decay", {"a": 143, "b": 286, "c": 571}),
    ],
)
def test_the_rules_share_as_they_say(model: str, expected: dict[str, int]) -> None:
    path = Path(("a", "b", "c"), 1, 1_000, 0, (0, HALF_LIFE_MS, 2 * HALF_LIFE_MS), 2 * HALF_LIFE_MS)

    assert expected == units(model, path)


def test_one_touch_gets_all_and_two_share_by_position() -> None:
    assert {"a": 7} == units("position", Path(("a",), 1, 7))
    assert {"a": 4, "b": 3} == units("position", Path(("a", "b"), 1, 7))
    assert {"a": 200, "b": 200, "c": 50, "d": 50} == units("position", Path(("a", "c", "d", "b"), 1, 500))


def test_removal_in_a_chain_is_as_worked_out_by_hand() -> None:
    """a then b converts; a alone and b alone do not. Removing either loses everything: half each."""
    both = (Path(("a", "b"), 1), Path(("a",), lost=1), Path(("b",), lost=1))
    # start→a 2/3, start→b 1/3; a→b 1/2, a→lost 1/2; b→won 1/2. P = 2/3·1/4 + 1/3·1/2 = 1/3.
    # without a: 1/6, effect 1/2. without b: 0, effect 1.
    effects = removal_effects(both)

    assert pytest.approx(0.5) == effects["a"] and pytest.approx(1.0) == effects["b"]
    assert {"a": 333_333, "b": 666_667} == {
        name: each.conversions_millionths for name, each in credit("markov", both).items()
    }


def test_a_touch_seen_again_and_again_counts_as_one_place_of_the_chain() -> None:
    # a→a 1/2, a→won 1/4, a→lost 1/4: removing a loses everything whatever the loop.
    assert {"a": pytest.approx(1.0)} == removal_effects((Path(("a", "a"), 1), Path(("a", "a"), lost=1)))


def test_beyond_a_hundred_channels_the_rarest_are_one() -> None:
    paths = [Path((f"c{number}",), 2) for number in range(CHANNELS_MOST - 1)] + [
        Path((f"rare{number}",), 1) for number in range(50)
    ]

    shares = credit("markov", paths)
    assert CHANNELS_MOST == len(shares) and OTHERS in shares
    assert sum(path.conversions for path in paths) * 1_000_000 == sum(
        each.conversions_millionths for each in shares.values()
    )


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=9).filter(any))
def test_parts_sum_and_a_return_takes_back_what_the_sale_gave(amount: int, weights: list[int]) -> None:
    parts = shared(amount, weights)

    assert amount == sum(parts)
    assert list(parts) == [-part for part in shared(-amount, weights)]


NAMES = st.sampled_from("abcdefgh")
PATHS = st.lists(
    st.builds(
        Path,
        st.lists(NAMES, min_size=1, max_size=6).map(tuple),
        st.integers(0, 5),
        st.integers(-5_000, 100_000),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=12,
)


@given(PATHS)
def test_every_model_gives_away_exactly_what_there_was(paths: list[Path]) -> None:
    conversions = sum(path.conversions for path in paths)
    for model in MODELS:
        shares = credit(model, paths).values()
        assert conversions * 1_000_000 == sum(each.conversions_millionths for each in shares)
        if model != "markov" or conversions:
            assert sum(path.units for path in paths) == sum(each.units for each in shares)


def touch(name: str, at: int = MONDAY) -> Touch:
    return Touch(at, name, name, name, "")


def test_cohort_and_cash_are_the_same_money_in_two_orders() -> None:
    """Sold in its week, returned in the next; and one that came late in its week and was sold in the next."""
    journeys = (
        Journey(MONDAY + DAY, (touch("a"), touch("b")), False, ((MONDAY + DAY, 300_000), (MONDAY + 8 * DAY, -300_000))),
        Journey(MONDAY + 6 * DAY, (touch("b"),), True, ((MONDAY + 7 * DAY, 250_000),)),
        Journey(MONDAY + 2 * DAY, (touch("a"),), True, ((MONDAY + 2 * DAY, 100_001),)),
    )
    costs = (CostRow("2026-11-16", "a", "a", "", "USD", 40_000, 9), CostRow("2026-11-17", "x", "x", "", "USD", 1, 0))
    made = report(journeys, costs, "campaign", "America/New_York")

    assert [("2026-11-16", 350_001, 400_001), ("2026-11-23", 0, -50_000)] == [
        (week.monday, week.cohort, week.cash) for week in made.weeks
    ]
    assert (3, 2, 350_001, 40_001) == (made.leads, made.conversions, made.units, made.cost)
    lines = {line.name: line for line in made.lines}
    assert {"a", "b", "x"} == set(lines)
    for model in MODELS:
        assert made.units == sum(line.by_model[model][1] for line in made.lines)
        assert 2_000_000 == sum(line.by_model[model][0] for line in made.lines)
    assert (100_001, 60_001) == (lines["a"].by_model["last"][1], lines["a"].profit("last"))
    assert (0, 40_000, 9) == (lines["x"].leads, lines["a"].cost, lines["a"].clicks)


def test_what_nobody_bought_in_the_end_still_sums() -> None:
    returned = Journey(MONDAY, (touch("a"), touch("b")), False, ((MONDAY, 100), (MONDAY, -40)))

    for line_model in MODELS:
        made = report((returned,), (), "source", "UTC")
        assert 60 == sum(line.by_model[line_model][1] for line in made.lines)


def test_tags_say_who_sent_somebody() -> None:
    assert ("google", "", "", "") == tags_of({"gclid": "x"}, "cedar")
    assert ("news", "fall", "b2", "s9") == tags_of(
        {"utm_source": " News ", "utm_campaign": "fall", "utm_content": "b2", "sub_id1": "s9", "fbclid": "y"}
    )
    assert ("cedar", "", "", "s1") == tags_of({"sub_id1": "s1"}, "cedar")
    assert says_something({"ttclid": "z"}) and not says_something({"sub_id1": "s1", "click_id": "c"})


def test_a_path_ends_with_what_the_lead_says_unless_that_was_just_seen() -> None:
    seen = [touch("old", MONDAY - 91 * DAY), touch("mail", MONDAY - DAY), touch("google", MONDAY - 60_000)]
    google = {"utm_source": "google", "utm_campaign": "google", "sub_id1": "s1"}

    assert ["mail", "google"] == [each.source for each in path_of(seen, google, "cedar", "c1", MONDAY)]
    assert "s1" == path_of(seen, google, "cedar", "c1", MONDAY)[-1].sub_id
    assert ["mail", "google", "bing"] == [
        each.source for each in path_of(seen, {"utm_source": "bing"}, "cedar", "c1", MONDAY)
    ]
    assert [("cedar", "c1", "s2")] == [
        (each.source, each.campaign, each.sub_id) for each in path_of([], {"sub_id1": "s2"}, "cedar", "c1", MONDAY)
    ]
