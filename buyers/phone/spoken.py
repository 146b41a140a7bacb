"""What is said on the telephone: first what anybody may hear of a lead, then, to whoever took it, all of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from exchange.model.lead import FieldValue, Lead

CONTACT: Final = (
    *("first_name", "last_name", "full_name", "phone", "phone2", "email"),
    *("address", "address2", "city", "state", "zip"),
)
"""Whom to call, in the order it is read."""
CHARACTERS_MOST: Final = 3_000
"""Twilio says 4,096 characters of one verb."""
_VALUE_CHARACTERS: Final = 200
_DIGITS: Final = frozenset({"phone", "phone2", "zip"})
_NUMBERED: Final = re.compile(r"([a-z])([0-9]+)$")
_RANGE: Final = re.compile(r"(\d)-(\d)")


def intro(template: str, lead: Lead) -> str:
    return template.replace("{vertical}", lead.vertical.replace("_", " "))


def summary(lead: Lead, names: Iterable[str], public: frozenset[str] | None) -> str:
    """The fields that anybody may hear: those that are hidden on no screen, and that the vertical calls public."""
    values = [(name, lead.values[name]) for name in names if name in lead.values]
    return _sentences((name, value) for name, value in values if _is_open(value) and (public is None or name in public))


def whole(lead: Lead, names: Iterable[str]) -> str:
    return _sentences((name, lead.values[name]) for name in names if name in lead.values)


def _is_open(value: FieldValue) -> bool:
    return value.masked == value.clean


def _sentences(fields: Iterable[tuple[str, FieldValue]]) -> str:
    told = " ".join(f"{label_of(name)}: {say(name, value.clean)}." for name, value in fields)
    return told if len(told) <= CHARACTERS_MOST else told[: told.rindex(" ", 0, CHARACTERS_MOST)]


def label_of(name: str) -> str:
    """`phone2` → `Phone 2`."""
    return _NUMBERED.sub(r"\1 \2", name.replace("_", " ")).capitalize()


def say(name: str, text: str) -> str:
    """A value as it is understood by ear: digits one by one, a state by its letters, an address with its signs."""
    text = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())[:_VALUE_CHARACTERS]
    if name in _DIGITS:
        return digits(text)
    if name == "state":
        return " ".join(text)
    if "@" in text and " " not in text:
        return text.replace("@", " at ").replace(".", " dot ")
    return _RANGE.sub(r"\1 to \2", text.replace("_", " "))


def digits(text: str) -> str:
    """`+16025550142` → `6 0 2, 5 5 5, 0 1 4 2`."""
    own = text.removeprefix("+1") if len(text) == 12 else text.removeprefix("+")
    if len(own) == 10 and own.isdigit():
        return ", ".join(" ".join(part) for part in (own[:3], own[3:6], own[6:]))
    return " ".join(own)
