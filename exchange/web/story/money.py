"""What a lead moved: every entry of the ledger, both sides, and their sum, which is zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from exchange.flows.market import Market
from exchange.model.ledger import BANK, MARGIN, Transaction
from exchange.model.money import Money
from exchange.model.verification import HOUSE_VERIFICATION


@dataclass(frozen=True, slots=True)
class Entry:
    """What one account gained (or lost, negative) in one transaction. `shown` is that to the cent: the house's share
    takes what rounding the others leaves, so that what people read comes to nothing, too.
    """

    account: str
    name: str
    money: Money
    shown: Money


@dataclass(frozen=True, slots=True)
class Booked:
    """One transaction with its entries. `sum` is zero in every currency; it is shown so that nobody need believe it."""

    reference: str
    kind: str
    at: int
    entries: tuple[Entry, ...]
    sum: Money

    def fields(self) -> dict[str, Any]:
        return {
            "reference": self.reference,
            "kind": self.kind,
            "entries": [
                {"account": each.account, "amount": each.money.text, "currency": each.money.currency}
                for each in self.entries
            ],
            "sum": self.sum.text,
        }


def booked(market: Market, transactions: Sequence[Transaction]) -> list[Booked]:
    return [_booked(market, transaction) for transaction in transactions]


def _booked(market: Market, transaction: Transaction) -> Booked:
    sums: dict[str, Money] = {}
    for posting in transaction.postings:
        zero = Money.zero(posting.money.currency)
        sums[posting.source] = sums.get(posting.source, zero) - posting.money
        sums[posting.destination] = sums.get(posting.destination, zero) + posting.money
    entries = tuple(
        Entry(account, account_name(market, account), amount, amount.cents) for account, amount in sums.items()
    )
    total = Money.zero(transaction.postings[0].money.currency)
    for entry in sorted(entries, key=lambda each: each.account):
        total = total + entry.money
    order = {"buyer": 0, "seller": 1, "house": 2, "bank": 3}
    ordered = tuple(sorted(entries, key=lambda each: order.get(each.account.partition(":")[0], 4)))
    return Booked(transaction.reference, transaction.kind.value, transaction.at, _even(ordered), total)


def _even(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """In whole cents that come to nothing, where the entries do: the last one is given what is missing."""
    if not entries or len({each.money.currency for each in entries}) > 1:
        return entries
    *others, last = entries
    if sum(each.money.units for each in entries):
        return entries
    rest = -sum(each.shown.units for each in others)
    return (*others, replace(last, shown=Money(rest, last.money.currency)))


def account_name(market: Market, account: str) -> str:
    """`buyer:brightroof:prepaid` is the Brightroof balance, `seller:acme:payable` what Acme Media is owed."""
    kind, _, rest = account.partition(":")
    party = rest.rpartition(":")[0]
    if kind == "buyer":
        name = market.deals.buyers[party].name if party in market.deals.buyers else party
        return f"{name} balance" if rest.endswith("prepaid") else f"Owed by {name}"
    if kind == "seller":
        return f"Owed to {market.deals.sellers[party].name if party in market.deals.sellers else party}"
    if account.startswith(HOUSE_VERIFICATION):
        return f"Verification by {account.removeprefix(HOUSE_VERIFICATION)}"
    return {MARGIN: "Exchange margin", BANK: "Bank"}.get(account, rest.capitalize())
