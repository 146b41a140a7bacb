"""What the store shows of a lead, what it asks for it as it ages, and which searches it answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from exchange.model.lead import Lead
from exchange.model.money import Money
from exchange.model.party import StoreRule
from exchange.model.vertical import Vertical

_NOT_SHOWN = frozenset({"zip", "ip_address", "city"})
"""Nothing personal by themselves, but much together: a card has the first three digits of the ZIP code instead."""


@dataclass(frozen=True, slots=True)
class Card:
    """A lead as buyers see it before they pay. `facts` are labels and values."""

    vertical: str
    us_state: str | None
    zip3: str | None
    grade: str | None
    received_at: int
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for. Empty means any; `most` is in the currency of the leads."""

    vertical: str = ""
    states: tuple[str, ...] = ()
    zip3: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    most: str = ""

    def takes(self, card: Card, asked: Money) -> bool:
        return (
            (not self.vertical or card.vertical == self.vertical)
            and (not self.states or card.us_state in self.states)
            and (not self.zip3 or card.zip3 in self.zip3)
            and (not self.grades or card.grade in self.grades)
            and (not self.most or asked <= Money.parse(self.most, asked.currency))
        )


def card_of(lead: Lead, vertical: Vertical) -> Card:
    """Every value that the vertical does not call personal, and the region."""
    zip_code = lead.text("zip")
    facts = [
        (spec.label, value.clean)
        for spec in vertical.fields
        if not spec.personal and spec.name not in _NOT_SHOWN and (value := lead.values.get(spec.name)) is not None
    ]
    return Card(
        vertical.name,
        lead.text("state"),
        zip_code[:3] if zip_code else None,
        lead.grade,
        lead.received_at,
        tuple(facts),
    )


def asking(rule: StoreRule, listed_at: int, now: int) -> Money:
    """The price at a moment: that of the last step reached, never above the first."""
    percent = 100
    for after_ms, then in rule.falls:
        if now - listed_at >= after_ms:
            percent = min(percent, then)
    return Money(rule.first.units * percent // 100, rule.first.currency)


def next_fall(rule: StoreRule, listed_at: int, now: int) -> tuple[int, Money] | None:
    """When it falls next, and to what; None when it stays."""
    for after_ms, _ in rule.falls:
        at = listed_at + after_ms
        if at > now and (then := asking(rule, listed_at, at)) < asking(rule, listed_at, now):
            return at, then
    return None


def age(milliseconds: int) -> str:
    """`4 min`, `3 h`, `2 d`."""
    passed = timedelta(milliseconds=max(milliseconds, 0))
    if passed.days:
        return f"{passed.days} d"
    minutes = int(passed.total_seconds()) // 60
    return f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min"


def store_problems(rule: StoreRule, currency: str) -> Mapping[str, str]:
    """What is wrong with a rule, by its part."""
    problems: dict[str, str] = {}
    if rule.first.currency != currency:
        problems["first"] = f"must be in {currency}"
    if rule.first.units <= 0:
        problems["first"] = "must be above nothing"
    ages = [after for after, _ in rule.falls]
    if ages != sorted(set(ages)) or any(after <= 0 for after in ages):
        problems["falls"] = "must come one after another"
    if any(after < 0 for _, after in rule.seen_by) or len({buyer for buyer, _ in rule.seen_by}) < len(rule.seen_by):
        problems["seen_by"] = "names each buyer once, from an age on"
    if any(not 0 < percent <= 100 for _, percent in rule.falls):
        problems["falls"] = "must be percents of the first price, from 1 to 100"
    return problems
