"""What undoing a sale moves: the reverse of its own booking, and what the seller's promise is worth without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.ledger import MARGIN, Posting, Transaction, TransactionKind, seller_account
from exchange.model.money import Money
from exchange.model.party import Campaign
from exchange.stages.settle import promise_rest


class Remaining(NamedTuple):
    """A sale of the same lead that stands, and what it pays by itself."""

    price: Money
    exclusive: bool
    payout: Money


class Undone(NamedTuple):
    """`payout` is what the seller loses of the lead in all (less than nothing when it gains); `transactions` say it."""

    payout_units: int
    transactions: tuple[Transaction, ...]


def due(campaign: Campaign, remaining: Sequence[Remaining], promised: Money | None, currency: str) -> Money:
    """What the seller earns for a lead with these sales and no others."""
    if not remaining:
        return Money.zero(currency)
    revenue = paid = Money.zero(currency)
    for sale in remaining:
        revenue = revenue + sale.price
        paid = paid + sale.payout
    shared = not any(sale.exclusive for sale in remaining)
    return paid + promise_rest(promised, revenue, paid, campaign) if shared else paid


def undone(
    booked: Transaction | None,
    payout: Money,
    paid: Money,
    owed: Money,
    *,
    seller_id: str,
    attempt_id: str,
    at: int,
    month: str,
    cause: str,
) -> Undone:
    """`booked` is the sale's own transaction (None for a test), `payout` what the sale paid by itself.

    `paid` is all that the seller got for the lead, `owed` what it is worth without this sale.
    """
    loses = paid.units - owed.units
    if booked is None:
        return Undone(loses, ())
    back = tuple(Posting(each.destination, each.source, each.money) for each in booked.postings)
    kind = TransactionKind.REVERSAL
    reference = booked.reference
    made = [Transaction(f"reversal:{reference}", kind, back, at, month, cause, reverses=reference)]
    rest = loses - payout.units
    if rest:
        seller, money = seller_account(seller_id), Money(abs(rest), payout.currency)
        moves = Posting(seller, MARGIN, money) if rest > 0 else Posting(MARGIN, seller, money)
        made.append(Transaction(f"promise:{attempt_id}", TransactionKind.ADJUSTMENT, (moves,), at, month, cause))
    return Undone(loses, tuple(made))
