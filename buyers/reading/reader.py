"""A stage's rules compiled once, and what they make of a reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

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

_NO_CONTENT: Final = Outcome(means="no_bid", when=Condition(where=["status"], equals="204"))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply says. `outcome` None means that no rule matched: it is never an acceptance.

    Price, shared price and legs are read from acceptances alone; `echo` is an id of ours that the reply repeats.
    """

    outcome: str | None
    finality: Finality = Finality.BUYER
    price: Price | None = None
    shared_price: Price | None = None
    currency: str | None = None
    reference: str | None = None
    expiry: Expiry | None = None
    reason: str | None = None
    redirect: str | None = None
    echo: str | None = None
    legs: tuple[Leg, ...] = ()


@dataclass(frozen=True, slots=True)
class _Parts:
    price: Callable[[Document], Price | None]
    shared_price: Callable[[Document], Price | None]
    currency: Take
    reference: Take
    expiry: Callable[[Document], tuple[Expiry, str] | None]
    reason: Take
    redirect: Take
    echo: Take
    legs: Callable[[Document], tuple[Leg, ...]]


@dataclass(frozen=True, slots=True)
class _Rule:
    means: str
    finality: Finality
    applies: Callable[[int], bool]
    test: Test
    beside: bool  # looks at status and headers only
    where: str
    told: str
    parts: _Parts


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
        document = read_document(reply, self.shape)
        rule = self._matching(document)
        if rule is None:
            if document.kind == BROKEN:
                raise BadReply(document.problem)
            return Reading(None)
        return _reading(rule, document)

    def explain(self, reply: Reply) -> list[Match]:
        """The rule that decided and the place each part was read from; what could not be read says so."""
        document = read_document(reply, self.shape)
        rule = self._matching(document)
        if rule is None:
            why = document.problem or "no rule matched"
            return [Match("body", f"read as {document.kind}", f"Outcome: unmapped ({why})")]
        return [Match(rule.where, rule.told, f"Outcome: {rule.means}"), *_parts_told(rule, document)]

    def _matching(self, document: Document) -> _Rule | None:
        status = document.reply.status
        broken = document.kind == BROKEN
        for rule in self.rules:
            if rule.applies(status) and (rule.beside or not broken) and rule.test(document):
                if broken and rule.means == "accepted":
                    continue
                return rule
        return None


def _rule(outcome: Outcome, stage: Carries) -> _Rule:
    where, told = describe(outcome.when)
    return _Rule(
        means=outcome.means,
        finality=Finality(outcome.final),
        applies=_statuses(outcome),
        test=compile_condition(outcome.when),
        beside=only_beside(outcome.when),
        where=where,
        told=told,
        parts=_parts(outcome, stage),
    )


def _parts(outcome: Outcome, stage: Carries) -> _Parts:
    """An outcome's own carries come first. A reason belongs to refusals unless an acceptance asks for it itself."""
    own, accepted = outcome.carries, outcome.means == "accepted"
    reason = own.reason or (None if accepted else stage.reason)
    return _Parts(
        price=take_price((own.price or stage.price) if accepted else None),
        shared_price=take_price((own.shared_price or stage.shared_price) if accepted else None),
        currency=take_text((own.currency or stage.currency) if accepted else None, 20),
        reference=take_text(own.reference or stage.reference),
        expiry=take_expiry((own.expires or stage.expires) if accepted else None),
        reason=take_reason(reason),
        redirect=take_redirect(own.redirect or stage.redirect),
        echo=take_text(own.echo or stage.echo),
        legs=take_legs((own.legs or stage.legs) if accepted else None),
    )


def _statuses(outcome: Outcome) -> Callable[[int], bool]:
    if outcome.statuses is None:
        classes = frozenset({2}) if outcome.means == "accepted" else frozenset({2, 4})
        return lambda status: status // 100 in classes and status != 429
    numbers = frozenset(int(text) for text in outcome.statuses if text.isdigit())
    hundreds = frozenset(int(text[0]) for text in outcome.statuses if not text.isdigit())
    return lambda status: status in numbers or status // 100 in hundreds


def _reading(rule: _Rule, document: Document) -> Reading:
    parts = rule.parts
    currency, reference, reason = parts.currency(document), parts.reference(document), parts.reason(document)
    redirect, echo, expiry = parts.redirect(document), parts.echo(document), parts.expiry(document)
    return Reading(
        outcome=rule.means,
        finality=rule.finality,
        price=parts.price(document),
        shared_price=parts.shared_price(document),
        currency=currency[0].upper() if currency else None,
        reference=reference[0] if reference else None,
        expiry=expiry[0] if expiry else None,
        reason=reason[0] if reason else None,
        redirect=redirect[0] if redirect else None,
        echo=echo[0] if echo else None,
        legs=parts.legs(document),
    )


def _parts_told(rule: _Rule, document: Document) -> list[Match]:
    parts = rule.parts
    told: list[Match] = []
    for label, price in (("Price", parts.price(document)), ("Shared price", parts.shared_price(document))):
        if price is not None:
            meaning = price.amount.text if price.amount else f"unreadable ({price.problem})"
            told.append(Match(price.place, "amount", f"{label}: {meaning}"))
    texts = {"Currency": parts.currency, "Reference": parts.reference, "Reason": parts.reason}
    for label, take in {**texts, "Redirect": parts.redirect, "Echo": parts.echo}.items():
        if found := take(document):
            told.append(Match(found[1], "text", f"{label}: {found[0]}"))
    if expiry := parts.expiry(document):
        told.append(Match(expiry[1], "time", f"Expires: {expiry[0].in_ms or expiry[0].at} ms"))
    for leg in parts.legs(document):
        amount = leg.price.amount.text if leg.price and leg.price.amount else "no price"
        told.append(Match("legs", "sold" if leg.valid else "not sold", f"Leg: {leg.leg} at {amount}"))
    return told
