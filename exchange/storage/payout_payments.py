"""Payments of issued runs: parts of what is owed, held, exported in a file for a bank, paid, given back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.model.ledger import Transaction
from exchange.model.money import Money
from exchange.model.payout import BankFile, Method, Payment, PaymentState
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Conflict, Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.ledger import book
from exchange.storage.rows import listed

LISTED = 500
"""So many payments are in one file at most."""


class ExportedMeanwhile(Conflict):
    """One of the payments is in another file, held, or paid by now: look again."""


class Paying(NamedTuple):
    """A payment that left the bank, with what books it and who is told."""

    payment_id: str
    reference: str
    at: int
    actor: str
    booking: Transaction
    line: AuditLine
    jobs: tuple[JobRow, ...] = ()


async def add_payment(tx: Tx, payment: Payment) -> None:
    await tx.execute(
        """INSERT INTO payout_payments (id, run_id, part, seller_id, currency, units, method, state, hold_reason,
               reference, made_at, bounce_reason)
           VALUES (:id, :run, :part, :seller, :currency, :units, :method, :state, :hold, '', :at, '')""",
        id=payment.id,
        run=payment.run_id,
        part=payment.part,
        seller=payment.seller_id,
        currency=payment.money.currency,
        units=payment.money.units,
        method=payment.method.value,
        state=payment.state.value,
        hold=payment.hold_reason,
        at=payment.made_at,
    )


async def payments_of(tx: Tx, run_ids: Sequence[str]) -> list[Payment]:
    """Of some runs, in the order of their parts."""
    if not run_ids:
        return []
    names, params = listed("run", run_ids)
    rows = await tx.fetch(f"SELECT * FROM payout_payments WHERE run_id IN {names} ORDER BY run_id, part", **params)
    return [payment_of(row) for row in rows]


async def read_payment(tx: Tx, payment_id: str) -> Payment | None:
    rows = await tx.fetch("SELECT * FROM payout_payments WHERE id = :id", id=payment_id)
    return payment_of(rows[0]) if rows else None


async def due_payments(tx: Tx, method: str, currency: str, after: str = "") -> list[Payment]:
    """Those that wait for a file of this kind, without the held ones; oldest first, after the payment of an id."""
    rows = await tx.fetch(
        """SELECT * FROM payout_payments WHERE state = 'due' AND hold_reason = '' AND method = :method
               AND currency = :currency AND id > :after ORDER BY id LIMIT :limit""",
        method=method,
        currency=currency,
        after=after,
        limit=LISTED,
    )
    return [payment_of(row) for row in rows]


async def hold_payment(tx: Tx, payment_id: str, reason: str, line: AuditLine) -> bool:
    """Hold a payment with a reason, or let it go with an empty one. False when it is so already, or too late."""
    changed = await tx.execute(
        """UPDATE payout_payments SET hold_reason = :reason
           WHERE id = :id AND state = 'due' AND hold_reason <> :reason""",
        id=payment_id,
        reason=reason,
    )
    if changed:
        await record(tx, line)
    return changed == 1


async def split_payment(tx: Tx, payment_id: str, units: int, new_id: str, line: AuditLine) -> bool:
    """Leave `units` in a payment that is due and make another of the rest. False when it is too late, or not more."""
    rows = await tx.fetch(
        f"SELECT * FROM payout_payments WHERE id = :id AND state = 'due' {tx.for_update}", id=payment_id
    )
    if not rows or not 0 < units < rows[0]["units"]:
        return False
    payment = payment_of(rows[0])
    await tx.execute("UPDATE payout_payments SET units = :units WHERE id = :id", id=payment_id, units=units)
    rest = Money(payment.money.units - units, payment.money.currency)
    await add_payment(tx, await _next_part(tx, payment, new_id, rest, line.at))
    await record(tx, line)
    return True


async def pay(tx: Tx, wanted: Paying) -> bool:
    """Book a payment and say so. False when it was paid before: nothing moves."""
    changed = await tx.execute(
        """UPDATE payout_payments SET state = 'paid', reference = :reference, paid_at = :at, paid_by = :by
           WHERE id = :id AND state IN ('due', 'exported') AND hold_reason = ''""",
        id=wanted.payment_id,
        reference=wanted.reference,
        at=wanted.at,
        by=wanted.actor,
    )
    if not changed:
        return False
    await book(tx, wanted.booking)
    await tx.execute(
        """UPDATE payout_runs SET state = 'paid' WHERE state = 'issued'
               AND id = (SELECT run_id FROM payout_payments WHERE id = :id)
               AND NOT EXISTS (SELECT 1 FROM payout_payments AS open WHERE open.run_id = payout_runs.id
                               AND open.state IN ('due', 'exported'))""",
        id=wanted.payment_id,
    )
    await record(tx, wanted.line)
    for job in wanted.jobs:
        await add_job(tx, job)
    return True


async def bounce(tx: Tx, payment_id: str, reason: str, new_id: str, booking: Transaction, line: AuditLine) -> bool:
    """A payment came back: book it, and owe it again as another part. False when it was not paid, or came before."""
    rows = await tx.fetch(
        f"SELECT * FROM payout_payments WHERE id = :id AND state = 'paid' {tx.for_update}", id=payment_id
    )
    if not rows:
        return False
    payment = payment_of(rows[0])
    await tx.execute(
        """UPDATE payout_payments SET state = 'bounced', bounced_at = :at, bounce_reason = :reason
           WHERE id = :id AND state = 'paid'""",
        id=payment_id,
        at=line.at,
        reason=reason,
    )
    await book(tx, booking)
    await add_payment(tx, await _next_part(tx, payment, new_id, payment.money, line.at))
    await tx.execute("UPDATE payout_runs SET state = 'issued' WHERE id = :run AND state = 'paid'", run=payment.run_id)
    await record(tx, line)
    return True


async def save_file(tx: Tx, file: BankFile, sealed: bytes, payment_ids: Sequence[str], line: AuditLine) -> None:
    """Keep a file and mark its payments. Raises `ExportedMeanwhile`, and then nothing is stored."""
    await tx.execute(
        """INSERT INTO payout_files (id, format, currency, day, letter, name, sealed, sha256, payments, units,
               effective_day, made_at, made_by)
           VALUES (:id, :format, :currency, :day, :letter, :name, :sealed, :sha256, :payments, :units,
               :effective, :at, :by)""",
        id=file.id,
        format=file.format,
        currency=file.currency,
        day=file.day,
        letter=file.letter,
        name=file.name,
        sealed=sealed,
        sha256=file.sha256,
        payments=file.payments,
        units=file.units,
        effective=file.effective_day,
        at=file.made_at,
        by=file.made_by,
    )
    names, params = listed("payment", payment_ids)
    changed = await tx.execute(
        f"""UPDATE payout_payments SET state = 'exported', file_id = :file
            WHERE id IN {names} AND state = 'due' AND hold_reason = '' AND file_id IS NULL""",
        file=file.id,
        **params,
    )
    if changed != len(payment_ids):
        raise ExportedMeanwhile("a payment is in another file by now")
    await record(tx, line)


async def withdraw_file(tx: Tx, file_id: str, line: AuditLine) -> int:
    """A bank did not take a file: what of it is not paid is due again. How many payments that are."""
    changed = await tx.execute(
        "UPDATE payout_payments SET state = 'due', file_id = NULL WHERE file_id = :file AND state = 'exported'",
        file=file_id,
    )
    if changed:
        await record(tx, line)
    return changed


async def files(tx: Tx, limit: int = 50, before: str = "") -> list[BankFile]:
    """The newest first; those before the file of an id. Ids sort by the time of their making."""
    rows = await tx.fetch(
        "SELECT * FROM payout_files WHERE (:before = '' OR id < :before) ORDER BY id DESC LIMIT :limit",
        limit=limit,
        before=before,
    )
    return [_file(row) for row in rows]


async def read_file(tx: Tx, file_id: str) -> tuple[BankFile, bytes] | None:
    """A file and its sealed bytes."""
    rows = await tx.fetch("SELECT * FROM payout_files WHERE id = :id", id=file_id)
    return (_file(rows[0]), bytes(rows[0]["sealed"])) if rows else None


async def files_of_day(tx: Tx, format: str, day: str) -> int:
    """How many of a kind were made on a day."""
    rows = await tx.fetch(
        "SELECT COUNT(*) AS n FROM payout_files WHERE format = :format AND day = :day", format=format, day=day
    )
    return int(rows[0]["n"])


async def payments_by_file(tx: Tx, file_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many payments of each file are in it still, and how many of them are not paid; none: it was withdrawn."""
    if not file_ids:
        return {}
    names, params = listed("file", file_ids)
    rows = await tx.fetch(
        f"""SELECT file_id, COUNT(*) AS n, CAST(SUM(CASE WHEN state = 'exported' THEN 1 ELSE 0 END) AS BIGINT) AS unpaid
            FROM payout_payments WHERE file_id IN {names} GROUP BY file_id""",
        **params,
    )
    return {row["file_id"]: (row["n"], row["unpaid"]) for row in rows}


async def payments_in_file(tx: Tx, file_id: str) -> list[Payment]:
    rows = await tx.fetch("SELECT * FROM payout_payments WHERE file_id = :file ORDER BY id", file=file_id)
    return [payment_of(row) for row in rows]


async def _next_part(tx: Tx, payment: Payment, new_id: str, money: Money, now: int) -> Payment:
    rows = await tx.fetch("SELECT MAX(part) AS last FROM payout_payments WHERE run_id = :run", run=payment.run_id)
    part = int(rows[0]["last"]) + 1
    return Payment(new_id, payment.run_id, part, payment.seller_id, money, payment.method, PaymentState.DUE, now)


def payment_of(row: Row) -> Payment:
    return Payment(
        row["id"],
        row["run_id"],
        row["part"],
        row["seller_id"],
        Money(row["units"], row["currency"]),
        Method(row["method"]),
        PaymentState(row["state"]),
        row["made_at"],
        row["hold_reason"],
        row["file_id"],
        row["reference"],
        row["paid_at"],
        row["paid_by"],
        row["bounced_at"],
        row["bounce_reason"],
    )


def _file(row: Row) -> BankFile:
    return BankFile(**{name: row[name] for name in BankFile.__dataclass_fields__})
