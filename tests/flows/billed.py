"""A buyer that is billed: sales, returns and time passing, for tests of documents."""

from __future__ import annotations

from exchange.clock import SimulatedClock, month_of
from exchange.flows.billing import bill
from exchange.flows.reproduce import reproduce
from exchange.model.actor import Actor, Role
from exchange.model.billing import BillingTerms, Every
from exchange.model.ledger import MARGIN, Posting, Transaction, TransactionKind
from exchange.model.statement import Statement
from exchange.storage.ledger import book
from exchange.storage.verify import verify_books, verify_documents
from exchange.worker import seal_chains
from tests.market import Exchange, buyer, contract, usd

OPERATOR = Actor(Role.OPERATOR, "pat@harbor.example")
CREDIT, PREPAID = "buyer:acme:receivable", "buyer:acme:prepaid"
DAY = 86_400_000
WEEKLY = BillingTerms(every=Every.WEEK, zone="America/New_York", address="1 Main St\nTucson, AZ")


async def sold(exchange: Exchange, name: str, price: str, account: str = CREDIT) -> Transaction:
    at = exchange.clock.now()
    paid = (Posting(account, MARGIN, usd(price)),)
    made = Transaction(f"sale:{name}", TransactionKind.SALE, paid, at, month_of(at), name)
    await exchange.market.db.write(book, made)
    return made


async def returned(exchange: Exchange, of: Transaction) -> None:
    at = exchange.clock.now()
    back = tuple(Posting(each.destination, each.source, each.money) for each in of.postings)
    kind = TransactionKind.REVERSAL
    made = Transaction(f"reversal:{of.reference}", kind, back, at, month_of(at), of.cause, of.reference)
    await exchange.market.db.write(book, made)


def later(exchange: Exchange, days: float) -> None:
    assert isinstance(exchange.clock, SimulatedClock)
    exchange.clock.advance(days * 86_400)


async def issued(exchange: Exchange, account: str = CREDIT) -> tuple[Statement, ...]:
    await seal_chains(exchange.market)
    return await bill(exchange.market, account, "USD", exchange.clock.now(), OPERATOR)


async def sound(exchange: Exchange) -> bool:
    market = exchange.market
    await seal_chains(market)
    again = await reproduce(market.db, market.clock.now())
    assert () == again.flaws
    return (await verify_books(market.db)).sound and (await verify_documents(market.db)).sound


async def on_credit(exchange: Exchange, terms: BillingTerms = WEEKLY) -> None:
    await exchange.add(buyer("acme", credit="1000", terms=terms), contract("acme"))
