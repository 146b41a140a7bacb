"""The conversion score: what it looks at, how it learns from late reports, how it is judged and told."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from exchange.catalog import default_config, load_verticals
from exchange.model.finding import Finding, Outcome
from exchange.model.vertical import ScoreRule, Vertical
from exchange.stages.sample_lead import sample_lead
from exchange.stages.score.calibration import Calibration
from exchange.stages.score.exposure import DAY_MS, estimate
from exchange.stages.score.features import Features, features, recipe, why_protected
from exchange.stages.score.grade import GRADES, at_other_par, grade, letter
from exchange.stages.score.learner import Arrived, Learner, Reopened, Reported
from exchange.stages.score.points import PER_DOUBLING, points_of, tell
from exchange.stages.score.weights import chance, places

VERTICALS = load_verticals(default_config())
NOW = 1_795_000_000_000
DAYS = 70
GOOD, POOR = 0.24, 0.06  # true chances of two sources
LAG_DAYS = 5.0
Event = Arrived | Reported


def made(seller: str) -> Features:
    return Features(("all=", f"seller={seller}"), ("solar", f"solar/{seller}"))


def market_of(seed: int, leads: int = 4_000) -> list[tuple[Event, float]]:
    """Leads of a good and a poor seller over ten weeks, each with its true chance. Half of what converts is late."""
    draw = random.Random(seed)
    events: list[tuple[Event, float]] = []
    for number in range(leads):
        at = int(draw.random() * DAYS * DAY_MS)
        seller, true = ("good", GOOD) if number % 2 else ("poor", POOR)
        events.append((Arrived(at, f"ld_{number}", made(seller)), true))
        if draw.random() < true:
            events.append((Reported(at + int(draw.expovariate(1 / LAG_DAYS) * DAY_MS), f"ld_{number}", True), true))
    return sorted(events, key=lambda pair: pair[0][:2])


def learned(events: list[tuple[Event, float]], until_day: int = DAYS) -> Learner:
    learner = Learner()
    for event, _ in events:
        if event.at <= until_day * DAY_MS:
            learner.feed(event)
    learner.pass_time(until_day * DAY_MS)
    return learner


def test_chances_come_out_right_although_most_reports_are_late() -> None:
    learner = learned(market_of(1))
    assert learner.weights.chance(places(made("good").texts)) == pytest.approx(GOOD, rel=0.2)
    assert learner.weights.chance(places(made("poor").texts)) == pytest.approx(POOR, rel=0.3)


def test_an_end_teaches_at_once_and_a_later_conversion_mends_it() -> None:
    learner, first, second = Learner(), made("new"), 3 * DAY_MS
    before = learner.weights.chance(places(first.texts))
    learner.feed(Arrived(0, "ld_1", first))
    learner.feed(Reported(1_000, "ld_1", False))
    lowered = learner.weights.chance(places(first.texts))
    learner.feed(Reported(second, "ld_1", True))
    assert lowered < before < learner.weights.chance(places(first.texts))


def test_an_end_that_is_taken_back_is_forgotten_and_a_conversion_is_not() -> None:
    learner, before = Learner(), Learner().weights.chance(places(made("new").texts))
    learner.feed(Arrived(0, "ld_1", made("new")))
    learner.feed(Reported(1_000, "ld_1", False))
    learner.feed(Reopened(2_000, "ld_1"))
    assert learner.weights.chance(places(made("new").texts)) == pytest.approx(before, rel=0.01)
    learner.feed(Reported(3_000, "ld_1", True))
    raised = learner.weights.margin(places(made("new").texts))
    learner.feed(Reopened(4_000, "ld_1"))
    assert raised == learner.weights.margin(places(made("new").texts))


def test_a_report_told_twice_and_one_of_a_lead_nobody_knows_teach_nothing() -> None:
    learner = Learner()
    learner.feed(Arrived(0, "ld_1", made("new")))
    learner.feed(Reported(1_000, "ld_1", True))
    once = learner.weights.margin(places(made("new").texts))
    for event in (Reported(2_000, "ld_1", True), Reported(2_000, "ld_1", False), Reported(2_000, "ld_9", True)):
        learner.feed(event)
    assert once == learner.weights.margin(places(made("new").texts))


def test_the_same_log_gives_the_same_weights_to_the_bit_however_it_is_cut() -> None:
    events = market_of(2, 800)
    whole, parts = learned(events), Learner()
    for event, _ in events:
        if event.at <= DAYS * DAY_MS:
            parts.pass_time(event.at - 1)
            parts.feed(event)
    parts.pass_time(DAYS * DAY_MS)
    for seller in ("good", "poor"):
        where = places(made(seller).texts)
        assert whole.weights.margin(where) == parts.weights.margin(where)
        path = made(seller).source
        assert whole.rates.rate(path) == pytest.approx(parts.rates.rate(path), rel=1e-9)


def test_the_share_reported_is_found_although_young_leads_show_short_lags_only() -> None:
    draw, cases = random.Random(3), []
    for _ in range(6_000):
        age, lag = draw.random() * 60, draw.expovariate(1 / LAG_DAYS)
        if lag <= age:
            cases.append((lag, age))
    exposure = estimate(cases)
    for days in (1.0, 3.0, 10.0, 20.0):
        assert exposure.share(days) == pytest.approx(1 - math.exp(-days / LAG_DAYS), abs=0.05)
    assert 0.0 <= exposure.share(0.0) <= 0.05 and exposure.share(1e6) <= 0.98


def test_a_source_of_few_leads_is_held_to_be_like_the_others() -> None:
    learner = learned(market_of(4))
    usual = learner.rates.rate(("solar",))
    assert learner.rates.rate(("solar", "solar/unseen")) == usual
    good, poor = (learner.rates.rate(made(name).source) for name in ("good", "poor"))
    assert poor < usual < good and good == pytest.approx(GOOD, rel=0.25)


def test_a_source_that_sent_nothing_for_half_a_year_is_forgotten() -> None:
    learner = Learner()
    learner.feed(Arrived(DAY_MS, "ld_1", made("gone")))
    learner.pass_time(100 * DAY_MS)
    assert 1 == learner.rates.leads("solar/gone")
    learner.pass_time(183 * DAY_MS)
    assert 0 == learner.rates.leads("solar/gone") == learner.rates.leads("solar")


def test_predictions_are_judged_beside_what_was_reported_by_ten_days() -> None:
    learner = learned(market_of(5))
    verdict = learner.calibration.verdict("solar")
    assert verdict.enough and verdict.sound and verdict.ratio == pytest.approx(1.0, abs=0.2)
    assert verdict.loss < verdict.base_loss
    assert verdict.leads == sum(band.leads for band in verdict.bands)
    assert verdict.reported == sum(week.reported for _, week in learner.calibration.by_week("solar"))


def test_a_model_that_foretells_worse_than_the_sources_is_not_believed() -> None:
    judged = Calibration()
    for number in range(600):
        judged.judge("solar", 0, chance=0.9, by_source=0.1, share=1.0, reported=number % 10 == 0)
    verdict = judged.verdict("solar")
    assert verdict.enough and not verdict.sound and verdict.loss > verdict.source_loss


def test_too_few_leads_judge_nothing() -> None:
    judged = Calibration()
    judged.judge("solar", 0, chance=0.1, by_source=0.1, share=1.0, reported=False)
    assert not judged.verdict("solar").enough and judged.verdict("auto").ratio is None


def test_the_points_of_all_parts_make_the_score() -> None:
    draw = random.Random(6)
    for _ in range(300):
        texts = tuple(f"f{number}=x" for number in range(16))
        weights = [draw.gauss(0, 0.5) for _ in texts]
        usual = {f"f{number}": draw.gauss(0, 0.3) for number in range(16)}
        told = tell(texts, weights, usual)
        assert abs(told.usual + sum(part.points for part in told.parts) - told.total) < 1.0
        assert chance(told.total * math.log(2) / PER_DOUBLING) == pytest.approx(
            chance(sum(weights) + math.log(0.12 / 0.88)), abs=1e-3
        )


def test_twenty_points_double_the_odds() -> None:
    assert points_of(2 / 3) - points_of(1 / 2) == pytest.approx(PER_DOUBLING)


def lead_features(vertical: Vertical) -> dict[str, str]:
    tracking = {"sub_id1": "maria@mail.example", "landing_page_url": "https://a.example/p?email=x"}
    lead = sample_lead(vertical, 1, NOW)._replace(tracking=tracking)
    found = features(lead, recipe(vertical))
    return dict(text.split("=", 1) for text in found.texts)


@pytest.mark.parametrize("vertical", list(VERTICALS.values()), ids=list(VERTICALS))
def test_nothing_that_names_a_person_or_that_the_law_protects_is_looked_at(vertical: Vertical) -> None:
    used = set(recipe(vertical).fields())
    assert used, "a vertical without features cannot be scored"
    for spec in vertical.fields:
        protected = why_protected(spec.name) and spec.name not in dict(vertical.score.allow)
        if spec.personal or vertical.why_no_filter(spec.name) or protected:
            assert spec.name not in used
    told = lead_features(vertical)
    assert not any("maria" in value or "@" in value or "email" in value for value in told.values())


@pytest.mark.parametrize("vertical", list(VERTICALS.values()), ids=list(VERTICALS))
def test_every_vertical_says_what_a_conversion_is(vertical: Vertical) -> None:
    rule = vertical.score
    assert rule.converted and rule.lost
    assert set(rule.converted) | set(rule.lost) <= set(vertical.dispositions)


@pytest.mark.parametrize(
    "name",
    [
        "age",
        "dob",
        "gender",
        "marital",
        "spouse_age",
        "race",
        "religion",
        "language",
        "zip",
        "smoker",
        "household_children",
    ],
)
def test_protected_fields_are_known_by_their_names(name: str) -> None:
    assert why_protected(name)


@pytest.mark.parametrize(
    "name", ["mortgage", "coverage_type", "credit_rating", "package", "average_bill", "message", "state"]
)
def test_other_names_are_not_taken_for_protected_ones(name: str) -> None:
    assert not why_protected(name)


def test_a_vertical_may_turn_a_protected_field_on_with_a_note_and_forbid_any_other() -> None:
    deposit = VERTICALS["term_deposit"]
    assert "marital" not in recipe(deposit).fields() and "job" in recipe(deposit).fields()
    changed = replace(
        deposit, score=ScoreRule(("converted",), allow=(("marital", "asked by law"),), forbidden=("job",))
    )
    assert "marital" in recipe(changed).fields() and "job" not in recipe(changed).fields()
    assert ("job", "the vertical forbids it") in recipe(changed).left_out


def test_a_field_that_was_not_sent_is_a_feature_too() -> None:
    solar = VERTICALS["solar"]
    lead = sample_lead(solar, 1, NOW)
    bare = lead._replace(values={name: value for name, value in lead.values.items() if name != "roof_type"})
    assert "solar.roof_type=" in features(bare, recipe(solar)).texts


def test_a_grade_is_a_band_of_odds_less_what_speaks_against_the_lead() -> None:
    par = 0.12
    at_par = grade(par, par, None, ())
    assert ("C", 50) == (at_par.letter, at_par.points)
    assert "A" == grade(0.36, par, None, ()).letter and "F" == grade(0.01, par, None, ()).letter
    flag = Finding("screen", Outcome.FLAGGED, "Filled in fast.")
    worse = grade(par, par, 30, (flag, flag))
    assert worse.points == 50 - 10 - 15 and worse.points == sum(points for _, points in worse.lines)
    assert [letter(points) for points in (75, 60, 40, 20, 0, -1)] == list(GRADES)


@pytest.mark.parametrize("other", [0.01, 0.05, 0.3])
def test_points_at_another_par_are_those_that_grading_by_it_gives(other: float) -> None:
    flagged = (Finding("email", Outcome.FLAGGED, "odd"),)
    for per_mille in range(2, 900, 7):
        made = grade(per_mille / 1000, 0.12, 20, flagged, ("Its source is weak", -10))
        anew = grade(per_mille / 1000, other, 20, flagged, ("Its source is weak", -10))
        assert anew.points == at_other_par(made.points, per_mille / 1000, 0.12, other)
