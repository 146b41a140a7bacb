"""Promises that every field type keeps."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange import limits
from exchange.fields import FieldType, field_types
from exchange.model.lead import FieldValue, Problem
from tests.effort import least_seconds
from tests.fields.values import NOW, naughty_texts, spec_of

TYPES = tuple(field_types().values())
CODES = {"blank", "type", "pattern", "length", "range", "not_allowed", "too_old", "in_future"}
either = pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)


def check(kind: FieldType, raw: str) -> None:
    """Any answer is a sound value or a sound problem."""
    spec = spec_of(kind)
    answer = kind.parse(raw, spec, NOW)
    if isinstance(answer, Problem):
        assert answer.code in CODES
        assert answer.message.startswith(spec.name)
        assert len(answer.got) <= limits.GOT_CHARACTERS
        assert answer.got.isprintable()
        return
    assert answer.raw == raw
    assert answer.clean == answer.clean.strip() != ""
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 or 0xD800 <= ord(char) < 0xE000 for char in answer.clean)
    assert orjson.dumps(dict(answer.parts))
    again = kind.parse(answer.clean, spec, NOW)
    assert isinstance(again, FieldValue)
    assert answer.clean == again.clean
    assert {**answer.parts, "plus4": ""} == {**again.parts, "plus4": ""}  # ZIP+4 is cut from the clean form
    assert answer.masked == again.masked


@given(raw=st.text(max_size=300))
def test_no_text_breaks_a_type_and_reading_the_clean_value_again_changes_nothing(raw: str) -> None:
    for kind in TYPES:
        check(kind, raw)


@given(raw=st.text(alphabet="0123456789+-.,:/@()$TZ x", max_size=40))
def test_no_near_miss_of_a_number_date_or_phone_breaks_a_type(raw: str) -> None:
    for kind in TYPES:
        check(kind, raw)


def test_naughty_strings_break_no_type() -> None:
    for raw in naughty_texts():
        for kind in TYPES:
            check(kind, raw)


@either
def test_control_characters_never_pass(kind: FieldType) -> None:
    example = kind.examples(spec_of(kind))[0]
    for control in "\x00\x07\x1b\r\n\t\x7f\x85\u2028\u202e":
        answer = kind.parse(example[:1] + control + (example[1:] or example), spec_of(kind), NOW)
        assert isinstance(answer, Problem), (kind.name, control)


@either
def test_the_examples_of_a_type_are_read_with_its_parts(kind: FieldType) -> None:
    for example in kind.examples(spec_of(kind)):
        answer = kind.parse(example, spec_of(kind), NOW)
        assert isinstance(answer, FieldValue), answer
        assert set(answer.parts) <= set(kind.parts)


@either
def test_white_space_and_invisible_characters_at_the_edges_do_not_count(kind: FieldType) -> None:
    example = kind.examples(spec_of(kind))[0]
    line = "" if kind.name == "email" else "\r\n"  # its line breaks are taken off before it is read
    plain, padded = (kind.parse(raw, spec_of(kind), NOW) for raw in (example, f"\t\u200b {example}\xa0{line}\ufeff"))
    assert isinstance(plain, FieldValue) and isinstance(padded, FieldValue)
    assert plain.clean == padded.clean


@either
@pytest.mark.parametrize(
    "pattern", ("a", "-", "9", " ", ".", "@", "a@", "a.", "1,", "0", "é", "+1 ", "//", "(", "a b ")
)
def test_long_values_are_refused_in_no_time(kind: FieldType, pattern: str) -> None:
    raw = pattern * (1_000_000 // len(pattern))
    assert isinstance(kind.parse(raw, spec_of(kind), NOW), Problem)
    for text in (raw, raw[:2_000]):
        assert least_seconds(partial(kind.parse, text, spec_of(kind), NOW), 0.1) < 0.1


@either
def test_a_missing_value_passes_only_the_tests_that_exclude_something(kind: FieldType) -> None:
    spec = spec_of(kind)
    example = kind.examples(spec)[0]
    passed = set()
    for operator in kind.operators:
        for values in ((), (example,), ("5",), ("5", "9"), ("2020-01-01", "2021-01-01"), ("602",), ("a.example",)):
            try:
                if kind.compile(operator, values, spec)(None):
                    passed.add(operator)
            except ValueError as error:
                assert str(error).endswith(".")
    assert passed <= {"is_not_set", "not_equals", "none_of", "not_in_area_codes", "domain_not_in"}


@either
def test_an_unknown_operator_is_told_with_those_the_type_has(kind: FieldType) -> None:
    with pytest.raises(ValueError, match="is_set"):
        kind.compile("is_roughly", ("1",), spec_of(kind))


@either
def test_equality_reads_its_value_as_the_field_does(kind: FieldType) -> None:
    spec = spec_of(kind)
    if "equals" not in kind.operators:
        assert kind.name in ("certificate", "ssn", "routing_number", "account_number")
        return
    example = kind.examples(spec)[-1]
    answer = kind.parse(example, spec, NOW)
    assert isinstance(answer, FieldValue)
    assert kind.compile("equals", (f" {example} ",), spec)(answer)
    assert kind.compile("one_of", (example,), spec)(answer)
    assert not kind.compile("none_of", (example,), spec)(answer)
    assert not kind.compile("not_equals", (example,), spec)(answer)


@either
def test_the_schema_of_a_type_is_plain_json(kind: FieldType) -> None:
    schema = kind.json_schema(spec_of(kind))
    assert "type" in schema or "oneOf" in schema
    assert orjson.loads(orjson.dumps(schema)) == schema


def test_a_personal_value_is_never_quoted_in_a_sentence() -> None:
    for kind in TYPES:
        answer = kind.parse("Zanzibar~#<1>", replace(spec_of(kind), personal=True), NOW)
        assert not isinstance(answer, Problem) or "Zanzibar" not in answer.message
