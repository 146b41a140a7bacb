"""A street address line as the consumer wrote it, with clean spaces. A plain number or unit is a part."""

from __future__ import annotations

import re

from exchange.fields.characters import mend_mojibake, one_line, problem, read_text
from exchange.fields.field_type import FieldType
from exchange.fields.operators import clean_by, membership, words
from exchange.fields.street_form import standard_form
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

MOST = 120
_NUMBER = re.compile(r"([0-9]{1,6}[A-Za-z]?)(?: [0-9]/[0-9])? ")
_UNIT = re.compile(r" (?:apt|apartment|unit|suite|ste|#) ?#? ?([A-Za-z0-9-]{1,8})$", re.IGNORECASE)
_BOX = re.compile(r"p\.? ?o\.? ?box\b", re.IGNORECASE)


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(mend_mojibake(raw), spec, spec.most or MOST)
    if isinstance(text, Problem):
        return text
    if "<" in text or ">" in text:
        return problem(spec, "pattern", "must be a street address, without < or >", raw)
    clean = one_line(text)
    number, unit = _NUMBER.match(clean), _UNIT.search(clean)
    parts = {
        "number": number.group(1) if number else "",
        "unit": unit.group(1) if unit else "",
        "po_box": _BOX.match(clean) is not None,
        "standard": standard_form(clean),
    }
    return FieldValue(raw, clean, mask(clean), parts)


def mask(clean: str) -> str:
    return "•••••"


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "minLength": 1, "maxLength": spec.most or MOST}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "3196 Lake Ct Apt 4",)


TYPE = FieldType(
    name="street",
    meaning="A street address line.",
    parse=parse,
    operators={**membership(clean_by(parse)), **words()},
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("number", "unit", "po_box", "standard"),
)
