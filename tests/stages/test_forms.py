"""Forms made of verticals, their words, and what is wrong with what was filled in: without a browser or a database."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.model.form import ConsentWords
from exchange.model.lead import Problem
from exchange.model.vertical import ConsentPolicy, ConsentRule, FieldSpec, Presence, Vertical
from exchange.sources.form import read_form
from exchange.stages.forms import NAMES_CHARACTERS, consent_text, form_problems, named, shown, steps_of, tidy
from exchange.web.console.supply._form_words import document_of, fields_of, suggested
from tests.filling_in import document
from tests.market import read_once

VERTICALS = sorted(read_once()[0].verticals)


def vertical(*specs: FieldSpec) -> Vertical:
    return Vertical("boats", "Boats", "1", specs)


def spec(name: str, kind: str, **more: object) -> FieldSpec:
    return FieldSpec(name, kind, name.capitalize(), Presence.OPTIONAL, Presence.OPTIONAL, **more)  # type: ignore[arg-type]  # a test's own names


@pytest.mark.parametrize("name", VERTICALS)
def test_every_vertical_has_a_form_to_begin_with(name: str) -> None:
    """What the console suggests for it can be saved as it stands, and asks whatever a post must carry."""
    of = read_once()[0].verticals[name]
    form = read_form("first", document_of(suggested("any-campaign", of)))

    assert () == form_problems(form, of)
    asked = {control.name: control for step in steps_of(form, of) for control in step.controls}
    assert all(control.label for control in asked.values())
    for spec in of.fields:
        if spec.post is Presence.REQUIRED and spec.name in asked:
            assert asked[spec.name].required


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (spec("colour", "choice", allowed=("red", "green")), "radio"),
        (spec("colour", "choice", allowed=tuple(f"c{n}" for n in range(7))), "select"),
        (spec("owner", "boolean"), "radio"),
        (spec("state", "state"), "select"),
        (spec("email", "email"), "email"),
        (spec("phone", "phone"), "tel"),
        (spec("born", "dob"), "date"),
        (spec("story", "text"), "area"),
        (spec("name", "text", most=40), "text"),
        (spec("zip", "postal_code"), "text"),
    ],
)
def test_a_control_follows_from_its_type(field: FieldSpec, kind: str) -> None:
    form = read_form("boats", document(steps=[{"title": "All", "fields": [field.name]}]))

    assert kind == steps_of(form, vertical(field))[0].controls[0].kind


def test_a_field_that_the_vertical_lost_is_left_out() -> None:
    form = read_form("boats", document(steps=[{"title": "All", "fields": ["length", "colour"]}]))

    assert ["length"] == [control.name for control in steps_of(form, vertical(spec("length", "integer")))[0].controls]


@pytest.mark.parametrize(
    ("companies", "said"),
    [
        ((), "I agree that four firms may call."),
        (("Acme",), "I agree that Acme may call."),
        (("Acme", "Birch"), "I agree that Acme and Birch may call."),
        (("Acme", "Birch", "Cobalt"), "I agree that Acme, Birch and Cobalt may call."),
    ],
)
def test_the_words_name_companies_or_partners(companies: tuple[str, ...], said: str) -> None:
    assert said == consent_text(ConsentWords("I agree that {buyers} may call.", "Yes", "four firms", True), companies)


@given(st.lists(st.text(max_size=80), max_size=60))
def test_names_are_told_once_and_can_be_listed(companies: list[str]) -> None:
    """However companies are called: what the record lists is what the text names, and both fit."""
    told = named(companies)

    assert len(set(told)) == len(told)
    assert all(not set(name) & set(",;|") and name.split() and name == " ".join(name.split()) for name in told)
    assert sum(len(name) + 2 for name in told) <= NAMES_CHARACTERS


@given(st.text(max_size=200))
def test_what_was_typed_becomes_one_line(raw: str) -> None:
    once = tidy(raw)

    assert not set("\r\n") & set(once) and once == tidy(once)


def test_a_sentence_of_the_api_names_the_field_as_the_page_does() -> None:
    assert "ZIP code 1 is too short." == shown(Problem("zip", "length", "zip 1 is too short."), "ZIP code")
    assert "Something else." == shown(Problem("zip", "length", "Something else."), "ZIP code")


def test_a_document_and_the_fields_of_its_page_say_the_same() -> None:
    steps = [{"title": "All", "fields": ["zip", {"name": "email", "label": "Mail", "help": "Ours", "required": True}]}]
    form = read_form(
        "solar", document(steps=steps, consent={"named": True}, accent="teal", redirect="https://a.example/")
    )

    assert form == read_form("solar", document_of(fields_of(form)))


def test_the_same_document_has_the_same_version() -> None:
    assert read_form("solar", document()).version == read_form("other", document()).version
    assert read_form("solar", document()).version != read_form("solar", document(button="Go")).version


def test_a_form_whose_companies_must_be_named_asks_for_all_that_a_price_needs() -> None:
    zip_code = replace(spec("zip", "postal_code"), ping=Presence.REQUIRED)
    for rule in (ConsentRule(policy=ConsentPolicy.NAMED_SELLER), ConsentRule(required=("consented_buyers",))):
        of = replace(vertical(zip_code, spec("colour", "choice", allowed=("red",))), consent=rule)
        form = read_form("boats", document(steps=[{"title": "A", "fields": ["colour"]}]))
        told = form_problems(form, of)
        assert "consent: boats needs the companies by name: set consent.named" in told
        assert "steps: zip is not asked, and without it boats has no price, and nobody to name" in told
