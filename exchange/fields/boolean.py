"""Yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType
from exchange.fields.operators import clean_by, membership
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

_WORDS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("yes", "y", "true", "t", "1", "on", "checked"), "yes")
    | dict.fromkeys(("no", "n", "false", "f", "0", "off"), "no")
)


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, 40)
    if isinstance(text, Problem):
        return text
    word = _WORDS.get(text.lower())
    if word is None:
        return problem(spec, "not_allowed", "must be yes or no", raw, ("yes", "no"))
    return FieldValue(raw, word, word, {"true": word == "yes"})


def mask(clean: str) -> str:
    return clean


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"oneOf": [{"type": "boolean"}, {"type": "string", "enum": ["yes", "no", "true", "false", "1", "0"]}]}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "yes", "no")


TYPE = FieldType(
    name="boolean",
    meaning="Yes or no; true, false, 1, 0, y, n, on and off are read too.",
    parse=parse,
    operators=membership(clean_by(parse)),
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("true",),
)
