"""How one value is written: phone and date styles, numbers, hashes. Clean text in, text out, nothing raised."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

Format = Callable[[str], str]

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile(r"[\t\r\n]+")
_NUMBER = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,15}))?")


def clean(text: str) -> str:
    """Without control characters; tabs and line breaks stay (consent texts have them)."""
    return text if text.isprintable() else _CONTROL.sub("", text)


def one_line(text: str) -> str:
    """For headers and URLs: no control characters at all."""
    return text if text.isprintable() else _BREAKS.sub(" ", _CONTROL.sub("", text)).strip()


def _national(text: str) -> str:
    digits = "".join(filter(str.isdigit, text))
    return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits


def _parted(template: str) -> Format:
    def form(text: str) -> str:
        digits = _national(text)
        return template.format(digits[:3], digits[3:6], digits[6:]) if len(digits) == 10 else digits

    return form


def _e164(text: str) -> str:
    digits = "".join(filter(str.isdigit, text))
    return f"+1{digits}" if len(digits) == 10 and not text.startswith("+") else f"+{digits}" if digits else ""


PHONES: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "digits": _national,
        "digits11": lambda text: _e164(text).lstrip("+"),
        "e164": _e164,
        "dashes": _parted("{}-{}-{}"),
        "dots": _parted("{}.{}.{}"),
        "parentheses": _parted("({}) {}-{}"),
    }
)


def date_format(pattern: str, zone: str | None) -> Format:
    """ISO dates and times, and epoch milliseconds, as `strftime` writes them. What is neither stays as it is.

    A moment is told in `zone` (default UTC); a plain date belongs to no zone.
    """
    place = ZoneInfo(zone) if zone else UTC

    def form(text: str) -> str:
        moment = _moment(text)
        if moment is None:
            return text
        if moment.tzinfo is not None:
            moment = moment.astimezone(place)
        if pattern == "epoch":
            return str(int(moment.timestamp()))
        return moment.strftime(pattern)

    return form


def _moment(text: str) -> datetime | None:
    if text.isascii() and text.isdigit() and 11 <= len(text) <= 14:
        return datetime.fromtimestamp(int(text) // 1000, UTC)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def number_format(decimals: int | None, sign: str, thousands: str, decimal_comma: bool) -> Format:
    """Cuts (never rounds up) to `decimals`; what is no number stays as it is."""

    def form(text: str) -> str:
        match = _NUMBER.fullmatch(text)
        if match is None:
            return text
        minus, whole, part = match[1], match[2], match[3] or ""
        kept = part if decimals is None else part[:decimals].ljust(decimals, "0")
        grouped = f"{int(whole):,}".replace(",", thousands)
        return f"{minus}{sign}{grouped}{(',' if decimal_comma else '.') + kept if kept else ''}"

    return form


CASES: Final[Mapping[str, Format]] = MappingProxyType({"upper": str.upper, "lower": str.lower, "title": str.title})


def hash_format(name: str) -> Format:
    """The hexadecimal digest of the trimmed, lower-cased text; of nothing it is nothing."""

    def form(text: str) -> str:
        normal = text.strip().lower().encode()
        return hashlib.new(name, normal, usedforsecurity=False).hexdigest() if normal else ""

    return form


def lookup_format(table: Mapping[str, str], otherwise: str | None) -> Format:
    """Theirs for ours, without regard to case; a value not listed becomes `otherwise`, or stays."""
    folded = {key.casefold(): value for key, value in table.items()}

    def form(text: str) -> str:
        return folded.get(text.casefold(), text if otherwise is None else otherwise)

    return form
