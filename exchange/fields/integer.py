"""A whole number. `least` and `most` are inclusive."""

from __future__ import annotations

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType
from exchange.fields.number import bound, bounds, limits_schema, mask, out_of_range, read_number
from exchange.fields.operators import clean_by, membership, ordering
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, 40)
    if isinstance(text, Problem):
        return text
    clean = read_number(text)
    if clean is None or "." in clean:
        return problem(spec, "type", "must be a whole number", raw)
    number = int(clean)
    if out_of_range(number, spec):
        return problem(spec, "range", f"must be {bounds(spec)}", raw)
    return FieldValue(raw, clean, clean, {"number": number})


def _number(value: FieldValue) -> int:
    return int(value.parts["number"])


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "integer", **limits_schema(spec)}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or str(spec.least if spec.least is not None else 3),)


TYPE = FieldType(
    name="integer",
    meaning="A whole number; `least` and `most` are inclusive.",
    parse=parse,
    operators={**membership(clean_by(parse)), **ordering(bound, _number, _number)},
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("number",),
)
