"""A US ZIP code: 5 digits, ZIP+4 is cut. Whether the post office uses it is asked of `places`, not here."""

from __future__ import annotations

import re

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType
from exchange.fields.operators import clean_by, membership, words
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

_ZIP = re.compile(r"([0-9]{5})(?:[- ]?([0-9]{4}))?")


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, 40)
    if isinstance(text, Problem):
        return text
    found = _ZIP.fullmatch(text)
    if found is None:
        return problem(spec, "pattern", "must be 5 digits", raw)
    five, four = found.groups()
    return FieldValue(raw, five, five, {"zip5": five, "plus4": four or "", "zip3": five[:3]})


def mask(clean: str) -> str:
    return clean


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "pattern": "^[0-9]{5}([- ]?[0-9]{4})?$"}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "85016", "85016-1234")


TYPE = FieldType(
    name="postal_code",
    meaning="A US ZIP code of 5 digits; ZIP+4 is read and cut.",
    parse=parse,
    operators={**membership(clean_by(parse)), "starts_with": words()["starts_with"]},
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("zip5", "plus4", "zip3"),
)
