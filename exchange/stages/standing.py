"""What is still owed of each invoice: payments that name one settle it first, the others the oldest that is open.

An invoice that was cancelled hands its payments on to the one that took its place; credit notes count as settled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import NamedTuple

from exchange.model.money import Money
from exchange.model.statement import Statement, StatementKind


class State(Enum):
    OPEN = "open"
    PART_PAID = "part_paid"
    PAID = "paid"
    OVERDUE = "overdue"
    CANCELLED = "cancelled"
    ISSUED = "issued"  # what nobody pays: credit notes, statements of prepaid buyers


class Payment(NamedTuple):
    """`units` into the buyer's account (less than nothing: given back); `number` of the document that it names."""

    reference: str
    at: int
    units: int
    number: str = ""


class Standing(NamedTuple):
    """`open` is what is still owed; `paid` and `credited` are what settled the rest."""

    statement: Statement
    state: State
    paid: Money
    credited: Money
    open: Money


def standings(statements: Sequence[Statement], payments: Iterable[Payment], now: int) -> dict[str, Standing]:
    """By number, all documents of one account. What was paid beyond all invoices is the account's own."""
    follows = {each.replaces: each.number for each in statements if each.replaces is not None}
    owed = _owed(statements, follows)
    paid = dict.fromkeys(owed, 0)
    free = 0
    for payment in payments:
        number = _last(payment.number, follows)
        named = _part(payment.units, owed[number] - paid[number]) if number in owed else 0
        if number in owed:
            paid[number] += named
        free += payment.units - named
    for number, units in owed.items():  # in the order they were issued
        part = _part(max(free, 0), units - paid[number])
        paid[number] += part
        free -= part
    return {each.number: _standing(each, owed, paid, now) for each in statements}


def _owed(statements: Sequence[Statement], follows: dict[str, str]) -> dict[str, int]:
    """By number of each standing invoice, oldest first: its total less the credit notes that go back to it."""
    gone = {each.corrects for each in statements if each.kind is StatementKind.CANCELLATION}
    owed = {
        each.number: each.totals.total.units
        for each in statements
        if each.kind is StatementKind.INVOICE and each.number not in gone
    }
    for each in statements:
        if each.kind is StatementKind.CREDIT_NOTE and each.corrects is not None:
            number = _last(each.corrects, follows)
            if number in owed:
                owed[number] += each.totals.total.units
    return owed


def _part(units: int, least: int) -> int:
    """As much of a payment as an invoice takes. What is given back takes it away again."""
    return min(units, max(least, 0))


def _last(number: str, follows: dict[str, str]) -> str:
    while number in follows:
        number = follows[number]
    return number


def _standing(statement: Statement, owed: dict[str, int], paid: dict[str, int], now: int) -> Standing:
    total, number = statement.totals.total, statement.number
    zero = Money.zero(total.currency)
    if number not in owed:
        state = State.CANCELLED if statement.kind is StatementKind.INVOICE else State.ISSUED
        return Standing(statement, state, zero, zero, zero)
    left = Money(max(owed[number] - paid[number], 0), total.currency)
    settled = Money(paid[number], total.currency)
    credited = total - Money(owed[number], total.currency)
    if left.units <= 0:
        state = State.PAID
    elif statement.due_at is not None and statement.due_at < now:
        state = State.OVERDUE
    else:
        state = State.PART_PAID if paid[number] > 0 else State.OPEN
    return Standing(statement, state, settled, credited, left)
