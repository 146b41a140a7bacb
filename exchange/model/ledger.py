"""Double entry: accounts are paths, a posting has one source and one destination, a transaction is never edited."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from exchange.model.money import Money

MARGIN = "house:margin"
FEES = "house:fees"
ROUNDING = "house:rounding"
TAX = "house:tax"
BANK = "bank"


class Billing(Enum):
    """How a buyer pays: from money put in before, or on credit up to a limit."""

    PREPAID = "prepaid"
    CREDIT = "credit"


def buyer_account(buyer_id: str, billing: Billing) -> str:
    return f"buyer:{buyer_id}:{'prepaid' if billing is Billing.PREPAID else 'receivable'}"


def deposit_account(buyer_id: str) -> str:
    """Where a buyer's security lies: it buys nothing until it is applied."""
    return f"buyer:{buyer_id}:deposit"


def seller_account(seller_id: str) -> str:
    return f"seller:{seller_id}:payable"


def reserve_account(seller_id: str) -> str:
    """Held back of what a seller earned, until returns are no more to be feared."""
    return f"seller:{seller_id}:reserve"


class TransactionKind(Enum):
    SALE = "sale"
    TOP_UP = "top_up"
    REVERSAL = "reversal"
    ADJUSTMENT = "adjustment"
    PAYOUT = "payout"
    INVOICE = "invoice"  # a document was issued: its tax and its rounding
    FEE = "fee"
    PAYMENT = "payment"  # of an invoice
    REFUND = "refund"  # money that was paid in goes back
    DISPUTE = "dispute"  # a card's holder had a payment taken back, or lost that
    DEPOSIT = "deposit"  # kept as a security
    RESERVE = "reserve"  # of a seller's earnings, held back for returns and let go later


class Posting(NamedTuple):
    """Money moves from `source` to `destination`; the sum over all accounts stays zero by construction."""

    source: str
    destination: str
    money: Money


class Transaction(NamedTuple):
    """`reference` is unique: the same reference with the same postings is booked once, with others it is a conflict."""

    reference: str
    kind: TransactionKind
    postings: tuple[Posting, ...]
    at: int
    month: str
    cause: str = ""  # the lead, sale, return or person behind it
    reverses: str | None = None
