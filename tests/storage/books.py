"""Made-up bookings for tests of the books."""

from __future__ import annotations

from exchange.model.hold import CapHold, HoldRequest
from exchange.model.ledger import BANK, MARGIN, Billing, Posting, Transaction, TransactionKind, buyer_account
from exchange.model.ledger import seller_account as seller_account_of
from exchange.model.money import Money

NOW = 1_795_000_000_000
MONTH = "2026-11"
BUYER = buyer_account("acme", Billing.PREPAID)
CREDIT = buyer_account("globex", Billing.CREDIT)
SELLER = seller_account_of("s1")


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def top_up(reference: str, amount: Money, account: str = BUYER) -> Transaction:
    return Transaction(reference, TransactionKind.TOP_UP, (Posting(BANK, account, amount),), NOW, MONTH, "deposit")


def sale(reference: str, price: Money, payout: Money, account: str = BUYER, at: int = NOW) -> Transaction:
    postings = (Posting(account, SELLER, payout), Posting(account, MARGIN, price - payout))
    return Transaction(reference, TransactionKind.SALE, postings, at, MONTH, "ld_1")


def reversal(reference: str, of: Transaction) -> Transaction:
    postings = tuple(Posting(each.destination, each.source, each.money) for each in of.postings)
    return Transaction(reference, TransactionKind.REVERSAL, postings, NOW, MONTH, "returned", of.reference)


def count_cap(key: str = "ct_1:day", most: int = 50, window: int = 1_000) -> CapHold:
    return CapHold(key, f"cap:{key}", window, 1, most)


def money_cap(price: Money, most: Money, key: str = "ct_1:month", window: int = 2_000) -> CapHold:
    return CapHold(key, f"cap:{key}", window, price.units, most.units, money=True)


def hold(attempt_id: str, price: Money, *caps: CapHold, account: str = BUYER) -> HoldRequest:
    return HoldRequest(attempt_id, caps, account, price)
