"""What is personal or secret, hidden in whatever text it stands: bodies, addresses, replies that echo it.

Values are found by their text, in the spellings that forms, JSON, XML and buyers' own formats give them; so a field
that a buyer calls by another name is masked too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from exchange.model.vertical import Vertical

HIDDEN = "•••••"
_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|password|api-?key|signature|x-auth", re.IGNORECASE)
_OUR_KEYS = re.compile(r"\b([cbo]k_(?:live|test)_)[A-Za-z0-9_-]{4,}")
_NAMED_SECRET = re.compile(
    r"""(?<![\w-])((?:[\w.-]+:)?(?:api|auth|access|campaign|secret|private)?[_-]?(?:key|token|secret|password|passwd|pwd)|auth)
        (["']?\s*(?:[:=]|%3D|>)\s*["']?)([^"'&\s,<}]{3,})""",
    re.IGNORECASE | re.VERBOSE,
)
_GAP = r"(?:[\s.()+/-]|%20|%28|%29|%2B|%2D|\+){0,3}"
_CUT = r"(?:[-/. ]|%2F|%20|\+|\\/)?"
_SHORT = 4
_START = r"(?:(?<![^\W_])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_SHOWN_TYPES = frozenset({"first_name", "city", "state", "postal_code", "choice", "boolean", "consent"})
_NAME_TYPES = frozenset({"name"})
_NOT_DIGIT = re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class Hidden:
    """One value: how to find it, what stands for it on screen, and the field it belongs to."""

    pattern: re.Pattern[str]
    masked: str
    field: str


@dataclass(frozen=True, slots=True)
class Mask:
    """Everything of one lead that is not shown."""

    hidden: tuple[Hidden, ...]

    def text(self, text: str) -> str:
        for each in self.hidden:
            text = each.pattern.sub(each.masked.replace("\\", r"\\"), text)
        text = _NAMED_SECRET.sub(rf"\1\2{HIDDEN}", text)
        return _OUR_KEYS.sub(rf"\1{HIDDEN}", text)

    def placeholders(self, text: str) -> str:
        """The same with `{phone}` where the phone stood: for commands that are to be filled in."""
        for each in self.hidden:
            text = each.pattern.sub("{" + each.field.replace("\\", "") + "}", text)
        return _OUR_KEYS.sub("{key}", _NAMED_SECRET.sub(r"\1\2{secret}", text))

    def headers(self, headers: Mapping[str, str], stands_for: str = HIDDEN) -> dict[str, str]:
        """Credentials whole, whatever they are; the rest as any text."""
        return {name: _header(name, value, stands_for) or self.text(value) for name, value in headers.items()}

    def deep(self, value: Any) -> Any:
        """Every text in a structure."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.deep(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.deep(part) for part in value]
        return value

    def with_more(self, more: Iterable[Hidden]) -> Mask:
        return Mask((*self.hidden, *more))


def personal_mask(values: Mapping[str, tuple[str, str, str]], vertical: Vertical | None) -> Mask:
    """A mask for the sealed values of a lead: (raw, clean, masked) by field."""
    hidden: list[Hidden] = []
    for name, (raw, clean, masked) in values.items():
        kind = _type_of(name, vertical)
        if kind in _SHOWN_TYPES:
            continue
        hidden += hide(name, kind, (raw, clean), masked if masked != clean else HIDDEN)
    return Mask(tuple(sorted(hidden, key=lambda each: -len(each.pattern.pattern))))


def secrets_hidden(secrets: Iterable[str]) -> list[Hidden]:
    return [each for secret in secrets if len(secret) >= _SHORT for each in hide("secret", "text", (secret,), HIDDEN)]


def hide(field: str, kind: str, spellings: Iterable[str], masked: str) -> list[Hidden]:
    """How one value is found, as it is spelled and as its kind is written elsewhere."""
    found: dict[str, None] = {}
    for spelling in spellings:
        text = spelling.strip()
        if not text:
            continue
        for pattern in _patterns(text, kind):
            found[pattern] = None
    if not found:
        return []
    ordered = sorted(found, key=len, reverse=True)
    hidden = [Hidden(re.compile("|".join(ordered), re.IGNORECASE), masked, field)]
    if kind in _NAME_TYPES:
        words = {word for spelling in spellings for word in spelling.split() if len(word) >= _SHORT}
        hidden += [
            Hidden(re.compile(_bounded(word), re.IGNORECASE), HIDDEN, field) for word in sorted(words - set(spellings))
        ]
    return hidden


def shows(field: str, vertical: Vertical | None) -> bool:
    """Whether a field's value may stand on screen although it is personal: a first name, a town."""
    return _type_of(field, vertical) in _SHOWN_TYPES


def _type_of(field: str, vertical: Vertical | None) -> str:
    spec = vertical.by_name.get(field) if vertical is not None else None
    return spec.type if spec is not None else "text"


def _patterns(text: str, kind: str) -> list[str]:
    digits = _NOT_DIGIT.sub("", text)
    if kind == "phone" and len(digits) >= 10:
        area, middle, line = digits[-10:-7], digits[-7:-4], digits[-4:]
        prefix = r"(?:(?:\+|%2B)?1(?:[\s.-]|%20)?)?(?:\(|%28)?"
        return [f"{prefix}{area}{_GAP}{middle}{_GAP}{line}", *_spelled(text)]
    if kind in ("dob", "date") and (date := _DATE.fullmatch(text)):
        year, month, day = date[1], f"0?{int(date[2])}", f"0?{int(date[3])}"
        orders = ((year, month, day), (month, day, year), (day, month, year))
        return [_CUT.join(order) for order in orders]
    return _spelled(text)


def _spelled(text: str) -> list[str]:
    spelled = {text, quote(text), quote(text, safe=""), quote_plus(text), escape(text), escape(text, {'"': "&quot;"})}
    spelled |= {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    return [_bounded(one) for one in spelled]


def _bounded(text: str) -> str:
    """Short values only as words of their own, or every text that holds those letters would be full of holes."""
    return re.escape(text) if len(text) >= _SHORT else rf"{_START}{re.escape(text)}(?![^\W_])"


def _header(name: str, value: str, stands_for: str) -> str | None:
    if not _SECRET_HEADER.search(name):
        return None
    scheme, blank, _ = value.partition(" ")
    return f"{scheme} {stands_for}" if blank and scheme.isalpha() else stands_for
