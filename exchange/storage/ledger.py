"""The books: double entry, append only. A mistake is mended by another transaction, never by an edit.

A posting moves money from its source to its destination; a balance is what came in minus what went out. So a prepaid
buyer's balance is positive, a buyer on credit goes below zero by what it owes, and a seller's is what we owe it.
What either kind of buyer may still spend is `limit + posted - held`, the limit of a prepaid account being zero.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.ledger import BANK, Posting, Transaction, TransactionKind
from exchange.model.money import Money
from exchange.storage.chain import Chain, ascii_json
from exchange.storage.database import Row, StorageError, Tx
from exchange.storage.rows import inserted, listed

HOUSE = "house:"


class BookingConflict(StorageError):
    """The reference is taken by a transaction with other postings, or the transaction makes no sense."""


@dataclass(frozen=True, slots=True)
class Balance:
    """An account at one moment. `posted` is in minus out, `held` is set aside for posts in flight."""

    account: str
    posted: Money
    held: Money
    limit: Money

    @property
    def available(self) -> Money:
        return self.limit + self.posted - self.held


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement as the account's owner may see it: signed, without the account on the other side."""

    reference: str
    kind: TransactionKind
    at: int
    money: Money
    cause: str
    reverses: str | None


class Freed(NamedTuple):
    """What a hold had set aside on an account, given free by the booking that takes its place."""

    account: str
    money: Money


def keeps_balance(account: str) -> bool:
    """Whether an account has a balance row. Every sale touches the house, so its sums come from the postings."""
    return account != BANK and not account.startswith(HOUSE)


async def book(tx: Tx, transaction: Transaction, freed: Sequence[Freed] = ()) -> bool:
    """Book a transaction with its balances, `freed` holds included. False when the same one is booked already.

    Raises `BookingConflict` for another transaction under the same reference, and `Conflict` for a second reversal.
    """
    digest = _digest(transaction)
    fresh = await tx.execute(
        """INSERT INTO transactions (reference, month, kind, at, cause, reverses, digest)
           VALUES (:reference, :month, :kind, :at, :cause, :reverses, :digest)
           ON CONFLICT (reference) DO NOTHING""",
        reference=transaction.reference,
        month=transaction.month,
        kind=transaction.kind.value,
        at=transaction.at,
        cause=transaction.cause,
        reverses=transaction.reverses,
        digest=digest,
    )
    if not fresh:
        await _require_same(tx, transaction.reference, digest)
        return False
    statements = [
        inserted("postings", _POSTING, _posting_rows(transaction)),
        (
            "INSERT INTO unsealed (chain, at, row_id) VALUES (:chain, :at, :row)",
            {"chain": Chain.TRANSACTIONS.value, "at": transaction.at, "row": transaction.reference},
        ),
    ]
    if moves := _moves(transaction.postings, freed):
        statements.append(inserted("account_balances", _BALANCE, moves, _ADDED))
    await tx.execute_all(*statements)
    return True


_POSTING = ("reference", "line", "source", "destination", "units", "currency", "at")
_BALANCE = ("account", "currency", "posted_units", "held_units", "limit_units")
_ADDED = """ON CONFLICT (account, currency)
            DO UPDATE SET posted_units = account_balances.posted_units + excluded.posted_units,
                held_units = account_balances.held_units + excluded.held_units"""


def _posting_rows(transaction: Transaction) -> list[tuple[Any, ...]]:
    if not transaction.postings:
        raise BookingConflict(f"{transaction.reference} has no postings")
    for posting in transaction.postings:
        if posting.money.units < 0 or posting.source == posting.destination:
            raise BookingConflict(f"{transaction.reference}: {posting.source} to {posting.destination} moves nothing")
    reference, at = transaction.reference, transaction.at
    return [
        (reference, line, posting.source, posting.destination, posting.money.units, posting.money.currency, at)
        for line, posting in enumerate(transaction.postings, start=1)
    ]


def _moves(postings: Sequence[Posting], freed: Sequence[Freed]) -> list[tuple[Any, ...]]:
    """What each account with a balance row gains or loses, in key order: two transactions never wait for each other."""
    posted: dict[tuple[str, str], int] = {}
    for posting in postings:
        money = posting.money
        for account, units in ((posting.source, -money.units), (posting.destination, money.units)):
            if keeps_balance(account):
                posted[account, money.currency] = posted.get((account, money.currency), 0) + units
    held = {(each.account, each.money.currency): -each.money.units for each in freed}
    return [(*key, posted.get(key, 0), held.get(key, 0), 0) for key in sorted(posted.keys() | held.keys())]


def _digest(transaction: Transaction) -> str:
    """The input's hash. When it happened and why are not part of it: a repeat may word them differently."""
    content = [
        transaction.kind.value,
        transaction.reverses,
        [[each.source, each.destination, each.money.units, each.money.currency] for each in transaction.postings],
    ]
    return hashlib.sha256(ascii_json(content).encode()).hexdigest()


async def _require_same(tx: Tx, reference: str, digest: str) -> None:
    rows = await tx.fetch("SELECT digest FROM transactions WHERE reference = :reference", reference=reference)
    if not rows or rows[0]["digest"] != digest:
        raise BookingConflict(f"{reference} is booked already, with other postings")


async def set_account(tx: Tx, account: str, currency: str, limit_units: int) -> None:
    """Open an account, or change its credit limit. A prepaid account's limit is 0. What is owed or held stays."""
    await tx.execute(
        """INSERT INTO account_balances (account, currency, posted_units, held_units, limit_units)
           VALUES (:account, :currency, 0, 0, :limit)
           ON CONFLICT (account, currency) DO UPDATE SET limit_units = :limit""",
        account=account,
        currency=currency,
        limit=limit_units,
    )


