"""A stage's rules compiled once, and what they make of a reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from buyers.reading.carries import (
    Expiry,
    Leg,
    Price,
    Take,
    take_expiry,
    take_legs,
    take_price,
    take_reason,
    take_redirect,
    take_text,
)
from buyers.reading.conditions import Test, compile_condition, describe, only_beside
from buyers.reading.document import BROKEN, Document, Shape, read_document
from buyers.reading.rules import Carries, Condition, Outcome, StageRules
from exchange.connector import BadReply, Match
from exchange.model.auction import Finality
from exchange.model.wire import Reply

_CLASS: Final = MappingProxyType({text: frozenset(range(int(text) * 100, int(text) * 100 + 100)) for text in "12345"})
_NO_CONTENT: Final = Outcome(means="no_bid", when=Condition(where=["status"], equals="204"))


@dataclass(slots=True)
class Reading:
    """What a reply says, filled part by part. `outcome` None means that no rule matched: it is never an acceptance.

    Price, shared price and legs are read from acceptances alone; `echo` is an id of ours that the reply repeats.
    """

    outcome: str | None
    finality: Finality = Finality.BUYER
    price: Price | None = None
    shared_price: Price | None = None
    currency: str | None = None
    reference: str | None = None
    expires: Expiry | None = None
    reason: str | None = None
    redirect: str | None = None
    echo: str | None = None
    legs: tuple[Leg, ...] = ()


# The parts of a reading by name, in the order in which they are told.
_TAKES: Final[tuple[tuple[str, Callable[[Any], Take]], ...]] = (
    ("price", take_price),
    ("shared_price", take_price),
    ("currency", lambda carry: take_text(carry, 20)),
    ("reference", take_text),
    ("reason", take_reason),
    ("redirect", take_redirect),
    ("echo", take_text),
    ("expires", take_expiry),
    ("legs", take_legs),
)
_OF_ACCEPTANCES: Final = frozenset({"price", "shared_price", "currency", "expires", "legs"})


@dataclass(frozen=True, slots=True)
class _Rule:
    means: str
    finality: Finality
    statuses: frozenset[int]
    test: Test
    beside: bool  # decides by status and headers alone, also about a body that nobody can read
    where: str
    told: str
    parts: tuple[tuple[str, Take], ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """Compiled rules of one stage. Share it freely: reading keeps nothing."""

    shape: Shape
    rules: tuple[_Rule, ...]
    echo_of: str  # what `Reading.echo` repeats: reference | ping_reference

    @classmethod
    def compile(cls, rules: StageRules, stage: str) -> Reader:
        """Raises `ValueError` on a rule that contradicts itself. On a ping, HTTP 204 is a no-bid without a rule."""
        outcomes = [*rules.outcomes, _NO_CONTENT] if stage == "ping" else rules.outcomes
        shape = Shape(rules.kind, rules.delimiter, rules.header, rules.columns, rules.pair_separator, rules.pair_sign)
        echo = rules.carries.echo
        return cls(
            shape, tuple(_rule(outcome, rules.carries) for outcome in outcomes), echo.of if echo else "reference"
        )

    def read(self, reply: Reply) -> Reading:
        """Raises `BadReply` when the reply cannot be taken apart and no rule decides by its status or headers."""
        return self.judge(read_document(reply, self.shape))

    def judge(self, document: Document) -> Reading:
        """The same of a reply that was taken apart already."""
        rule = self._matching(document)
        if rule is None:
            if document.kind == BROKEN:
                raise BadReply(document.problem)
            return Reading(None)
        reading = Reading(rule.means, rule.finality)
        for name, take in rule.parts:
            found = take(document)
            if found is not None:
                setattr(reading, name, found[0])
        if reading.currency is not None:
            reading.currency = reading.currency.upper()
        return reading

    def explain(self, reply: Reply) -> list[Match]:
        """The rule that decided and the place each part was read from; what could not be read says so."""
        document = read_document(reply, self.shape)
        rule = self._matching(document)
        if rule is None:
            why = document.problem or "no rule matched"
            return [Match("body", f"read as {document.kind}", f"Outcome: unmapped ({why})")]
        told = [Match(rule.where, rule.told, f"Outcome: {rule.means}")]
        for name, take in rule.parts:
            if (found := take(document)) is not None:
                told += _told(name, *found)
        return told

    def _matching(self, document: Document) -> _Rule | None:
        status = document.reply.status
        broken = document.kind == BROKEN
        for rule in self.rules:
            if status in rule.statuses and (rule.beside or not broken) and rule.test(document):
                return rule
        return None


def _rule(outcome: Outcome, stage: Carries) -> _Rule:
    where, told = describe(outcome.when)
    return _Rule(
        means=outcome.means,
        finality=Finality(outcome.final),
        statuses=_statuses(outcome),
        test=compile_condition(outcome.when),
        beside=outcome.means != "accepted" and only_beside(outcome.when),
        where=where,
        told=told,
        parts=_parts(outcome, stage),
    )


def _parts(outcome: Outcome, stage: Carries) -> tuple[tuple[str, Take], ...]:
    """An outcome's own carries come first. A reason belongs to refusals unless an acceptance asks for it itself."""
    accepted = outcome.means == "accepted"
    parts: list[tuple[str, Take]] = []
    for name, take in _TAKES:
        of_stage = None if accepted and name == "reason" else getattr(stage, name)
        carry = getattr(outcome.carries, name) or of_stage
        if carry is not None and (accepted or name not in _OF_ACCEPTANCES):
            parts.append((name, take(carry)))
    return tuple(parts)


def _statuses(outcome: Outcome) -> frozenset[int]:
    if outcome.statuses is None:
        return _CLASS["2"] if outcome.means == "accepted" else (_CLASS["2"] | _CLASS["4"]) - {429}
    numbers = (frozenset({int(text)}) if text.isdigit() else _CLASS[text[0]] for text in outcome.statuses)
    return frozenset().union(*numbers)


def _told(name: str, part: Any, place: str) -> list[Match]:
    label = name.replace("_", " ").capitalize()
    if isinstance(part, Price):
        meaning = part.amount.text if part.amount else f"unreadable ({part.problem})"
        return [Match(place, "amount", f"{label}: {meaning}")]
    if isinstance(part, Expiry):
        return [Match(place, "time", f"{label}: {part.in_ms or part.at} ms")]
    if isinstance(part, tuple):
        return [Match(place, "sold" if leg.valid else "not sold", f"Leg: {_leg_told(leg)}") for leg in part]
    return [Match(place, "text", f"{label}: {part}")]


def _leg_told(leg: Leg) -> str:
    return f"{leg.leg} at {leg.price.amount.text if leg.price and leg.price.amount else 'no price'}"
