"""Sellers with earnings on days of November 2026, for tests of payouts. Time stands at Sat 21 Nov, 14:34 UTC."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from exchange.clock import month_of
from exchange.flows.seller_terms import change_terms
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.ledger import MARGIN, Posting, Transaction, TransactionKind, seller_account
from exchange.model.money import Money
from exchange.storage.chain import Chain, seal
from exchange.storage.ledger import balances, book
from tests.market import Exchange, selling

ANN = Actor(Role.OPERATOR, "ann@harbor.example")
BOB = Actor(Role.OPERATOR, "bob@harbor.example")
BUYER = "buyer:acme:receivable"
ZONE = ZoneInfo("America/New_York")


def at(day: int, hour: int = 12, month: int = 11) -> int:
    """A moment of 2026 on the exchange's own clock."""
    return int(datetime(2026, month, day, hour, tzinfo=ZONE).timestamp() * 1000)


def sale(reference: str, payout: str, when: int, seller: str = "cedar", currency: str = "USD") -> Transaction:
    """A lead that brought its seller `payout`, and the house one unit of money."""
    money = Money.parse(payout, currency)
    postings = (
        Posting(BUYER, seller_account(seller), money),
        Posting(BUYER, MARGIN, Money.parse("1", currency)),
    )
    return Transaction(f"sale:{reference}", TransactionKind.SALE, postings, when, month_of(when), f"ld_{reference}")


def returned(of: Transaction, when: int) -> Transaction:
    postings = tuple(Posting(each.destination, each.source, each.money) for each in of.postings)
    reference = f"return:{of.reference}"
    return Transaction(reference, TransactionKind.REVERSAL, postings, when, month_of(when), "returned", of.reference)


async def booked(exchange: Exchange, *transactions: Transaction) -> None:
    """Book them and seal what waits."""
    for each in transactions:
        await exchange.market.db.write(book, each)
    while await exchange.market.db.write(seal, Chain.TRANSACTIONS):
        continue


async def paid_seller(exchange: Exchange, seller: str = "cedar", **terms: str) -> None:
    """A seller, paid by hand in dollars each week unless said otherwise."""
    await exchange.add(*selling(seller))
    await change_terms(exchange.market, seller, {"currency": "USD", "net_days": "5", **terms}, SYSTEM)


async def balance(exchange: Exchange, seller: str = "cedar", what: str = "payable") -> Money | None:
    account = f"seller:{seller}:{what}"
    found = await exchange.market.db.read(balances, [account])
    return found[account].posted if account in found else None
