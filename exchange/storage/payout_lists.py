"""Lists of payout runs and payments for those who look: filtered, newest first, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.actor import Actor, Role
from exchange.model.money import Money
from exchange.model.payout import Run
from exchange.storage.database import Row, Tx
from exchange.storage.payout_runs import run_of


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Empty values filter nothing. `before` is where a page goes on: the end of a period and the id of its run."""

    state: str = ""
    seller_id: str = ""
    before: tuple[int, str] | None = None
    limit: int = 50


async def list_runs(tx: Tx, wanted: RunFilter) -> list[Run]:
    """Those that were not discarded, unless that is the state asked for."""
    at, run_id = wanted.before or (1 << 62, "")
    rows = await tx.fetch(
        """SELECT * FROM payout_runs
           WHERE ((:state = '' AND state <> 'discarded') OR state = :state) AND (:seller = '' OR seller_id = :seller)
               AND (until_at < :at OR (until_at = :at AND id < :id))
           ORDER BY until_at DESC, id DESC LIMIT :limit""",
        state=wanted.state,
        seller=wanted.seller_id,
        at=at,
        id=run_id,
        limit=wanted.limit,
    )
    return [run_of(row) for row in rows]


async def statements_of(tx: Tx, actor: Actor, before: tuple[int, str] | None = None, limit: int = 50) -> list[Run]:
    """A seller's own statements, once they are issued, newest first."""
    if actor.role is not Role.SELLER or actor.party_id is None:
        return []
    at, run_id = before or (1 << 62, "")
    rows = await tx.fetch(
        """SELECT * FROM payout_runs WHERE seller_id = :seller AND number IS NOT NULL AND state <> 'discarded'
               AND (until_at < :at OR (until_at = :at AND id < :id))
           ORDER BY until_at DESC, id DESC LIMIT :limit""",
        seller=actor.party_id,
        at=at,
        id=run_id,
        limit=limit,
    )
    return [run_of(row) for row in rows]


async def due_sums(tx: Tx) -> list[tuple[str, int, Money]]:
    """By way of paying and currency, how many payments wait, without the held ones, and what they sum to."""
    rows = await tx.fetch(
        """SELECT method, currency, COUNT(*) AS n, CAST(SUM(units) AS BIGINT) AS units FROM payout_payments
           WHERE state = 'due' AND hold_reason = '' GROUP BY method, currency ORDER BY method, currency"""
    )
    return [(row["method"], row["n"], Money(row["units"], row["currency"])) for row in rows]


async def prepared_sums(tx: Tx) -> list[Row]:
    """Runs that wait for somebody's approval, by `currency`: how many `runs`, and what they come to in `units`."""
    return await tx.fetch(
        """SELECT currency, COUNT(*) AS runs, CAST(SUM(pay_units) AS BIGINT) AS units FROM payout_runs
           WHERE state = 'prepared' AND hold_reason = '' GROUP BY currency ORDER BY currency"""
    )


async def count_prepared(tx: Tx) -> int:
    """How many runs wait for somebody's approval."""
    rows = await tx.fetch("SELECT COUNT(*) AS n FROM payout_runs WHERE state = 'prepared' AND hold_reason = ''")
    return int(rows[0]["n"])
