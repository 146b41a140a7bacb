"""The terms of a contract as a person reads and writes them: each has a text, and a text becomes the term again. Pure.

The form, the comparison of two versions and the audit log show the same texts. Filters are apart: they are built rule
by rule. What is no term here (pauses, returns, versions) stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.model.party import Contract
from exchange.stages.buyer_terms import Wrong
from exchange.stages.contract_term_list import TERMS
from exchange.stages.contract_texts import BadTerm

SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "what": "What it buys",
        "filters": "Which of them",
        "where": "Where",
        "price": "Price",
        "caps": "Caps and budget",
        "schedule": "Hours",
        "sources": "Sellers and sub IDs",
        "quality": "Quality, consent and duplicates",
        "delivery": "Delivery",
        "silence": "Silence and failure",
        "returns": "Returns",
        "buyer": "What the buyer may change",
    }
)
PERMITTED = ("filters", "where", "caps", "schedule")
"""Sections that a buyer changes itself unless its contract says otherwise."""
MAY_PERMIT = ("filters", "where", "price", "caps", "schedule", "quality")
"""Those that it may be given. Sellers are none of them: buyers do not hear who they are."""


@dataclass(frozen=True, slots=True)
class Difference:
    section: str
    name: str
    label: str
    before: str
    after: str


def typed_of(contract: Contract) -> dict[str, str]:
    """What the form holds for a contract as it is."""
    return {term.name: term.show(contract) for term in TERMS}


def with_typed(contract: Contract, typed: Mapping[str, str], only: Iterable[str] = SECTIONS) -> Contract:
    """The contract with what was typed into these sections; what was not sent stays. Raises `BadTerms` with all that
    cannot be read."""
    sections, wrong = frozenset(only), []
    for term in TERMS:
        if term.section in sections and term.name in typed:
            try:
                contract = term.put(contract, typed[term.name])
            except BadTerm as error:
                wrong.append(Wrong(term.name, str(error)))
    if wrong:
        raise BadTerms(wrong)
    return contract


class BadTerms(Exception):
    """What was typed cannot be read: every field with what to do."""

    def __init__(self, wrong: Iterable[Wrong]) -> None:
        self.wrong = tuple(wrong)
        super().__init__(" ".join(each.message for each in self.wrong))


def differences(before: Contract, after: Contract) -> Iterator[Difference]:
    """The terms in which two versions differ, in the order of the form; filters are told apart."""
    for term in TERMS:
        was, now = term.show(before), term.show(after)
        if was != now:
            yield Difference(term.section, term.name, term.label, was, now)
