"""What reading a value changed, in words: each correction is told, and none of them with the value."""

from __future__ import annotations

import unicodedata

from exchange.fields.characters import EDGE, mend_mojibake
from exchange.model.lead import FieldValue
from exchange.stages.scrub.notes import Fix

_NAMES = frozenset({"name", "first_name", "city", "street"})
_DIGITS = 10


def change(field: str, kind: str, value: FieldValue) -> Fix | None:
    """What became of a value as it was read; None when it came as it is kept. `kind` is the field's type."""
    raw, clean = value.raw, value.clean
    if raw == clean:
        return None
    if kind == "phone":
        return _phone(field, raw, value)
    text = raw.strip(EDGE)
    if text == clean:
        return Fix(field, "Space around it was taken off", value, plain=True)
    if kind == "email":
        return Fix(field, "The domain was written in small letters", value, plain=True)
    if kind == "postal_code":
        return Fix(field, "Cut to its five digits", value, plain=True)
    if kind == "state":
        return Fix(field, "Written as two letters", value, plain=True)
    return _name(field, text, value) if kind in _NAMES else None


def _phone(field: str, raw: str, value: FieldValue) -> Fix | None:
    """Ten digits are what everybody sends: no news."""
    text = raw.strip(EDGE)
    if text == value.parts.get("national") or (len(text) == _DIGITS and text.isdigit()):
        return Fix(field, "Space around it was taken off", value, plain=True) if text != raw else None
    return Fix(field, "Read as one number, without signs and prefix", value, plain=True)


def _name(field: str, text: str, value: FieldValue) -> Fix:
    if mend_mojibake(text) != text:
        return Fix(field, "Letters that a wrong encoding had spoiled were put right", value)
    folded, clean = text.casefold(), value.clean.casefold()
    if folded == clean:
        return Fix(field, "Capitals and small letters put right", value, plain=True)
    if unicodedata.normalize("NFKC", folded) == clean:
        return Fix(field, "Its letters were written in their usual form", value, plain=True)
    return Fix(field, "Spaces and invisible signs were taken out", value, plain=True)
