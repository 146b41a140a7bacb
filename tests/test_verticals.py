"""What ships for each vertical: fields that say what they should, and nothing that the law keeps out."""

from __future__ import annotations

import pytest

from exchange.catalog import EXAMPLE_NOW, default_config, load_verticals, read_vertical
from exchange.fields import field_types
from exchange.model.lead import FieldValue
from exchange.model.party import Clause, Group
from exchange.model.vertical import ConsentPolicy, Presence, Vertical
from exchange.stages.field_names import compile_names, fold
from exchange.stages.filters import BadFilter, Shape, compile_filter
from exchange.stages.sample_lead import sample_lead
from exchange.stages.score.features import features, recipe
from exchange.stages.standard_fields import standard_fields
from tests.market import campaign, read_once

SHIPPED = load_verticals(default_config())
YEAR_MS = 365 * 86_400_000
each = pytest.mark.parametrize("vertical", SHIPPED.values(), ids=SHIPPED)

HEALTH = {
    *("height_inches", "weight_pounds", "pre_existing_condition", "conditions", "takes_medication", "medications"),
    *("pregnant", "disability", "kidney_failure", "injury_type", "diagnosis", "diagnosis_year"),
}
PLACES = {"zip", "city", "county"}
NEVER_ASKED_FOR_CREDIT = {"gender", "marital_status", "race", "ethnicity", "religion", "children", "language"}


def test_twelve_verticals_ship() -> None:
    assert set(SHIPPED) == {
        *("solar", "auto_insurance", "home_services", "term_deposit", "b2b_marketplace"),
        *("home_insurance", "health_insurance", "medicare", "mortgage", "personal_loan", "legal", "education"),
    }


@each
def test_no_name_phone_address_or_health_goes_into_a_ping(vertical: Vertical) -> None:
    for spec in vertical.fields:
        contact = spec.type in ("phone", "email", "name", "first_name", "street", "dob") or spec.name in HEALTH
        assert not contact or (spec.personal and spec.ping is Presence.ABSENT), spec.name


@each
def test_every_field_has_an_example_that_is_still_good_in_five_years(vertical: Vertical) -> None:
    for spec in vertical.fields:
        assert spec.example or spec.name == "hp", spec.name
        for now in (EXAMPLE_NOW, EXAMPLE_NOW + 5 * YEAR_MS):
            value = field_types()[spec.type].parse(spec.example, spec, now) if spec.example else None
            assert value is None or isinstance(value, FieldValue), value


@each
def test_a_ping_and_a_post_need_something_and_so_does_the_consent(vertical: Vertical) -> None:
    assert {spec.name for spec in vertical.fields if spec.ping is Presence.REQUIRED} >= {"zip"}
    assert {spec.name for spec in vertical.fields if spec.post is Presence.REQUIRED} >= {"first_name", "phone"}
    assert vertical.dispositions and vertical.consent.required


@each
def test_no_alias_is_the_name_or_alias_of_another_field_or_the_name_of_a_built_in_one(vertical: Vertical) -> None:
    meant: dict[str, str] = {}
    every = [(spec.name, spec.aliases) for spec in vertical.fields]
    every += [(name, ()) for name in standard_fields()]  # whose aliases give way to the vertical's
    for name, aliases in every:
        for alias in (name, *aliases):
            assert meant.setdefault(fold(alias), name) == name, alias


@each
def test_no_contract_chooses_by_what_the_law_keeps_out(vertical: Vertical) -> None:
    shape = Shape(vertical, field_types())
    for name, law in vertical.no_filters:
        with pytest.raises(BadFilter, match=name) as caught:
            compile_filter(Group("any", (Clause("zip", "is_set", ()), Clause(name, "is_set", ()))), shape)
        assert f"{vertical.name} takes no filter on {name}: {law}" in caught.value.problems
    free = [spec.name for spec in vertical.fields if vertical.why_no_filter(spec.name) is None]
    assert compile_filter(Group("all", tuple(Clause(name, "is_set", ()) for name in free)), shape)


@pytest.mark.parametrize("name", ["mortgage", "personal_loan"])
def test_credit_asks_for_nothing_a_creditor_must_not_know(name: str) -> None:
    assert not NEVER_ASKED_FOR_CREDIT & set(SHIPPED[name].by_name)
    assert SHIPPED[name].why_no_filter("dob")


def test_medicare_goes_only_to_companies_chosen_by_name_and_health_in_washington_too() -> None:
    assert {"consented_buyers", "tcpa_consent_text"} <= set(SHIPPED["medicare"].consent.required)
    assert SHIPPED["medicare"].consent.policy is ConsentPolicy.NAMED_SELLER
    assert SHIPPED["medicare"].consent.policy_in("WA") is ConsentPolicy.AUTHORIZATION
    for name in ("health_insurance", "legal"):
        assert SHIPPED[name].consent.policy_in("WA") is ConsentPolicy.AUTHORIZATION
        assert SHIPPED[name].consent.policy_in("OR") is ConsentPolicy.WRITTEN


def test_numbers_of_identity_and_bank_are_never_required() -> None:
    kinds = ("ssn", "routing_number", "account_number")
    found = [spec for vertical in SHIPPED.values() for spec in vertical.fields if spec.type in kinds]
    assert {spec.type for spec in found} == set(kinds)
    assert {(spec.personal, spec.ping, spec.post) for spec in found} == {(True, Presence.ABSENT, Presence.OPTIONAL)}


@each
def test_personal_answers_are_hidden_on_screens_also_where_a_type_shows_its_values(vertical: Vertical) -> None:
    names = compile_names(vertical, campaign("cedar", vertical=vertical.name), read_once()[1])
    for spec in vertical.fields:
        value = names.known[spec.name].parse(spec.example, spec, EXAMPLE_NOW) if spec.example else None
        if isinstance(value, FieldValue) and spec.personal and spec.type not in ("first_name", "ip"):
            assert value.masked != value.clean, spec.name


@each
def test_the_score_learns_from_dispositions_and_never_looks_at_what_is_forbidden(vertical: Vertical) -> None:
    rule, made = vertical.score, recipe(vertical)
    assert rule.converted and rule.lost
    assert set(rule.converted) | set(rule.lost) <= set(vertical.dispositions)
    assert not {"contacted", "no_answer"} & {*rule.converted, *rule.lost}

    used = set(made.fields())
    personal = {spec.name for spec in vertical.fields if spec.personal}
    assert used and not used & (set(rule.forbidden) | {name for name, _ in vertical.no_filters} | personal | PLACES)
    assert PLACES & set(vertical.by_name) <= set(rule.forbidden)
    assert made.crosses == rule.crosses


@each
def test_a_forbidden_field_changes_no_feature_of_a_lead(vertical: Vertical) -> None:
    made, lead = recipe(vertical), sample_lead(vertical, 1, EXAMPLE_NOW)
    assert set(lead.values) >= set(vertical.score.forbidden)
    kept = {name: value for name, value in lead.values.items() if name not in vertical.score.forbidden}
    assert features(lead, made) == features(lead._replace(values=kept), made)


def test_nobody_turns_on_what_the_vertical_forbids() -> None:
    text = (default_config() / "verticals" / "mortgage.yaml").read_text("utf-8")
    for name, told in (("va_eligible", "forbidden"), ("dob", "forbidden"), ("nobody", "no field")):
        problems: list[str] = []
        read_vertical(
            "mortgage", text.replace("  allow:\n", f"  allow:\n    {name}: It may.\n").encode(), "x", problems
        )
        assert len(problems) == 1 and name in problems[0] and told in problems[0], problems
