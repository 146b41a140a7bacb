"""Rates of sources: what little says is drawn to what much says, and doubt is told."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.model.measure import LEAST
from exchange.model.quality import Words, outcome_of
from exchange.model.worth import WHOLE
from exchange.stages.quality.beta import bounds, chance_above
from exchange.stages.quality.cohorts import cohorts
from exchange.stages.quality.days import Curves, weights
from exchange.stages.quality.rates import BY_NAME, tree
from exchange.stages.quality.shrink import Tally, exposed, middle, shrunk, strength, total
from exchange.stages.quality.suspicion import Counts, Month, Shares, Suspicion, suspicions
from exchange.stages.score.exposure import estimate

CONVERSION, RETURN = BY_NAME["conversion"], BY_NAME["return"]


def tally(hits: float, of: float) -> Tally:
    return Tally(hits, of, hits, of, int(hits), int(of))


@pytest.mark.parametrize(
    ("a", "b", "rate", "chance"),
    [(1, 1, 0.3, 0.7), (2, 2, 0.5, 0.5), (2, 5, 0.3, 0.420175), (30, 70, 0.35, 0.138425), (0.5, 0.5, 0.1, 0.795167)],
)
def test_the_tail_of_a_beta_distribution(a: float, b: float, rate: float, chance: float) -> None:
    assert chance_above(a, b, rate) == pytest.approx(chance, abs=2e-3)


@given(st.floats(1, 500), st.floats(1, 500))
def test_bounds_hold_nine_in_ten(a: float, b: float) -> None:
    low, high = bounds(a, b)
    assert 0.0 <= low <= high <= 1.0
    assert chance_above(a, b, low) - chance_above(a, b, high) == pytest.approx(0.9, abs=0.02)


def test_tails_fall_as_rates_rise() -> None:
    tails = [chance_above(3, 40, step / 100) for step in range(101)]
    assert all(before >= after - 1e-12 for before, after in pairwise(tails)) and (tails[0], tails[-1]) == (1.0, 0.0)


def test_m_is_measured_by_moments_where_siblings_are_many() -> None:
    draw = random.Random(5)

    def siblings(m: float) -> list[Tally]:
        rates = [draw.betavariate(0.1 * m, 0.9 * m) for _ in range(300)]
        return [tally(sum(draw.random() < rate for _ in range(80)), 80) for rate in rates]

    assert strength(siblings(20)) == pytest.approx(20, rel=0.35)
    assert strength(siblings(120)) == pytest.approx(120, rel=0.5)
    assert strength([tally(8, 80)] * 40) == 300  # no more apart than chance makes them
    assert strength(siblings(20)[:4]) == 30


def test_a_small_sample_says_little_and_a_large_one_speaks_for_itself() -> None:
    assert shrunk(tally(3, 5), 0.1, 30) == pytest.approx(6 / 35)
    assert shrunk(tally(300, 500), 0.1, 30) == pytest.approx(303 / 530)
    assert shrunk(tally(2, 0.5), 0.1, 30) == pytest.approx(5 / 32)  # two of leads that had hardly time to


def test_a_parent_is_not_what_its_largest_child_is() -> None:
    small = [tally(10, 100)] * 20
    expected = middle([*small, tally(5_000, 10_000)], 30, total([*small, tally(5_000, 10_000)]).rate)
    assert 0.1 < expected < 0.16


def test_each_sub_id_is_drawn_to_its_seller_and_each_seller_to_the_vertical() -> None:
    subs = {("cedar", f"s{number}"): tally(30, 100) for number in range(8)}
    subs |= {("birch", f"s{number}"): tally(5, 100) for number in range(8)}
    subs |= {("cedar", "new"): Tally(), ("birch", "new"): Tally()}
    found = tree(CONVERSION, subs)
    assert found.sellers["cedar"].value > found.base > found.sellers["birch"].value
    assert found.subs["cedar", "new"].value > 0.25 > 0.1 > found.subs["birch", "new"].value
    low, high = found.subs["cedar", "s1"].bounds
    assert low < 0.3 < high and found.subs["cedar", "new"].bounds[0] < low
    assert found.subs["birch", "s1"].worse > 0.95 > 0.05 > found.subs["cedar", "s1"].worse


def test_worse_means_more_of_what_is_bad() -> None:
    subs = {("cedar", f"s{number}"): tally(10, 100) for number in range(8)} | {("cedar", "bad"): tally(45, 100)}
    found = tree(RETURN, subs)
    assert found.subs["cedar", "bad"].worse > 0.99 > 0.5 > found.subs["cedar", "s1"].worse
    assert (45, 100) == (found.subs["cedar", "bad"].told, found.subs["cedar", "bad"].leads)


def test_leads_that_ended_tell_at_once_and_do_not_make_a_young_source_look_bad() -> None:
    # 300 of 1,000 leads ended at once; a tenth of all will convert, and four tenths of that have shown
    of = exposed(700 * 0.4, 700, 300)
    assert 40 / of == pytest.approx(0.1)
    assert exposed(0.0, 0.0, 12) == 12 and exposed(50.0, 100, 0) == 50.0


def test_old_days_fade_and_young_ones_count_for_what_would_have_shown() -> None:
    curves = Curves(conversion=estimate([(2.0, 60.0)] * 200 + [(20.0, 60.0)] * 200))
    by_age = {100 - each.day: each for each in weights(100.5, curves)}
    assert by_age[90].long / WHOLE == pytest.approx(0.5, abs=0.01)
    assert by_age[14].short / WHOLE == pytest.approx(0.5, abs=0.01)
    assert by_age[5].share / WHOLE == pytest.approx(0.5, abs=0.07)
    assert by_age[60].share / WHOLE > 0.95 and by_age[0].conversion < 0.1 * WHOLE


def counts(bad: float, of: float, days: int = 9) -> Counts:
    """What the screen refused, of all that came; buyers have nothing against the others."""
    seen = Shares(bad, of - bad, 0.0, of - bad)
    return Counts(seen, seen, Month(), int(bad), int(of), days)


def told(bad: float, of: float, came: float) -> Counts:
    """Of `came` leads none was refused; of sold ones `of` had their time, and buyers called so many bad."""
    seen = Shares(0.0, came, bad, of - bad)
    return Counts(seen, seen, Month(), int(bad), int(came), 9)


def test_a_rotten_sub_id_is_told_from_good_ones() -> None:
    sources = {("cedar", f"s{number}"): counts(4, 80) for number in range(30)}
    sources |= {
        ("cedar", "rotten"): counts(20, 40),
        ("cedar", "small"): counts(2, 3),
        ("cedar", "hour"): counts(9, 20, 1),
    }
    found = suspicions(sources)
    assert [("cedar", "rotten")] == [key for key, each in found.items() if each.rotten]
    assert found["cedar", "rotten"].chance > 0.95 and found["cedar", "s1"].chance < 0.01


def test_what_buyers_say_counts_beside_what_the_screen_saw_and_only_of_leads_that_had_their_time() -> None:
    sources = {("cedar", f"s{number}"): told(3, 60, 80) for number in range(20)}
    sources |= {("elm", "called bad"): told(14, 30, 40), ("elm", "young"): told(3, 4, 40)}
    found = suspicions(sources)
    assert [("elm", "called bad")] == [key for key, each in found.items() if each.rotten]
    both = Shares(12.0, 28.0, 8.0, 22.0)
    mixed = suspicions(sources | {("elm", "mixed"): Counts(both, both, Month(), 20, 40, 9)})["elm", "mixed"]
    assert mixed.share == pytest.approx(1 - 28 / 40 * 22 / 30, abs=0.06) and mixed.rotten


def test_young_leads_that_passed_the_screen_speak_for_their_source_at_once() -> None:
    sources = {("cedar", f"s{number}"): counts(4, 80) for number in range(20)}
    young = Shares(5.0, 45.0, 0.0, 1.0)  # none of those sold had time to come back
    found = suspicions(sources | {("elm", "young"): Counts(young, young, Month(), 5, 50, 3)})
    assert not found["elm", "young"].rotten and found["elm", "young"].share < 0.15


USUAL = {("cedar", f"s{number}"): counts(2, 60) for number in range(8)}


def of_month(before: int = 0, bad_before: int = 0, **month: int) -> Suspicion:
    """What is said of a sub id whose last four weeks were so, beside usual ones; `before` came in the four before."""
    whole = Month(**{"age": 28, "sold": 0, "told": 0, "days": month.get("fraud_days", 0), **month})
    seen = Shares(float(whole.steady), float(whole.leads - whole.fraud))
    fraud, steady = whole.fraud + bad_before, whole.steady + bad_before
    past = whole._replace(leads=whole.leads + before, fraud=fraud, steady=steady, age=whole.age + 28 * (before > 0))
    one = Counts(seen, seen, whole, whole.steady, whole.leads, whole.days, past)
    return suspicions({**USUAL, ("elm", "it"): one})["elm", "it"]


def test_four_weeks_of_which_a_third_is_bad_are_rotten_however_few_leads_they_are() -> None:
    few = of_month(leads=12, fraud=5, steady=5, fraud_days=3)
    assert few.rotten and (0.3, 5, 12) == (few.bar, few.counts.told, few.counts.leads)
    assert few.share == pytest.approx(5 / 12, abs=0.05)
    assert not of_month(leads=40, fraud=10, steady=10, fraud_days=8).rotten
    assert of_month(leads=40, fraud=14, steady=14, fraud_days=8).rotten
    assert not of_month(leads=12, fraud=3, steady=3, fraud_days=3).rotten  # too few to say anything


def test_one_bad_hour_makes_no_young_source_rotten_and_a_farm_does() -> None:
    """Twelve bad leads of thirty in the first week: of a burst, after which good ones come, or day by day."""
    burst = of_month(leads=30, age=7, fraud=12, steady=5, fraud_days=2)
    farm = of_month(leads=30, age=7, fraud=12, steady=12, fraud_days=6)
    one_day = of_month(leads=30, age=28, fraud=12, steady=4, fraud_days=1)
    assert [False, True, False] == [each.rotten for each in (burst, farm, one_day)]
    assert burst.share < 0.3 < farm.share and farm.steady > burst.steady
    late = of_month(leads=40, age=28, fraud=14, steady=6, fraud_days=2)
    assert late.rotten and late.steady < 0.9  # told to a person; no rule acts on it
    flood = of_month(leads=15, age=25, fraud=11, steady=4, fraud_days=1)
    assert flood.rotten and flood.counts.days < LEAST.days  # it sends hardly anything else; no rule acts on one day
    young, quiet = (of_month(leads=12, age=age, fraud=11, steady=4, fraud_days=1) for age in (2, 12))
    assert [False, True] == [young.rotten, quiet.rotten]  # much may come yet, or hardly will


def test_one_bad_month_names_none_that_is_good_over_eight_weeks_and_a_worse_one_does() -> None:
    month = {"leads": 40, "fraud": 16, "steady": 16, "fraud_days": 10}
    worse = {**month, "fraud": 34, "steady": 34}
    assert [True, False, True, True] == [
        each.rotten
        for each in (
            of_month(**month),
            of_month(before=40, bad_before=1, **month),
            of_month(before=40, bad_before=12, **month),
            of_month(before=40, bad_before=1, **worse),
        )
    ]
    assert not of_month(before=40, bad_before=38, leads=40, fraud=2, steady=2, fraud_days=2).rotten  # mended


def test_what_buyers_call_bad_counts_as_far_as_it_is_more_than_usual_and_than_luck() -> None:
    usual = {("cedar", f"s{number}"): told(6, 60, 60) for number in range(8)}

    def of_words(bad: int) -> Suspicion:
        one = told(bad, 60, 60)._replace(month=Month(60, 60, 28, 0, 0, 0, bad, 20))
        return suspicions({**usual, ("elm", "it"): one})["elm", "it"]

    assert (0, False) == (of_words(9).counts.told, of_words(9).rotten)
    assert of_words(32).rotten and 18 < of_words(32).counts.told < 26


def test_rotten_sources_do_not_raise_the_bar_they_are_measured_by() -> None:
    sources = {("cedar", f"s{number}"): counts(4, 80) for number in range(8)}
    sources |= {("cedar", f"rotten{number}"): counts(40, 80) for number in range(8)}
    found = suspicions(sources)
    assert 8 == sum(each.rotten for each in found.values())
    assert all(each.bar == 0.3 for each in found.values())


def test_a_source_that_mended_its_ways_is_let_go() -> None:
    sources = {("cedar", f"s{number}"): counts(4, 80) for number in range(8)}
    lately, before = Shares(1.0, 39.0), Shares(40.0, 80.0)
    mended = Counts(lately, before, Month(), 45, 160, 12)
    assert not suspicions({**sources, ("cedar", "mended"): mended})["cedar", "mended"].rotten


def test_a_young_cohort_is_told_as_what_it_will_be() -> None:
    curves = Curves(conversion=estimate([(float(day), 90.0) for day in range(1, 41) for _ in range(10)]))
    old = [day(monday, 700, 140) for monday in range(4, 4 + 7 * 8, 7)]
    made = cohorts([*old, day(95, 700, 35)], 106.0, curves)  # ten days later a quarter is known
    young = made[-1]
    assert young.converted / young.sold == 0.05 and 0.14 < young.conversion.value < 0.26
    assert 0.15 < young.shown < 0.35 and young.conversions > 100
    low, high = young.conversion.bounds
    assert low < 0.2 < high and math.isclose(made[0].conversion.value, 0.2, abs_tol=0.02)


def test_of_a_week_that_had_its_time_what_came_is_certain() -> None:
    curves = Curves(conversion=estimate([(1.0, 90.0)] * 300))
    made = cohorts([day(monday, 100, 10) for monday in range(4, 60, 7)] + [day(60, 100, 30)], 120.0, curves)
    assert made[-1].conversion.value == pytest.approx(0.3, abs=0.01)  # however other weeks went
    low, high = made[-1].conversion.bounds
    assert 0.28 < low < 0.31 < high < 0.34


def test_buyers_that_never_report_lower_no_projection() -> None:
    curves = Curves(conversion=estimate([(1.0, 90.0)] * 300))
    weeks = [{**day(monday, 200, 20), "heard": 100} for monday in range(4, 60, 7)]
    for each in cohorts(weeks, 90.0, curves):
        assert (200, 100) == (each.sold, each.heard)
        assert each.conversion.value == pytest.approx(0.2, abs=0.01) and each.conversions == pytest.approx(20, abs=1)
    (nobody,) = cohorts([{**day(4, 200, 0), "heard": 0}], 90.0, curves)
    assert (0, 0.0, 0.0) == (nobody.heard, nobody.shown, nobody.conversions)


def day(number: int, sold: int, converted: int) -> dict[str, object]:
    none = ("contacted", "returned", "heard_ended", "early_open", "early_reached", "price_units", "lost_units")
    nothing = dict.fromkeys((*none, "payout_units"), 0)
    return {"day": number, "sold": sold, "heard": sold, "converted": converted, "currency": "USD", **nothing}


SALE = {
    "id": "sal_1", "lead_id": "ld_1", "accepted_at": 86_400_000 * 3 + 5, "vertical": "solar", "seller_id": "cedar",
    "sub_id": "s1", "buyer_id": "acme", "currency": "USD", "price_units": 300_000, "payout_units": 240_000,
}  # fmt: skip
WORDS = {
    "solar": Words(frozenset({"contacted"}), frozenset({"sold"}), frozenset({"not_interested"}), frozenset({"fake"}))
}


@given(
    st.permutations(
        [("contacted", 10, False), ("sold", 30, False), ("contacted", 20, False), ("not_interested", 9, True)]
    )
)
def test_reports_come_to_the_same_in_whatever_order(reports: list[tuple[str, int, bool]]) -> None:
    found = outcome_of(SALE, reports, None, None, WORDS)
    assert (10, 30, None, None) == (found.contacted_at, found.converted_at, found.ended_at, found.bad_at)
    assert (1, 1, 1, 0, 0, 0, 300_000, 240_000, 0, 0) == found.counted and 3 == found.day


def test_what_comes_back_is_bad_and_earns_nothing() -> None:
    back = outcome_of(SALE, [], 40, None, WORDS)
    fake = outcome_of(SALE, [("fake", 20, False)], None, None, WORDS)
    assert 100_000 == outcome_of(SALE, [], 40, 100_000, WORDS).lost_units
    assert (40, 40, 300_000) == (back.returned_at, back.bad_at, back.lost_units)
    assert (None, 20, 20, 0) == (fake.returned_at, fake.bad_at, fake.ended_at, fake.lost_units)
