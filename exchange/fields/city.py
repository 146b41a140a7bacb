"""A city's name, in usual case."""

from __future__ import annotations

from exchange.fields import name
from exchange.fields.field_type import FieldType
from exchange.fields.operators import clean_by, membership, words
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    return name.parse_first(raw, spec, now)  # a city is read like a name and never masked


def mask(clean: str) -> str:
    return clean


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "Phoenix",)


TYPE = FieldType(
    name="city",
    meaning="A city's name; PHOENIX and phoenix are read as Phoenix.",
    parse=parse,
    operators={**membership(clean_by(parse)), **words()},
    mask=mask,
    json_schema=name.json_schema,
    examples=examples,
)
