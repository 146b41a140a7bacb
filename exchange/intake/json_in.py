"""JSON in. The standard library's reader, because its hooks show repeated names and numbers of any length."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from exchange import limits
from exchange.intake.flat import Pairs, too_deep, too_many_fields, unreadable

# Strings are taken whole; one without an end reaches to the end of the body, so no character is looked at twice.
_STRUCTURE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|([{\[])|([}\]])|(-?Infinity|NaN)', re.DOTALL)

_SENTENCES = (
    ("Expecting ',' delimiter", "expected a comma"),
    ("Expecting ':' delimiter", "expected a colon"),
    ("Expecting property name", "expected a name in double quotes"),
    ("Illegal trailing comma", "a comma with nothing after it"),
    ("Expecting value", "expected a value"),
    ("Unterminated string", "a string that does not end starts"),
    ("Invalid control character", "a string holds a control character that is not escaped"),
    ("Invalid \\u", "a \\u escape needs four hexadecimal digits"),
    ("Invalid \\", "a backslash is followed by a letter that JSON does not know"),
    ("Extra data", "the body should have ended"),
)


class _NotANumber(Exception):
    """NaN or Infinity stood where a value belongs."""


def _not_a_number(word: str) -> NoReturn:
    raise _NotANumber(word)


_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_int=str, parse_float=str, parse_constant=_not_a_number)


def read_json(text: str) -> Pairs:
    """The pairs of the one object in `text`; numbers stay the text they were. Raises `Unreadable` with the position."""
    if text.count("{") + text.count("[") > limits.DEPTH:
        _check_nesting(text)
    try:
        record = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        unreadable(_sentence(error))
    except _NotANumber as error:
        unreadable(f"JSON: {error} is not a value{_where_not_a_number(text)}.")
    if type(record) is not tuple:
        kind = "a list" if type(record) is list else "a single value"
        unreadable(f'JSON: expected one object, such as {{"zip": "60610"}}, and got {kind}.')
    return record


def _check_nesting(text: str) -> None:
    depth = opened = 0
    for found in _STRUCTURE.finditer(text):
        if found[1]:
            depth += 1
            opened += 1
            if opened > 2 * limits.FIELDS:
                too_many_fields()
            if depth > limits.DEPTH:
                too_deep(f"JSON{_at(text, found.start())}")
        elif found[2]:
            depth -= 1


def _sentence(error: json.JSONDecodeError) -> str:
    if error.pos >= len(error.doc.rstrip()) and not error.msg.startswith("Extra"):
        return f"JSON: the body ends too early, at line {error.lineno}, column {error.colno}."
    told = next((told for start, told in _SENTENCES if error.msg.startswith(start)), "it cannot be read")
    return f"JSON: {told} at line {error.lineno}, column {error.colno}."


def _where_not_a_number(text: str) -> str:
    return next((_at(text, found.start()) for found in _STRUCTURE.finditer(text) if found[3]), "")


def _at(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    return f" at line {line}, column {position - text.rfind(chr(10), 0, position)}"
