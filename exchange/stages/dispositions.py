"""What a report of a buyer means: its word in the vertical's list, its value as money, its moment. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from rapidfuzz import process

from exchange import limits
from exchange.model.feedback import Report
from exchange.model.lead import Problem
from exchange.model.money import BadMoney, Money
from exchange.model.vertical import Vertical

NOTHING = ""
"""A word that was mapped to this says nothing about a lead."""

_EARLIEST_MS = 5 * 60_000  # clocks differ: a report may be this far ahead of ours
_BEFORE_SALE_MS = 2 * 86_400_000  # a report of a day, without its hour and zone, may seem to lie before the sale
_BLANKS = re.compile(r"[\s_-]+")
_EDGES = " _.,;:!?\"'“”‘’()[]<>*"
_MANY_DIGITS = re.compile(r"(?:\d[^\w]?){5}")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_AMOUNT = re.compile(r"([A-Za-z]{3}|[$€£])?\s*(-?[0-9][0-9.,]*)\s*([A-Za-z]{3}|[$€£])?")
_SIGNS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"$": frozenset({"USD", "CAD", "AUD", "NZD", "MXN"}), "€": frozenset({"EUR"}), "£": frozenset({"GBP"})}
)
_CLOSE = 75  # of 100: letters that two words share, in order


class Verdict(Enum):
    """What becomes of one report."""

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    WAITING = "waiting"  # for somebody to say what its word means
    IGNORED = "ignored"  # its word was said to mean nothing
    NOT_FOUND = "not_found"  # the buyer bought no such lead
    INVALID = "invalid"


class Meant(NamedTuple):
    """A report as it is understood: `kind` is None while nobody knows its word."""

    kind: str | None
    value: Money | None
    at: int
    said_at: bool


def fold_word(text: str) -> str:
    """A word as it is compared: case, blanks and signs around it do not count."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _BLANKS.sub("_", plain.strip().strip(_EDGES)).strip("_")


def meaning(text: str, own: Mapping[str, str], vertical: Vertical) -> str | None:
    """What a word means in the vertical's list: as mapped, else by itself; `NOTHING` when it says nothing, None when
    nobody knows it."""
    word = fold_word(text)
    mapped = own.get(word)
    if mapped == NOTHING:
        return NOTHING
    for kind in (mapped, word):
        if kind and (kind in vertical.dispositions or not vertical.dispositions):
            return kind
    return None


def is_final(kind: str, vertical: Vertical) -> bool:
    """Whether nothing more is expected of a lead after this."""
    return kind in vertical.score.converted or kind in vertical.score.lost


def read_report(
    report: Report, own: Mapping[str, str], vertical: Vertical, currency: str, accepted_at: int, now: int, at: int
) -> Meant | Problem:
    """Understand a report about a sale of `accepted_at`. `at` is its moment where it says none. All in epoch ms."""
    if not fold_word(report.word):
        return Problem("disposition", "missing", "disposition is required")
    if len(report.word) > limits.DISPOSITION_CHARACTERS or "@" in report.word or _MANY_DIGITS.search(report.word):
        told = (
            f"disposition is a word of at most {limits.DISPOSITION_CHARACTERS} characters, without an address or number"
        )
        return Problem("disposition", "pattern", told)
    if len(report.note) > limits.NOTE_CHARACTERS:
        return Problem("note", "length", f"note must have at most {limits.NOTE_CHARACTERS} characters.")
    if report.at is not None and report.at > now + _EARLIEST_MS:
        return Problem("at", "in_future", "at lies in the future", str(report.at))
    if report.at is not None and report.at < accepted_at - _BEFORE_SALE_MS:
        return Problem("at", "too_old", "at lies before the sale of the lead", str(report.at))
    value = read_value(report.value, currency) if report.value else None
    if isinstance(value, Problem):
        return value
    moment = max(report.at if report.at is not None else at, accepted_at)
    return Meant(meaning(report.word, own, vertical), value, moment, report.at is not None)


def read_value(text: str, currency: str) -> Money | Problem:
    """`1250`, `1,250.00`, `$1,250` or `1250 USD`."""
    wrong = Problem("value", "type", "value must be a decimal amount such as 1250.00", text)
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        return wrong
    before, bare, after = found.groups()
    for sign in filter(None, (before, after)):
        if currency not in _SIGNS.get(sign, {sign.upper()}):
            return Problem("value", "not_allowed", f"value must be in {currency}, as the sale was", text)
    if _THOUSANDS.fullmatch(bare):
        bare = bare.replace(",", "")
    try:
        value = Money.parse(bare, currency)
    except BadMoney:
        return wrong
    if value.units < 0:
        return Problem("value", "range", "value must not be negative", text)
    return value


def closest(text: str, vertical: Vertical) -> str | None:
    """The word of the vertical that was probably meant."""
    found = process.extractOne(fold_word(text), vertical.dispositions, score_cutoff=_CLOSE)
    return str(found[0]) if found is not None else None
