"""Money a buyer paid in, with the line that says who booked it."""

from __future__ import annotations

from exchange.model.audit import AuditLine
from exchange.model.ledger import Transaction
from exchange.storage.audit import record
from exchange.storage.database import Tx
from exchange.storage.ledger import Balance, balance_in, book


async def book_payment(tx: Tx, transaction: Transaction, account: str, line: AuditLine) -> tuple[bool, Balance]:
    """Book it once; whether it is new, and what the account holds now. Raises `BookingConflict` as `book` does."""
    new = await book(tx, transaction)
    if new:
        await record(tx, line)
    return new, await balance_in(tx, account, transaction.postings[0].money.currency)
