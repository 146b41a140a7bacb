"""When a buyer's account is filled up by itself: below which balance, with how much, how often a day at most."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.model.money import Money
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.charges import OPEN, ChargeRow, add_charge
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.rows import listed


class AutoRow(NamedTuple):
    """`state`: on, off, stopped (`why` tells what happened). `crossing` counts the falls below the threshold."""

    buyer_id: str
    threshold: Money
    amount: Money
    most_per_day: int
    state: str
    why: str
    crossing: int
    changed_at: int
    changed_by: str


async def save_auto(tx: Tx, auto: AutoRow, line: AuditLine) -> None:
    """Set it, or switch it on and off. What it counted stays."""
    await tx.execute(
        """INSERT INTO auto_top_ups (buyer_id, currency, threshold_units, amount_units, most_per_day, state, why,
               crossing, changed_at, changed_by)
           VALUES (:buyer, :currency, :threshold, :amount, :most, :state, :why, 0, :now, :by)
           ON CONFLICT (buyer_id) DO UPDATE SET currency = :currency, threshold_units = :threshold,
               amount_units = :amount, most_per_day = :most, state = :state, why = :why, changed_at = :now,
               changed_by = :by""",
        buyer=auto.buyer_id,
        currency=auto.threshold.currency,
        threshold=auto.threshold.units,
        amount=auto.amount.units,
        most=auto.most_per_day,
        state=auto.state,
        why=auto.why,
        now=auto.changed_at,
        by=auto.changed_by,
    )
    await record(tx, line)


async def stop_auto(tx: Tx, buyer_id: str, why: str, now: int, jobs: tuple[JobRow, ...]) -> bool:
    """Stop it because a charge failed. False when it was not on: then nobody is told again."""
    stopped = await tx.execute(
        """UPDATE auto_top_ups SET state = 'stopped', why = :why, changed_at = :now
           WHERE buyer_id = :buyer AND state = 'on'""",
        buyer=buyer_id,
        why=why,
        now=now,
    )
    if stopped:
        for job in jobs:
            await add_job(tx, job)
    return bool(stopped)


async def note_full(tx: Tx, buyer_id: str, why: str, jobs: tuple[JobRow, ...]) -> bool:
    """It may not be filled up again today (`why` names the day): told once."""
    noted = await tx.execute(
        "UPDATE auto_top_ups SET why = :why WHERE buyer_id = :buyer AND state = 'on' AND why <> :why",
        buyer=buyer_id,
        why=why,
    )
    if noted:
        for job in jobs:
            await add_job(tx, job)
    return bool(noted)


async def read_auto(tx: Tx, buyer_id: str) -> AutoRow | None:
    rows = await tx.fetch("SELECT * FROM auto_top_ups WHERE buyer_id = :buyer", buyer=buyer_id)
    return _auto(rows[0]) if rows else None


async def autos_on(tx: Tx) -> list[AutoRow]:
    rows = await tx.fetch("SELECT * FROM auto_top_ups WHERE state = 'on' ORDER BY buyer_id")
    return [_auto(row) for row in rows]


async def begin_auto(tx: Tx, charge: ChargeRow, day_began: int, job: JobRow) -> str:
    """Begin a charge if the balance is below the threshold, none is under way, and the day has room: `begun`, else
    `enough`, `under_way`, `day_full` or `off`. Its row is locked first, so that of many one begins it."""
    rows = await tx.fetch(
        """UPDATE auto_top_ups SET crossing = crossing WHERE buyer_id = :buyer AND state = 'on'
           RETURNING threshold_units, currency, most_per_day, crossing""",
        buyer=charge.buyer_id,
    )
    if not rows or rows[0]["currency"] != charge.money.currency:
        return "off"
    auto = rows[0]
    balance = await tx.fetch(
        """SELECT posted_units - held_units + limit_units AS free FROM account_balances
           WHERE account = :account AND currency = :currency""",
        account=charge.account,
        currency=auto["currency"],
    )
    if balance and balance[0]["free"] >= auto["threshold_units"]:
        return "enough"
    names, params = listed("state", OPEN)
    counted = await tx.fetch(
        f"""SELECT COALESCE(CAST(SUM(CASE WHEN state IN {names} THEN 1 ELSE 0 END) AS BIGINT), 0) AS open,
               COALESCE(CAST(SUM(CASE WHEN made_at >= :day THEN 1 ELSE 0 END) AS BIGINT), 0) AS today
           FROM charges WHERE buyer_id = :buyer AND purpose = 'auto'""",
        buyer=charge.buyer_id,
        day=day_began,
        **params,
    )
    if counted[0]["open"]:
        return "under_way"
    if counted[0]["today"] >= auto["most_per_day"]:
        return "day_full"
    await tx.execute("UPDATE auto_top_ups SET crossing = crossing + 1 WHERE buyer_id = :buyer", buyer=charge.buyer_id)
    await add_charge(tx, charge._replace(crossing=auto["crossing"] + 1))
    await add_job(tx, job)
    return "begun"


def _auto(row: Row) -> AutoRow:
    currency = row["currency"]
    return AutoRow(
        row["buyer_id"],
        Money(row["threshold_units"], currency),
        Money(row["amount_units"], currency),
        row["most_per_day"],
        row["state"],
        row["why"],
        row["crossing"],
        row["changed_at"],
        row["changed_by"],
    )
