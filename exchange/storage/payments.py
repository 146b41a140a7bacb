"""Money that comes from outside and goes back there: booked once by its reference, never out of what is held."""

from __future__ import annotations

from exchange.model.audit import AuditLine
from exchange.model.ledger import BANK, Transaction, deposit_account
from exchange.model.money import Money
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import StorageError, Tx
from exchange.storage.jobs import add_job
from exchange.storage.ledger import Balance, balance_in, book


class TooLittle(StorageError):
    """The account has less than is to be given back, what is held for posts in flight left out."""

    def __init__(self, free: Money) -> None:
        super().__init__(free)
        self.free = free


async def book_money(
    tx: Tx, transaction: Transaction, account: str, line: AuditLine, jobs: tuple[JobRow, ...] = ()
) -> tuple[bool, Balance]:
    """Book it once; whether it is new, and what the account holds now. Raises `BookingConflict` as `book` does."""
    new = await book(tx, transaction)
    if new:
        await record(tx, line)
        for job in jobs:
            await add_job(tx, job)
    return new, await balance_in(tx, account, transaction.postings[0].money.currency)


async def take_money(tx: Tx, transaction: Transaction, account: str, line: AuditLine) -> tuple[bool, Balance]:
    """As `book_money`, for what leaves an account that must not fall under what it holds. Raises `TooLittle`.

    The row of the account is locked by the booking, so what is read after it is what stands.
    """
    new, balance = await book_money(tx, transaction, account, line)
    free = balance.posted - balance.held
    if new and free.units < 0:
        raise TooLittle(free + taken_by(transaction, account))
    return new, balance


def taken_by(transaction: Transaction, account: str) -> Money:
    """What it takes from an account in all."""
    currency = transaction.postings[0].money.currency
    out = sum(each.money.units for each in transaction.postings if each.source == account)
    return Money(out - sum(each.money.units for each in transaction.postings if each.destination == account), currency)


async def payments_of(tx: Tx, account: str, currency: str) -> list[tuple[str, int, int, str]]:
    """What came in from outside and went back: reference, time, units into the account and cause, oldest first."""
    deposit = deposit_account(account.split(":")[1])
    # The bank is written out, because indexes are of its entries alone: of the others of an account there are too many.
    rows = await tx.fetch(
        f"""SELECT p.reference, p.at, p.units, t.cause
            FROM (SELECT reference, line, at, units FROM postings
                  WHERE source = '{BANK}' AND destination = :account AND currency = :currency
                  UNION ALL SELECT reference, line, at, -units FROM postings
                  WHERE destination = '{BANK}' AND source = :account AND currency = :currency
                  UNION ALL SELECT reference, line, at, units FROM postings
                  WHERE source = :deposit AND destination || '' = :account AND currency = :currency
                  UNION ALL SELECT reference, line, at, -units FROM postings
                  WHERE destination = :deposit AND source || '' = :account AND currency = :currency) AS p
            JOIN transactions AS t ON t.reference = p.reference ORDER BY p.at, p.reference""",
        account=account,
        currency=currency,
        deposit=deposit,
    )
    return [(row["reference"], row["at"], row["units"], row["cause"]) for row in rows]
