"""Payout runs: prepared once for a period, approved by as many people as it takes, issued once, discarded or kept.

Each run names the one before it, and a unique index lets one run follow another: whoever prepares, on however many
nodes, one is made.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.ledger import Transaction
from exchange.model.payout import Figures, Method, Payment, Run, RunState, Sums
from exchange.model.statement import Cut, Party
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.chain import Chain
from exchange.storage.database import Conflict, Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.ledger import book
from exchange.storage.payout_payments import add_payment
from exchange.storage.statements import NumberTaken, number_of

SERIES = "PO"


class ReserveMoved(Conflict):
    """What was to be let go is not held any more: prepare the run anew."""


class Issuing(NamedTuple):
    """All that issuing a run stores. `payment` None: nothing is owed."""

    run_id: str
    number: str
    at: int
    actor: str
    booking: Transaction | None
    payment: Payment | None
    line: AuditLine


async def insert_run(tx: Tx, run: Run, line: AuditLine) -> bool:
    """False when the period has a run already, or another one follows the same one before it."""
    values = _values(run)
    names = ", ".join(values)
    added = await tx.execute(
        f"""INSERT INTO payout_runs ({names}) VALUES ({", ".join(f":{name}" for name in values)})
            ON CONFLICT DO NOTHING""",
        **values,
    )
    if added:
        await record(tx, line)
    return added == 1


async def read_run(tx: Tx, run_id: str) -> Run | None:
    rows = await tx.fetch("SELECT * FROM payout_runs WHERE id = :id", id=run_id)
    return run_of(rows[0]) if rows else None


async def find_run(tx: Tx, actor: Actor, name: str) -> Run | None:
    """By its id or its number. A seller finds its own statements once they are issued."""
    rows = await tx.fetch("SELECT * FROM payout_runs WHERE id = :name OR number = :name", name=name)
    run = run_of(rows[0]) if rows else None
    if run is None or actor.role in (Role.OPERATOR, Role.SYSTEM):
        return run
    is_own = actor.role is Role.SELLER and actor.party_id == run.seller_id
    return run if is_own and run.number is not None else None


async def last_run(tx: Tx, seller_id: str, currency: str) -> Run | None:
    """The run that no other one follows."""
    rows = await tx.fetch(
        """SELECT * FROM payout_runs WHERE seller_id = :seller AND currency = :currency AND state <> 'discarded'
           ORDER BY until_at DESC LIMIT 1""",
        seller=seller_id,
        currency=currency,
    )
    return run_of(rows[0]) if rows else None


async def held_reserves(tx: Tx, seller_id: str, currency: str, by: int) -> int:
    """What issued runs hold back and is to be let go by this moment, in units."""
    rows = await tx.fetch(
        f"SELECT COALESCE(CAST(SUM(held_units) AS BIGINT), 0) AS units FROM payout_runs WHERE {_HELD}",
        seller=seller_id,
        currency=currency,
        by=by,
    )
    return int(rows[0]["units"])


async def next_release(tx: Tx, seller_id: str, currency: str) -> int | None:
    """When the next reserve is to be let go; None: nothing is held back."""
    rows = await tx.fetch(
        f"SELECT MIN(reserve_until) AS at FROM payout_runs WHERE held_units > 0 AND {_HELD}",
        seller=seller_id,
        currency=currency,
        by=1 << 62,
    )
    at: int | None = rows[0]["at"]
    return at


_HELD = """seller_id = :seller AND currency = :currency AND state IN ('issued', 'paid') AND released_in IS NULL
    AND reserve_until <= :by"""


async def approve_run(tx: Tx, run_id: str, actor: str, line: AuditLine) -> int:
    """Somebody's yes, once. How many have said it; 0 when the run waits for nobody's."""
    rows = await tx.fetch(f"SELECT state, hold_reason FROM payout_runs WHERE id = :id {tx.for_update}", id=run_id)
    if not rows or rows[0]["state"] != RunState.PREPARED.value or rows[0]["hold_reason"]:
        return 0
    added = await tx.execute(
        "INSERT INTO payout_approvals (run_id, actor, at) VALUES (:run, :actor, :at) ON CONFLICT DO NOTHING",
        run=run_id,
        actor=actor,
        at=line.at,
    )
    if added:
        await record(tx, line)
    count = await tx.fetch("SELECT COUNT(*) AS n FROM payout_approvals WHERE run_id = :run", run=run_id)
    return int(count[0]["n"])


async def approvals_of(tx: Tx, run_id: str) -> list[tuple[str, int]]:
    """Who said yes, and when."""
    rows = await tx.fetch("SELECT actor, at FROM payout_approvals WHERE run_id = :run ORDER BY at, actor", run=run_id)
    return [(row["actor"], row["at"]) for row in rows]


async def issue_run(tx: Tx, wanted: Issuing, jobs: tuple[JobRow, ...] = ()) -> bool:
    """Number the statement, move its reserve and owe its payment, all or nothing. False when it was issued, held or
    discarded meanwhile. Raises `ReserveMoved` or `NumberTaken`."""
    rows = await tx.fetch(f"SELECT * FROM payout_runs WHERE id = :id {tx.for_update}", id=wanted.run_id)
    if not rows or rows[0]["state"] != RunState.PREPARED.value or rows[0]["hold_reason"]:
        return False
    run = run_of(rows[0])
    if run.figures.released != await held_reserves(tx, run.seller_id, run.currency, run.until.at):
        raise ReserveMoved(f"the reserve of {run.id} was let go meanwhile")
    await tx.execute(
        f"UPDATE payout_runs SET released_in = :run WHERE held_units > 0 AND {_HELD}",
        run=run.id,
        seller=run.seller_id,
        currency=run.currency,
        by=run.until.at,
    )
    await _take_number(tx, wanted.number)
    await tx.execute(
        """UPDATE payout_runs SET state = :state, number = :number, issued_at = :at, issued_by = :by
           WHERE id = :id AND state = 'prepared'""",
        id=run.id,
        state=(RunState.ISSUED if run.figures.pay else RunState.PAID).value,
        number=wanted.number,
        at=wanted.at,
        by=wanted.actor,
    )
    await tx.execute(
        "INSERT INTO unsealed (chain, at, row_id) VALUES (:chain, :at, :row)",
        chain=Chain.PAYOUTS.value,
        at=wanted.at,
        row=wanted.number,
    )
    if wanted.booking is not None:
        await book(tx, wanted.booking)
    if wanted.payment is not None:
        await add_payment(tx, wanted.payment)
    await record(tx, wanted.line)
    for job in jobs:
        await add_job(tx, job)
    return True


async def next_number(tx: Tx, year: int) -> str:
    """The number that the next statement of a year gets, unless somebody is faster: `PO-2026-00042`."""
    rows = await tx.fetch("SELECT last FROM payout_numbers WHERE series = :series", series=f"{SERIES}-{year}")
    return number_of(SERIES, year, int(rows[0]["last"]) + 1 if rows else 1)


async def _take_number(tx: Tx, number: str) -> None:
    """In the unit that issues its statement: one that fails gives it back, so the series has no gap."""
    series, _, place = number.rpartition("-")
    if int(place) == 1:
        sql = """INSERT INTO payout_numbers (series, last) VALUES (:series, :place) ON CONFLICT (series) DO NOTHING"""
    else:
        sql = "UPDATE payout_numbers SET last = :place WHERE series = :series AND last = :place - 1"
    if not await tx.execute(sql, series=series, place=int(place)):
        raise NumberTaken(f"{number} is taken")


async def set_hold(tx: Tx, run_id: str, reason: str, line: AuditLine) -> bool:
    """Hold a prepared run with a reason, or let it go with an empty one. False when it is so already, or too late."""
    changed = await tx.execute(
        """UPDATE payout_runs SET hold_reason = :reason
           WHERE id = :id AND state = 'prepared' AND hold_reason <> :reason""",
        id=run_id,
        reason=reason,
    )
    if changed:
        await record(tx, line)
    return changed == 1


async def discard_run(tx: Tx, run_id: str, line: AuditLine) -> bool:
    """As if it had never been prepared. False when it was issued, or another run follows it."""
    changed = await tx.execute(
        """UPDATE payout_runs SET state = 'discarded' WHERE id = :id AND state = 'prepared' AND NOT EXISTS
               (SELECT 1 FROM payout_runs AS later WHERE later.previous_id = :id AND later.state <> 'discarded')""",
        id=run_id,
    )
    if changed:
        await tx.execute("DELETE FROM payout_approvals WHERE run_id = :id", id=run_id)
        await record(tx, line)
    return changed == 1


def run_of(row: Row) -> Run:
    party = orjson.loads(row["party"])
    method = Method(party.pop("method"))
    sums = Sums(*(row[f"{name}_{what}"] for name in ("sold", "returned", "adjusted") for what in ("units", "count")))
    figures = Figures(
        sums, *(row[f"{name}_units"] for name in ("carried", "released", "held", "rounding", "pay", "carry"))
    )
    return Run(
        row["id"],
        row["seller_id"],
        row["currency"],
        row["previous_id"],
        Cut(row["since_at"], row["since_position"]),
        Cut(row["until_at"], row["until_position"]),
        row["terms_version"],
        Party(**party),
        method,
        figures,
        row["reserve_until"],
        row["due_at"],
        row["prepared_at"],
        row["prepared_by"],
        RunState(row["state"]),
        row["hold_reason"],
        row["released_in"],
        row["number"],
        row["issued_at"],
        row["issued_by"],
    )


def _values(run: Run) -> dict[str, Any]:
    figures = run.figures
    sums = figures.sums._asdict()
    counted = {(name if name.endswith("_count") else f"{name}_units"): units for name, units in sums.items()}
    plain = ("carried", "released", "held", "rounding", "pay", "carry")
    return {
        "id": run.id,
        "seller_id": run.seller_id,
        "currency": run.currency,
        "previous_id": run.previous,
        "since_at": run.since.at,
        "since_position": run.since.position,
        "until_at": run.until.at,
        "until_position": run.until.position,
        "terms_version": run.terms_version,
        "party": orjson.dumps({**run.party._asdict(), "method": run.method.value}).decode(),
        "state": run.state.value,
        "hold_reason": run.hold_reason,
        "due_at": run.due_at,
        "reserve_until": run.reserve_until,
        "prepared_at": run.prepared_at,
        "prepared_by": run.prepared_by,
        **counted,
        **{f"{name}_units": getattr(figures, name) for name in plain},
    }
