"""Amounts of money in the words of strangers: `$1,250.00`, `12,50 €`, `USD 7`. Text in, text out, no float."""

from __future__ import annotations

import re
from dataclasses import dataclass

from exchange.model.money import DECIMALS, Money

AMOUNT_CHARACTERS = 40  # the longest amount that is not a joke: sign, code, seven digits, separators, decimals
_USUAL = re.compile(rf"[0-9]{{1,7}}(?:\.[0-9]{{1,{DECIMALS}}})?")
_PLAIN = re.compile(r"[0-9]{1,7}(\.[0-9]+)?")
_POINT_GROUPS = re.compile(r"[0-9]{1,3}(,[0-9]{3}){1,2}\.[0-9]+")
_POINT = re.compile(r"(?:[0-9]{1,7}|[0-9]{1,3}(?:,[0-9]{3}){1,2})(\.[0-9]+)?")
_COMMA = re.compile(r"(?:[0-9]{1,7}|[0-9]{1,3}(?:\.[0-9]{3}){1,2})(,[0-9]+)?")
_NEGATIVE = re.compile(r"[-\u2212(]\s*[^0-9]{0,3}\s*[0-9]")
_CODE_FIRST = re.compile(r"([A-Za-z]{3})\s*(?=[0-9])")
_CODE_LAST = re.compile(r"(?<=[0-9])\s*([A-Za-z]{3})")
_DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "MXN", "SGD", "HKD"})
_SIGNS = {  # the longest first
    "US$": frozenset({"USD"}),
    "R$": frozenset({"BRL"}),
    "C$": frozenset({"CAD"}),
    "A$": frozenset({"AUD"}),
    "$": _DOLLARS,
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "₹": frozenset({"INR"}),
    "¥": frozenset({"JPY", "CNY"}),
}


class BadAmount(ValueError):
    """The text is not an amount; the sentence says why."""


@dataclass(slots=True)  # one for every bid; freezing it costs as much as reading it
class Amount:
    """`text` has at most four decimals; `currencies` are those its sign or code allows, None when it shows none."""

    text: str
    currencies: frozenset[str] | None = None

    def money(self, currency: str) -> Money:
        return Money(self.units, currency)

    @property
    def units(self) -> int:
        whole, _, part = self.text.partition(".")
        return int(whole + part.ljust(DECIMALS, "0"))


def read_amount(text: str, decimals: str = "auto", hundredths: bool = False) -> Amount:
    """Read one amount.

    `decimals`: `point` and `comma` declare what separates the fraction; `auto` takes a point, and thousands commas
    only where a point follows (`1,250` alone could be either). More than four decimals round down. `hundredths`
    reads a count of cents. Raises `BadAmount` on anything else, a negative number included.
    """
    stripped = text.strip()
    if decimals != "comma" and not hundredths and _USUAL.fullmatch(stripped):
        return Amount(stripped)
    if len(stripped) > AMOUNT_CHARACTERS:
        raise BadAmount("the amount is too long")
    if _NEGATIVE.match(stripped):
        raise BadAmount("the amount is negative")
    bare, currencies = _without_currency(stripped)
    return Amount(_scaled(_number(bare, decimals), hundredths), currencies)


def _number(bare: str, decimals: str) -> str:
    grammar = {"auto": _PLAIN, "point": _POINT, "comma": _COMMA}[decimals]
    if not grammar.fullmatch(bare):
        if decimals == "auto" and _POINT_GROUPS.fullmatch(bare):
            return bare.replace(",", "")
        raise BadAmount("not an amount of money")
    return bare.replace(".", "").replace(",", ".") if decimals == "comma" else bare.replace(",", "")


def _scaled(number: str, hundredths: bool) -> str:
    if hundredths:
        whole, _, part = number.partition(".")
        padded = whole.lstrip("0").rjust(3, "0")
        number = f"{padded[:-2]}.{padded[-2:]}{part}"
    whole, point, part = number.partition(".")
    return f"{whole}.{part[:DECIMALS]}" if point else whole


def _without_currency(text: str) -> tuple[str, frozenset[str] | None]:
    for sign, currencies in _SIGNS.items():
        if text.startswith(sign):
            return text[len(sign) :].strip(), currencies
        if text.endswith(sign):
            return text[: -len(sign)].strip(), currencies
    if match := _CODE_FIRST.match(text):
        return text[match.end() :], frozenset({match[1].upper()})
    if match := _CODE_LAST.search(text):
        if match.end() == len(text):
            return text[: match.start()], frozenset({match[1].upper()})
    return text, None
