"""A decimal number, compared exactly. `least` and `most` are inclusive."""

from __future__ import annotations

import re
from decimal import Decimal

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType
from exchange.fields.operators import clean_by, membership, ordering
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

_NUMBER = re.compile(r"([+-]?)([0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.([0-9]{0,9}))?")


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, 40)
    if isinstance(text, Problem):
        return text
    clean = read_number(text)
    if clean is None:
        return problem(spec, "type", "must be a number", raw)
    if out_of_range(Decimal(clean), spec):
        return problem(spec, "range", f"must be {bounds(spec)}", raw)
    return FieldValue(raw, clean, clean)


def read_number(text: str) -> str | None:
    """Canonical decimal text (`-3`, `0.5`, no zeros to spare), or None. Commas only group by three."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    sign, whole, part = found.groups()
    whole = whole.replace(",", "").lstrip("0") or "0"
    part = (part or "").rstrip("0")
    number = f"{whole}.{part}" if part else whole
    return f"-{number}" if sign == "-" and number != "0" else number


def out_of_range(number: Decimal | int, spec: FieldSpec) -> bool:
    return (spec.least is not None and number < spec.least) or (spec.most is not None and number > spec.most)


def bounds(spec: FieldSpec) -> str:
    if spec.least is not None and spec.most is not None:
        return f"from {spec.least:,} to {spec.most:,}"
    return f"{spec.least:,} or more" if spec.least is not None else f"{spec.most:,} or less"


def bound(text: str, spec: FieldSpec) -> Decimal:
    """An operator's value as a number."""
    number = read_number(text.strip().removeprefix("$"))
    if number is None:
        raise ValueError(f"{spec.name} is compared with a number, not {text[:20]!r}.")
    return Decimal(number)


def _value(value: FieldValue) -> Decimal:
    return Decimal(value.clean)


def mask(clean: str) -> str:
    return clean


def limits_schema(spec: FieldSpec) -> dict[str, object]:
    schema: dict[str, object] = {}
    if spec.least is not None:
        schema["minimum"] = spec.least
    if spec.most is not None:
        schema["maximum"] = spec.most
    return schema


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "number", **limits_schema(spec)}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or str(spec.least) if spec.least is not None else "12.5",)


TYPE = FieldType(
    name="number",
    meaning="A decimal number; `least` and `most` are inclusive.",
    parse=parse,
    operators={**membership(clean_by(parse)), **ordering(bound, _value, _value)},
    mask=mask,
    json_schema=json_schema,
    examples=examples,
)
