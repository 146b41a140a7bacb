"""What comes with a decision: price, reference, expiry, reason, redirect, an echo of an id, legs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from buyers.reading.amounts import Amount, BadAmount, read_amount
from buyers.reading.conditions import Test, compile_condition
from buyers.reading.document import Document
from buyers.reading.rules import Carry, ExpiresCarry, Legs, PriceCarry
from buyers.reading.where import Hits, compile_where, is_blank, text_of

TEXT_CHARACTERS = 500
REFERENCE_CHARACTERS = 2_000  # signed, self-contained tokens are long
LEGS_MOST = 50
Found = tuple[Any, str]  # what was read, and the place it stood at
Take = Callable[[Document], Found | None]

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_ENCODED_URL = re.compile(r"https?%3a", re.IGNORECASE)


@dataclass(slots=True)
class Price:
    """An amount, or the `problem` that keeps what was said from being one."""

    amount: Amount | None
    problem: str = ""


@dataclass(slots=True)
class Leg:
    """One of several bids. `leg` is the end company; `valid` False means the reply lists it but did not sell to it."""

    leg: str
    reference: str | None
    name: str | None
    price: Price | None
    valid: bool = True


@dataclass(slots=True)
class Expiry:
    """Either so many milliseconds from now, or an epoch millisecond."""

    in_ms: int | None = None
    at: int | None = None

    def resolved(self, now: int) -> int:
        return self.at if self.at is not None else now + (self.in_ms or 0)


def take_text(carry: Carry | None, most: int = REFERENCE_CHARACTERS) -> Take:
    """The first value that is not blank and not ignored."""
    if carry is None:
        return _nothing
    ignored = frozenset(value.strip().casefold() for value in carry.ignore)
    if carry.text is not None:
        constant = (carry.text, "constant")
        return lambda document: constant
    selectors = [compile_where(place) for place in carry.where or []]
    prefix = carry.prefix

    def take(document: Document) -> Found | None:
        for selector in selectors:
            for hit in selector.hits(document) or ():
                text = text_of(hit)
                if text and (not ignored or text.casefold() not in ignored):
                    plain = text if text.isprintable() else _UNPRINTABLE.sub("", text)
                    return prefix + plain[:most], selector.text
        return None

    return take


def take_reason(carry: Carry) -> Take:
    """All that stands there, joined: lists, `key: value` objects, messages that are keys."""
    if carry.text is not None:
        return take_text(carry)
    hits_of = _hits(carry)
    ignored = frozenset(value.strip().casefold() for value in carry.ignore)

    def take(document: Document) -> Found | None:
        hits, place = hits_of(document)
        parts = [part for hit in hits for part in _sentences(hit) if part.casefold() not in ignored]
        told = " ".join(_UNPRINTABLE.sub(" ", carry.join.join(parts)).split())
        return (carry.prefix + told[:TEXT_CHARACTERS], place) if told else None

    return take


def take_redirect(carry: Carry) -> Take:
    """An absolute http(s) URL, percent-decoded once when the whole of it came encoded; anything else is none."""
    inner = take_text(carry)

    def take(document: Document) -> Found | None:
        found = inner(document)
        if found is None:
            return None
        text, place = found
        if _ENCODED_URL.match(text):
            text = unquote(text)
        return (text, place) if _is_web_address(text) else None

    return take


def _is_web_address(text: str) -> bool:
    if any(character.isspace() or not character.isprintable() for character in text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def take_price(carry: PriceCarry | None) -> Take:
    """A `Price`; None when none stands there. A price of 0 is a price."""
    if carry is None:
        return _nothing
    if carry.text is not None:
        constant = (Price(read_amount(carry.text)), "constant")
        return lambda document: constant
    selectors = [compile_where(place) for place in carry.where or []]
    ignored = frozenset(value.strip().casefold() for value in carry.ignore)
    how, decimals, hundredths = carry.take, carry.decimals, carry.hundredths

    def take(document: Document) -> Found | None:
        for selector in selectors:
            amounts: list[Amount] = []
            for hit in selector.hits(document) or ():
                text = text_of(hit)
                if text and (not ignored or text.casefold() not in ignored):
                    try:
                        amounts.append(read_amount(text, decimals, hundredths))
                    except BadAmount as problem:
                        return Price(None, str(problem)), selector.text
                    if how == "first":
                        break
            if amounts:
                return Price(_taken(amounts, how)), selector.text
        return None

    return take


def _taken(amounts: list[Amount], how: str) -> Amount:
    if how == "first":
        return amounts[0]
    if how == "sum":
        units = sum(amount.units for amount in amounts)
        return Amount(f"{units // 10_000}.{units % 10_000:04d}", amounts[0].currencies)
    choose = max if how == "highest" else min
    return choose(amounts, key=lambda amount: amount.units)


def take_expiry(carry: ExpiresCarry) -> Take:
    inner = take_text(carry, 40)

    def take(document: Document) -> Found | None:
        found = inner(document)
        if found is None:
            return None
        expiry = _expiry(found[0], carry.unit)
        return (expiry, found[1]) if expiry else None

    return take


def _expiry(text: str, unit: str) -> Expiry | None:
    if unit == "timestamp":
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return Expiry(at=int(aware.timestamp()) * 1000)
    whole = text.partition(".")[0]
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 14):
        return None
    if unit == "seconds":
        return Expiry(in_ms=int(whole) * 1000)
    return Expiry(at=int(whole) * (1000 if unit == "epoch" else 1))


def take_legs(legs: Legs) -> Take:
    each = [compile_where(place) for place in legs.each]
    read_leg = _leg_reader(legs)

    def take(document: Document) -> Found:
        hits = next((found for selector in each if (found := selector.hits(document))), [])
        return tuple(read_leg(document.within(hit)) for hit in hits[:LEGS_MOST] if not is_blank(hit)), "legs"

    return take


def _leg_reader(legs: Legs) -> Callable[[Document], Leg]:
    price, reference = take_price(legs.price), take_text(legs.reference)
    name, identity = take_text(legs.name), take_text(legs.leg)
    valid: Test = compile_condition(legs.valid) if legs.valid else (lambda document: True)

    def read_leg(document: Document) -> Leg:
        refers, called, owned, priced = reference(document), name(document), identity(document), price(document)
        lasting = owned or called or refers
        return Leg(
            leg=lasting[0] if lasting else "",
            reference=refers[0] if refers else None,
            name=called[0] if called else None,
            price=priced[0] if priced else None,
            valid=bool(valid(document)),
        )

    return read_leg


def _hits(carry: Carry) -> Callable[[Document], tuple[Hits, str]]:
    selectors = [compile_where(place) for place in carry.where or []]

    def hits_of(document: Document) -> tuple[Hits, str]:
        for selector in selectors:
            hits = selector.hits(document)
            if hits and any(not is_blank(hit) for hit in hits):
                return hits, selector.text
        return [], ""

    return hits_of


def _sentences(hit: Any) -> list[str]:
    if isinstance(hit, list):
        return [part for item in hit for part in _sentences(item)]
    if isinstance(hit, dict):
        return [part for key, value in hit.items() for part in _keyed(key, value)]
    text = text_of(hit)
    if text is None or not text:
        return []
    if not isinstance(hit, (str, bool)) and len(hit) > 0:  # an element with children: its leaves
        return [leaf.text.strip() for leaf in hit.iter() if len(leaf) == 0 and (leaf.text or "").strip()]
    return [text]


def _keyed(key: str, value: Any) -> list[str]:
    if is_blank(value):
        return [key] if value == "" else []
    return [f"{key}: {part}" for part in _sentences(value)]


def _nothing(document: Document) -> Found | None:
    return None