async def balances(tx: Tx, accounts: Sequence[str]) -> dict[str, Balance]:
    """The balances of these accounts, for those kept in one currency; one without a row is left out."""
    if not accounts:
        return {}
    names, params = listed("account", accounts)
    rows = await tx.fetch(f"SELECT * FROM account_balances WHERE account IN {names} ORDER BY account", **params)
    return {row["account"]: _balance(row) for row in rows}


async def balance_in(tx: Tx, account: str, currency: str) -> Balance:
    """The balance of an account in one currency; nothing where it never moved."""
    rows = await tx.fetch(
        "SELECT * FROM account_balances WHERE account = :account AND currency = :currency",
        account=account,
        currency=currency,
    )
    zero = Money.zero(currency)
    return _balance(rows[0]) if rows else Balance(account, zero, zero, zero)


async def balances_of(tx: Tx, actor: Actor, party: str) -> list[Balance]:
    """Every account of a party (`buyer:acme`, `seller:s1`) in each of its currencies; nothing of somebody else's."""
    if actor.role in (Role.SELLER, Role.BUYER) and party != f"{actor.role.value}:{actor.party_id}":
        return []
    rows = await tx.fetch(
        """SELECT * FROM account_balances WHERE SUBSTR(account, 1, LENGTH(:prefix)) = :prefix
           ORDER BY account, currency""",
        prefix=f"{party}:",
    )
    return [_balance(row) for row in rows]


async def all_balances(tx: Tx) -> list[tuple[str, Money]]:
    """Every account with what it may still spend, in each of its currencies."""
    return [(each.account, each.available) for each in await all_accounts(tx)]


async def all_accounts(tx: Tx) -> list[Balance]:
    """Every account in each of its currencies, in order."""
    return [_balance(row) for row in await tx.fetch("SELECT * FROM account_balances ORDER BY account, currency")]


async def last_payments(tx: Tx, accounts: Sequence[str]) -> dict[str, str]:
    """By account, the reference of the last payment that came in from the bank; accounts without one are left out."""
    names, params = listed("account", accounts)
    rows = await tx.fetch(
        f"""SELECT p.destination, p.reference FROM postings p
            WHERE p.destination IN {names} AND p.source = :bank AND NOT EXISTS
                (SELECT 1 FROM postings later WHERE later.destination = p.destination AND later.source = :bank
                 AND (later.at, later.reference) > (p.at, p.reference))""",
        bank=BANK,
        **params,
    )
    return {row["destination"]: row["reference"] for row in rows}


async def house_balance(tx: Tx, account: str, currency: str) -> Money:
    """In minus out of an account without a balance row, from its postings."""
    rows = await tx.fetch(
        """SELECT CAST(COALESCE(SUM_IN.units, 0) - COALESCE(SUM_OUT.units, 0) AS BIGINT) AS units FROM
           (SELECT CAST(SUM(units) AS BIGINT) AS units FROM postings
            WHERE destination = :account AND currency = :currency) AS SUM_IN,
           (SELECT CAST(SUM(units) AS BIGINT) AS units FROM postings
            WHERE source = :account AND currency = :currency) AS SUM_OUT""",
        account=account,
        currency=currency,
    )
    return Money(rows[0]["units"], currency)


async def find_transaction(tx: Tx, actor: Actor, reference: str) -> Transaction | None:
    """A transaction with its postings, for those who run the exchange; None for anybody else."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return None
    rows = await tx.fetch("SELECT * FROM transactions WHERE reference = :reference", reference=reference)
    lines = await tx.fetch("SELECT * FROM postings WHERE reference = :reference ORDER BY line", reference=reference)
    if not rows:
        return None
    row = rows[0]
    postings = tuple(
        Posting(line["source"], line["destination"], Money(line["units"], line["currency"])) for line in lines
    )
    kind = TransactionKind(row["kind"])
    return Transaction(reference, kind, postings, row["at"], row["month"], row["cause"], row["reverses"])


async def account_entries(
    tx: Tx, actor: Actor, account: str, *, since: int = 0, until: int | None = None, limit: int = 1_000
) -> list[Entry]:
    """The movements of an account with `since <= at < until`, oldest first. Nothing for somebody else's account."""
    if actor.role in (Role.SELLER, Role.BUYER) and account.split(":")[:2] != [actor.role.value, actor.party_id]:
        return []
    rows = await tx.fetch(
        """SELECT p.reference, p.units, p.currency, p.at, p.destination, t.kind, t.cause, t.reverses
           FROM postings p JOIN transactions t ON t.reference = p.reference
           WHERE (p.source = :account OR p.destination = :account) AND p.at >= :since AND p.at < :until
           ORDER BY p.at, p.reference, p.line LIMIT :limit""",
        account=account,
        since=since,
        until=1 << 62 if until is None else until,
        limit=limit,
    )
    return [
        Entry(
            row["reference"],
            TransactionKind(row["kind"]),
            row["at"],
            Money(row["units"] if row["destination"] == account else -row["units"], row["currency"]),
            row["cause"],
            row["reverses"],
        )
        for row in rows
    ]


def _balance(row: Row) -> Balance:
    currency = row["currency"]
    posted, held, limit = (Money(row[f"{name}_units"], currency) for name in ("posted", "held", "limit"))
    return Balance(row["account"], posted, held, limit)
