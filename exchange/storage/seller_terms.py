"""How sellers are paid, as immutable versions; and the accounts they are paid from. Bank details stand sealed."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.model.payout import PaymentTerms
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_jobs
from exchange.storage.shaped import Shaped
from exchange.storage.touch import touch_market

_TERMS = Shaped(PaymentTerms)


class SealedAccount(NamedTuple):
    sealed: bytes
    last4: str


class TermsRow(NamedTuple):
    """The terms in force. Version 0: nobody said any, so the usual ones hold."""

    seller_id: str
    version: int
    terms: PaymentTerms
    last4: str
    made_at: int
    made_by: str


async def read_terms(tx: Tx) -> dict[str, TermsRow]:
    """Those in force, by seller; a seller for which nobody said any is left out."""
    rows = await tx.fetch(f"{_SEEN} WHERE current = 1 ORDER BY seller_id")
    return {row["seller_id"]: _row(row) for row in rows}


async def terms_of(tx: Tx, seller_id: str) -> TermsRow:
    """The terms of one seller."""
    rows = await tx.fetch(f"{_SEEN} WHERE current = 1 AND seller_id = :seller", seller=seller_id)
    return _row(rows[0]) if rows else TermsRow(seller_id, 0, PaymentTerms(), "", 0, "")


async def terms_version(tx: Tx, seller_id: str, version: int) -> PaymentTerms | None:
    """The terms that a run was prepared under; None: the usual ones."""
    rows = await tx.fetch(
        "SELECT document FROM seller_terms WHERE seller_id = :seller AND version = :version",
        seller=seller_id,
        version=version,
    )
    return _TERMS.read(rows[0]["document"]) if rows else None


async def bank_of(tx: Tx, seller_id: str) -> SealedAccount | None:
    """Where a seller's money goes, sealed; None when nobody said."""
    rows = await tx.fetch(
        "SELECT bank, bank_last4 FROM seller_terms WHERE seller_id = :seller AND current = 1", seller=seller_id
    )
    return (
        SealedAccount(bytes(rows[0]["bank"]), rows[0]["bank_last4"]) if rows and rows[0]["bank"] is not None else None
    )


async def bank_changed(tx: Tx, seller_id: str) -> tuple[int, str] | None:
    """When the bank details in force were given first, and by whom; None when there are none."""
    rows = await tx.fetch(
        """SELECT first.made_at, first.made_by FROM seller_terms AS now
           JOIN seller_terms AS first ON first.seller_id = now.seller_id AND first.bank = now.bank
           WHERE now.seller_id = :seller AND now.current = 1 ORDER BY first.version LIMIT 1""",
        seller=seller_id,
    )
    return (rows[0]["made_at"], rows[0]["made_by"]) if rows else None


async def save_terms(
    tx: Tx,
    seller_id: str,
    terms: PaymentTerms,
    bank: SealedAccount | None,
    line: AuditLine,
    *,
    keep_bank: bool,
    jobs: tuple[JobRow, ...] = (),
) -> int:
    """Add a version and make it the current one; returns its number. `keep_bank`: the bank details stay those before.

    Of two at once the second waits for the first.
    """
    await tx.fetch(f"SELECT id FROM sellers WHERE id = :seller {tx.for_update}", seller=seller_id)
    before = await tx.fetch(
        """SELECT version, bank, bank_last4 FROM seller_terms WHERE seller_id = :seller
           ORDER BY version DESC LIMIT 1""",
        seller=seller_id,
    )
    if keep_bank and before and before[0]["bank"] is not None:
        bank = SealedAccount(bytes(before[0]["bank"]), before[0]["bank_last4"])
    version = int(before[0]["version"]) + 1 if before else 1
    await tx.execute("UPDATE seller_terms SET current = 0 WHERE seller_id = :seller AND current = 1", seller=seller_id)
    await tx.execute(
        """INSERT INTO seller_terms (seller_id, version, document, bank, bank_last4, current, made_at, made_by)
           VALUES (:seller, :version, :document, :bank, :last4, 1, :at, :by)""",
        seller=seller_id,
        version=version,
        document=_TERMS.written(terms),
        bank=bank.sealed if bank is not None else None,
        last4=bank.last4 if bank is not None else "",
        at=line.at,
        by=line.actor.name,
    )
    await record(tx, line)
    await add_jobs(tx, jobs)
    await touch_market(tx)
    return version


async def payer_of(tx: Tx, method: str) -> SealedAccount | None:
    """The account that sellers are paid from in this way, sealed."""
    rows = await tx.fetch("SELECT sealed, last4 FROM payer_accounts WHERE method = :method", method=method)
    return SealedAccount(bytes(rows[0]["sealed"]), rows[0]["last4"]) if rows else None


async def payers(tx: Tx) -> dict[str, str]:
    """By way, the last four of the account that is paid from."""
    return {row["method"]: row["last4"] for row in await tx.fetch("SELECT method, last4 FROM payer_accounts")}


async def save_payer(tx: Tx, method: str, account: SealedAccount, line: AuditLine) -> None:
    await tx.execute(
        """INSERT INTO payer_accounts (method, sealed, last4, changed_at, changed_by)
           VALUES (:method, :sealed, :last4, :at, :by)
           ON CONFLICT (method) DO UPDATE SET sealed = :sealed, last4 = :last4, changed_at = :at, changed_by = :by""",
        method=method,
        sealed=account.sealed,
        last4=account.last4,
        at=line.at,
        by=line.actor.name,
    )
    await record(tx, line)


_SEEN = "SELECT seller_id, version, document, bank_last4, made_at, made_by FROM seller_terms"


def _row(row: Row) -> TermsRow:
    return TermsRow(
        row["seller_id"],
        row["version"],
        _TERMS.read(row["document"]),
        row["bank_last4"],
        row["made_at"],
        row["made_by"],
    )
