"""One of the vertical's allowed values. A bracket such as `101-150` or `301+` has the parts `least` and `most`.

`at_least 150` holds for a bracket when all of it is 150 or more: `151-200` passes, `101-150` does not.
"""

from __future__ import annotations

import re
from decimal import Decimal

from rapidfuzz import process

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType
from exchange.fields.number import bound, read_number
from exchange.fields.operators import clean_by, membership, ordering
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

MOST = 200
_RANGE = re.compile(r"\$?([0-9]{1,12}) ?(?:-|–|to) ?\$?([0-9]{1,12})")
_OPEN = re.compile(r"\$?([0-9]{1,12}) ?\+")
_PLAIN = re.compile(r"[0-9]{1,12}")
_GAP = re.compile(r"[\s_-]+")
_CODE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")
_LETTER = re.compile(r"\b(?:[b-z]|(?<=part )a|(?<=parts )a)\b")


def in_words(value: str) -> str:
    """A value as people read it, `under_1_year` as `under 1 year`, `part_a` as `part A`. What is no code stays."""
    if _CODE.fullmatch(value) is None:
        return value
    return _LETTER.sub(lambda letter: letter[0].upper(), value.replace("_", " "))


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    allowed = spec.allowed_at(now) if spec.until else spec.allowed
    if raw in allowed:  # as declared: nearly every lead
        return _value(raw, raw)
    text = read_text(raw, spec, MOST)
    if isinstance(text, Problem):
        return text
    wanted = _fold(text)
    for choice in allowed:
        if _fold(choice) == wanted:
            return _value(raw, choice)
    count = len(allowed)
    rule = f"must be one of {count} values" if count > 1 else f"must be {''.join(allowed)}"
    return problem(spec, "not_allowed", rule, raw, allowed, closest(text, allowed), quote=False)


def closest(text: str, allowed: tuple[str, ...]) -> str | None:
    """The allowed value that was probably meant: the bracket a number lies in, else the nearest spelling."""
    number = read_number(text.strip().removeprefix("$").rstrip(" +"))
    if number is not None:
        for choice in allowed:
            ends = range_of(choice)
            if ends is not None and ends[0] <= Decimal(number) and (ends[1] is None or Decimal(number) <= ends[1]):
                return choice
    near = process.extractOne(_fold(text[:80]), {choice: _fold(choice) for choice in allowed}, score_cutoff=60)
    return str(near[2]) if near else None


def range_of(choice: str) -> tuple[int, int | None] | None:
    """Both ends of a bracket, the last None when it is open; None when the value is no number."""
    if found := _RANGE.fullmatch(choice):
        least, most = int(found.group(1)), int(found.group(2))
        return (least, most) if least <= most else None
    if found := _OPEN.fullmatch(choice):
        return int(found.group(1)), None
    return (int(choice), int(choice)) if _PLAIN.fullmatch(choice) else None


def _value(raw: str, choice: str) -> FieldValue:
    ends = range_of(choice) if choice[:1] in "$0123456789" else None
    if ends is None:
        return FieldValue(raw, choice, choice)
    return FieldValue(raw, choice, choice, {"least": ends[0], "most": ends[1]})


def _fold(text: str) -> str:
    return _GAP.sub("_", text.strip().casefold())


def mask(clean: str) -> str:
    return clean


def _low(value: FieldValue) -> Decimal | None:
    least = value.parts.get("least")
    return None if least is None else Decimal(least)


def _high(value: FieldValue) -> Decimal | None:
    most = value.parts.get("most")
    return None if most is None else Decimal(most)


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "enum": list(spec.allowed)}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or spec.allowed[0],) if spec.allowed else ()


TYPE = FieldType(
    name="choice",
    meaning="One of the values under `allowed`, blind to case, spaces, - and _; brackets can be compared as numbers.",
    parse=parse,
    operators={**membership(clean_by(parse)), **ordering(bound, _low, _high)},
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("least", "most"),
)
