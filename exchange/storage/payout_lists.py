"""Lists of payout runs and payments for those who look: filtered, newest first, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.actor import Actor, Role
from exchange.model.money import Money
from exchange.model.payout import Run
from exchange.storage.database import Row, Tx
from exchange.storage.payout_runs import run_of
from exchange.storage.spans import TOP, Span, stretch_of


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Empty values filter nothing, but those that were discarded are shown to whoever asks for them alone."""

    state: str = ""
    seller_id: str = ""
    span: Span = TOP


_ORDERS = {"until": "until_at"}


async def list_runs(tx: Tx, actor: Actor, wanted: RunFilter) -> list[Run]:
    """The newest first. A seller finds its own statements, once they are issued."""
    where, params = _where(actor, wanted)
    stretch = stretch_of(wanted.span, _ORDERS, "id")
    rows = await tx.fetch(
        f"""SELECT * FROM payout_runs WHERE {" AND ".join([*where, *stretch.where])}
            ORDER BY {stretch.order} LIMIT :limit""",
        limit=wanted.span.limit,
        **params,
        **stretch.params,
    )
    return [run_of(row) for row in rows]


async def count_runs(tx: Tx, actor: Actor, wanted: RunFilter, most: int) -> int:
    """How many match, counted up to `most`."""
    where, params = _where(actor, wanted)
    stretch = stretch_of(wanted.span, _ORDERS, "id")
    rows = await tx.fetch(
        f"""SELECT COUNT(*) AS found FROM (SELECT id FROM payout_runs
            WHERE {" AND ".join([*where, *stretch.where])} LIMIT :most) AS counted""",
        most=most,
        **params,
        **stretch.params,
    )
    return int(rows[0]["found"])


def _where(actor: Actor, wanted: RunFilter) -> tuple[list[str], dict[str, object]]:
    where = ["state = :state" if wanted.state else "state <> 'discarded'"]
    params: dict[str, object] = {"state": wanted.state} if wanted.state else {}
    seller_id = wanted.seller_id
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        where.append("number IS NOT NULL AND state <> 'discarded'")
        seller_id = (actor.party_id if actor.role is Role.SELLER else None) or " "  # nobody is called so
    if seller_id:
        where.append("seller_id = :seller")
        params["seller"] = seller_id
    return where, params


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
