"""Filters of leads that are written by hand: ranges, lists of ZIP codes, and the value of a field."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from exchange.model.counted import PRICE_UNITS
from exchange.model.money import SCALE
from exchange.web.words import Times

_GRADES = re.compile(r"([A-F])(?:\s*-\s*([A-F]))?")
_PRICES = re.compile(r"(\d{1,9}(?:\.\d{1,2})?)?\s*-?\s*(\d{1,9}(?:\.\d{1,2})?)?")
_FIELD = re.compile(r"([a-z][a-z0-9_]{0,59})\s*=\s*(\S.*)")
_BIDS = re.compile(r"(\d{1,9}(?:\.\d{1,2})?)-(\d{1,9}(?:\.\d{1,2})?)?")
_SIZES_MOST = 2**50
_ZIPS_MOST = 80
_MOST_UNITS = 10**15


def grades(text: str) -> str:
    """`A-C`, or one grade; nothing for what is none."""
    return text.upper().replace(" ", "") if _GRADES.fullmatch(text.upper()) else ""


def grades_of(text: str) -> tuple[str, str] | None:
    found = _GRADES.fullmatch(text)
    if found is None:
        return None
    first, last = sorted((found[1], found[2] or found[1]))
    return first, last


def dollars(text: str) -> str:
    """`20-45`, `20-`, `-45`, or one amount; nothing for what is none."""
    text = text.replace("$", "").replace(" ", "")
    return text if text.strip("-") and _PRICES.fullmatch(text) else ""


def prices_of(text: str) -> tuple[int, int] | None:
    """Least and most in units. One amount alone is both."""
    if not text:
        return None
    least, dash, most = text.partition("-")
    return _units(least) if least else 0, (_units(most) if most else _MOST_UNITS) if dash else _units(least)


def _units(text: str) -> int:
    whole, _, cents = text.partition(".")
    return int(whole) * SCALE + int(cents.ljust(2, "0") or "0") * SCALE // 100


def zips(text: str) -> str:
    """`85016,85018`: what is no ZIP code of five digits is left out."""
    return ",".join(list(dict.fromkeys(re.findall(r"(?<!\d)\d{5}(?!\d)", text)))[:_ZIPS_MOST])


def zips_of(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def field_value(text: str) -> tuple[str, str] | None:
    """`homeowner=yes` as the field's name and the value it has."""
    found = _FIELD.fullmatch(text)
    return (found[1], found[2].strip()) if found is not None else None


def missed_of(buyer: str, check: str) -> tuple[str, str] | None:
    return (buyer, check) if buyer else None


def day(text: str) -> str:
    """A day as `2026-11-20`; nothing when it is none."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def days_of(first: str, last: str, times: Times) -> tuple[int | None, int | None]:
    """From the first to the end of the last day, where they are given."""
    begin = times.bounds(date.fromisoformat(first))[0] if first else None
    return begin, times.bounds(date.fromisoformat(last))[1] if last else None


def bid_of(text: str) -> tuple[int, int] | None:
    """`12-14`: bids from 12.00 to below 14.00; `60-`: from there up."""
    found = _BIDS.fullmatch(text)
    if found is None:
        return None
    low, high = (int(Decimal(part) * SCALE) // PRICE_UNITS if part else _SIZES_MOST for part in found.groups())
    return low, high
