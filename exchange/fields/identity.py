"""Numbers that open somebody's account: Social Security, bank routing, bank account.

They belong to no ping and to no filter, so these types answer only whether one is there; a problem never repeats what
was sent, not even to its seller.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType, Parse
from exchange.fields.operators import presence
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

_MOST = 40
_SIGNS = str.maketrans("", "", " -.")
_SSN = re.compile(r"(?!000|666|9)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}")  # what is left out was never given out
_ROUTING = re.compile(r"(?:0[0-9]|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)[0-9]{7}")
_ACCOUNT = re.compile(r"[0-9]{4,17}")
_WEIGHTS = (3, 7, 1) * 3


def is_routing(digits: str) -> bool:
    """Nine digits of a Federal Reserve district whose check digit fits."""
    good = _ROUTING.fullmatch(digits) is not None
    return good and sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 10 == 0


def mask(clean: str) -> str:
    return f"•••••{clean[-4:]}" if len(clean) >= 8 else "•••••"


def _parser(fits: Callable[[str], bool], rule: str) -> Parse:
    def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
        text = read_text(raw, spec, _MOST)
        if isinstance(text, Problem):
            return text._replace(got="")
        digits = text.translate(_SIGNS)
        if not (digits.isascii() and fits(digits)):
            return problem(spec, "pattern", rule, "", quote=False)
        return FieldValue(raw, digits, mask(digits))

    return parse


def _type(name: str, meaning: str, parse: Parse, pattern: str, example: str) -> FieldType:
    return FieldType(
        name=name,
        meaning=meaning,
        parse=parse,
        operators={**presence()},
        mask=mask,
        json_schema=lambda spec: {"type": "string", "pattern": pattern},
        examples=lambda spec: (spec.example or example,),
    )


SSN = _type(
    "ssn",
    "A Social Security number that may have been given out; always personal, never in a ping.",
    _parser(lambda digits: _SSN.fullmatch(digits) is not None, "must be a Social Security number of 9 digits"),
    "^[0-9]{3}-?[0-9]{2}-?[0-9]{4}$",
    "219-09-9999",  # printed in a pamphlet of 1940 and nobody's since
)
ROUTING = _type(
    "routing_number",
    "The routing number of a US bank: 9 digits, the last a check digit; always personal, never in a ping.",
    _parser(is_routing, "must be the routing number of a US bank, 9 digits"),
    "^[0-9]{9}$",
    "123456780",
)
ACCOUNT = _type(
    "account_number",
    "The number of a bank account: 4 to 17 digits; always personal, never in a ping.",
    _parser(lambda digits: _ACCOUNT.fullmatch(digits) is not None, "must be an account number of 4 to 17 digits"),
    "^[0-9 -]{4,40}$",
    "000123456789",
)
