"""Free text of one line. `least` and `most` bound its length; `pattern` is matched by an engine that cannot hang."""

from __future__ import annotations

import re

import re2

from exchange import limits
from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType
from exchange.fields.operators import clean_by, membership, words
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

_CARD = re.compile(r"(?<![0-9])(?:[0-9][ -]?){12,18}[0-9](?![0-9])")
_DIGIT = re.compile(r"[0-9]")
_CARD_STARTS = ("2", "3", "4", "5", "6")


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, min(spec.most or limits.FIELD_CHARACTERS, limits.FIELD_CHARACTERS))
    if isinstance(text, Problem):
        return text
    if spec.least is not None and len(text) < spec.least:
        return problem(spec, "length", f"must have at least {spec.least} characters, it has {len(text)}", raw)
    if spec.pattern is not None and re2.fullmatch(spec.pattern, text) is None:
        return problem(spec, "pattern", f"does not have the required form{_like(spec)}", raw)
    if holds_card_number(text):
        return problem(spec, "not_allowed", "must not hold a payment card number", "", quote=False)
    return FieldValue(raw, text, mask(text) if spec.personal else text)


def holds_card_number(text: str) -> bool:
    """Whether 13 to 19 digits in it make a payment card number (by first digit and check digit)."""
    if _DIGIT.search(text) is None:
        return False
    for match in _CARD.finditer(text):
        digits = [int(char) for char in match.group() if char.isdigit()]
        doubled = sum(sum(divmod(digit * 2, 10)) for digit in digits[-2::-2])
        if match.group().startswith(_CARD_STARTS) and (sum(digits[-1::-2]) + doubled) % 10 == 0:
            return True
    return False


def mask(clean: str) -> str:
    return clean[:1] + "•••••"


def json_schema(spec: FieldSpec) -> dict[str, object]:
    schema: dict[str, object] = {"type": "string", "minLength": spec.least or 1}
    schema["maxLength"] = min(spec.most or limits.FIELD_CHARACTERS, limits.FIELD_CHARACTERS)
    if spec.pattern is not None:
        schema["pattern"] = f"^(?:{spec.pattern})$"
    return schema


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "Call after five",)


def _like(spec: FieldSpec) -> str:
    return f", for example {spec.example}" if spec.example else ""


TYPE = FieldType(
    name="text",
    meaning="Text of one line; `least` and `most` bound its length, `pattern` its form (RE2).",
    parse=parse,
    operators={**membership(clean_by(parse)), **words()},
    mask=mask,
    json_schema=json_schema,
    examples=examples,
)
