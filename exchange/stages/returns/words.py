"""What a decision does, in the words people read before they confirm it."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.money import Money
from exchange.model.returns import Bears, Effect, ReturnState
from exchange.stages.reasons import show_money

TEMPLATES: tuple[tuple[str, str], ...] = (
    ("Not provable", "We found nothing that supports the reason: the number answered our check, and no earlier lead of "
     "this person was sold to you."),
    ("You spoke to the consumer", "Your own report says that you reached this person, so the contact data was right."),
    ("Inside your filters", "The lead met every filter of the contract it was sold under."),
    ("A disposition, not a return", "That nobody answered, or did not want to buy, is a disposition. It was noted."),
    ("More is needed", "Please send a recording or a note that shows what happened, and ask us to look again."),
)  # fmt: skip
"""Texts to begin a refusal with: a title and what is said. They are edited before they are sent."""


class Parties(NamedTuple):
    """The names that stand in a sentence."""

    buyer: str
    seller: str


def reason_words(reason: str) -> str:
    """`duplicate_30d` is `Duplicate 30d`."""
    return reason.replace("_", " ").capitalize()


def sentence(state: ReturnState, effect: Effect, parties: Parties) -> str:
    """`Credit Brightroof $36.50. Debit Acme Media $26.60, still inside the seller's window. Margin falls by $9.90.`"""
    if state is ReturnState.DECLINED:
        return f"{parties.buyer} gets nothing back and keeps the lead. {parties.seller} keeps what it earned."
    if state is ReturnState.REPLACED:
        first = f"{parties.buyer} gets its next matching lead free of charge, and no money back."
    else:
        first = f"Credit {parties.buyer} {show_money(effect.credit)}."
    return " ".join((first, _from_seller(effect, parties), _margin(state, effect)))


def undone_sentence(effect: Effect, parties: Parties) -> str:
    """What taking a credit back does."""
    back = f"Charge {parties.buyer} {show_money(effect.credit)} again."
    if effect.debit.units:
        back = f"{back} {parties.seller} gets its {show_money(effect.debit)} back."
    return f"{back} Both entries stay in the ledger."


def _from_seller(effect: Effect, parties: Parties) -> str:
    if effect.bears is Bears.HOUSE:
        return f"The window of {parties.seller} is closed: it keeps its payout and the house bears this."
    if not effect.debit.units:
        return f"{parties.seller} earned nothing by it, so nothing is debited."
    if effect.debit.units < 0:
        return f"{parties.seller} gains {show_money(-effect.debit)}, still inside the seller's window."
    return f"Debit {parties.seller} {show_money(effect.debit)}, still inside the seller's window."


def _margin(state: ReturnState, effect: Effect) -> str:
    margin: Money = effect.credit.cents - effect.debit.cents  # as they are told, so that the three agree
    then = " now, and falls by the free lead's price when it is given" if state is ReturnState.REPLACED else ""
    if not margin.units:
        return f"Margin stays as it is{then}."
    way = "falls" if margin.units > 0 else "rises"
    return f"Margin {way} by {show_money(Money(abs(margin.units), margin.currency))}{then}."
