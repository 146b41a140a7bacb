"""A telephone number, North American unless it says otherwise. The clean form is E.164.

Fictional numbers (555-0100 to 555-0199) are read and marked, not refused: documentation and tests need them.
"""

from __future__ import annotations

import re

import phonenumbers

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType, Test
from exchange.fields.operators import clean_by, membership
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

MOST = 40
_PLAIN = re.compile(r"[2-9][0-8][0-9][2-9][0-9]{6}")
_PUNCTUATION = str.maketrans("", "", " ().-/\xa0\u2010\u2011\u2012\u2013+")
_RULE = "must be a US phone number of 10 digits"


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, MOST)
    if isinstance(text, Problem):
        return text
    digits = _national(text)
    if digits is None:
        return _other(text, raw, spec)
    if not _assignable(digits):
        return problem(spec, "pattern", _RULE, raw)
    return _value(raw, digits)


def _national(text: str) -> str | None:
    """Ten digits when the text is written as a North American number, else None."""
    if len(text) == 10 and text.isascii() and text.isdigit():
        return text
    head = text[:4].lower()
    digits = (text[4:] if head == "tel:" else text).translate(_PUNCTUATION)
    if not (digits.isascii() and digits.isdigit()):
        return None
    for prefix in ("001", "1"):
        if len(digits) == 10 + len(prefix) and digits.startswith(prefix):
            return digits[len(prefix) :]
    return digits if len(digits) == 10 and "+" not in text else None


def _assignable(digits: str) -> bool:
    area, exchange = digits[:3], digits[3:6]
    if not _PLAIN.fullmatch(digits) or area == "555":
        return False
    return not (area.endswith("11") or exchange.endswith("11") or digits == digits[0] * 10)


def _value(raw: str, digits: str) -> FieldValue:
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    parts = {
        "area": area,
        "exchange": exchange,
        "line": line,
        "national": digits,
        "dashed": f"{area}-{exchange}-{line}",
        "fictional": exchange == "555" and line.startswith("01"),
        "country": "1",
    }
    return FieldValue(raw, "+1" + digits, f"({area}) •••-{line}", parts)


def _other(text: str, raw: str, spec: FieldSpec) -> FieldValue | Problem:
    """Foreign numbers, extensions and odd digits: the slow way, through libphonenumber."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return problem(spec, "pattern", _RULE, raw)
    if number.country_code == 1:
        digits = str(number.national_number)
        return _value(raw, digits) if _assignable(digits) else problem(spec, "pattern", _RULE, raw)
    if not phonenumbers.is_valid_number(number):
        return problem(spec, "pattern", f"{_RULE}, or a full number that starts with + and the country", raw)
    clean = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = str(number.national_number)
    parts = {"national": national, "dashed": national, "fictional": False, "country": str(number.country_code)}
    return FieldValue(raw, clean, mask(clean), parts)


def mask(clean: str) -> str:
    if clean.startswith("+1") and len(clean) == 12:
        return f"({clean[2:5]}) •••-{clean[8:]}"
    return f"{clean[:3]} ••• {clean[-4:]}"


def _in_area_codes(values: tuple[str, ...], spec: FieldSpec) -> Test:
    areas = frozenset(_area(value, spec) for value in values)
    if not areas:
        raise ValueError(f"{spec.name} in_area_codes needs at least one area code.")
    return lambda value: value is not None and value.parts.get("area") in areas


def _not_in_area_codes(values: tuple[str, ...], spec: FieldSpec) -> Test:
    inside = _in_area_codes(values, spec)
    return lambda value: not inside(value)


def _area(text: str, spec: FieldSpec) -> str:
    area = text.strip()
    if not re.fullmatch(r"[2-9][0-9]{2}", area):
        raise ValueError(f"{spec.name} in_area_codes takes area codes of 3 digits, not {text[:20]!r}.")
    return area


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "format": "phone", "minLength": 10, "maxLength": MOST}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "6025550142", "(602) 555-0142", "+16025550142")


TYPE = FieldType(
    name="phone",
    meaning="A phone number; 10 digits with any punctuation, or + and the country for others.",
    parse=parse,
    operators={
        **membership(clean_by(parse)),
        "in_area_codes": _in_area_codes,
        "not_in_area_codes": _not_in_area_codes,
    },
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("area", "exchange", "line", "national", "dashed", "fictional", "country"),
)
