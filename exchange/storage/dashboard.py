"""What the dashboard counts. Leads belong to the moment they were received, so a figure and its list always agree."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.ledger import Posting, Transaction, TransactionKind
from exchange.model.money import Money
from exchange.storage.database import Row, Tx
from exchange.storage.disputes import DisputeFilter, count_disputed
from exchange.storage.selling import FOR_PEOPLE, OPEN


class Taken(NamedTuple):
    """What a contract took: sales, and what they came to."""

    sales: int
    units: int


async def count_taken(tx: Tx, contract_id: str, begin: int, end: int) -> int:
    """Sales of a contract accepted in [begin, end): counted in the index alone, undone ones with them."""
    rows = await tx.fetch(
        """SELECT COUNT(*) AS sales FROM sales
           WHERE contract_id = :contract AND accepted_at >= :begin AND accepted_at < :end""",
        contract=contract_id,
        begin=begin,
        end=end,
    )
    return int(rows[0]["sales"])


async def usual_price(tx: Tx, contract_id: str) -> int:
    """What the newest hundred sales of a contract cost, on average."""
    rows = await tx.fetch(
        """SELECT CAST(SUM(price_units) AS BIGINT) AS units, COUNT(*) AS sales FROM
               (SELECT price_units FROM sales WHERE contract_id = :contract
                ORDER BY accepted_at DESC LIMIT 100) newest""",
        contract=contract_id,
    )
    return rows[0]["units"] // rows[0]["sales"] if rows[0]["sales"] else 0


async def taken_between(tx: Tx, contract_id: str, begin: int, end: int) -> Taken:
    """Live sales of a contract accepted in [begin, end) that were not undone."""
    rows = await tx.fetch(
        """SELECT COUNT(*) AS sales, COALESCE(CAST(SUM(price_units) AS BIGINT), 0) AS units FROM sales
           WHERE contract_id = :contract AND accepted_at >= :begin AND accepted_at < :end AND mode = 'live'
               AND (reversed_at IS NULL OR returned_at IS NOT NULL)""",
        contract=contract_id,
        begin=begin,
        end=end,
    )
    return Taken(rows[0]["sales"], rows[0]["units"])


async def recent_trails(tx: Tx, actor: Actor, mode: str, since: int, limit: int) -> list[bytes]:
    """The packed records of the newest requests since an instant."""
    if not _insider(actor):
        return []
    rows = await tx.fetch(
        """SELECT t.document FROM requests r JOIN trails t ON t.lead_id = r.lead_id AND t.request_id = r.id
           WHERE r.received_at >= :since AND r.mode = :mode ORDER BY r.received_at DESC, r.id DESC LIMIT :limit""",
        since=since,
        mode=mode,
        limit=limit,
    )
    return [bytes(row["document"]) for row in rows]


async def count_unclear(tx: Tx, actor: Actor, mode: str) -> int:
    """Deliveries that wait for somebody to say what they were, and sales whose delivery came back."""
    if not _insider(actor):
        return 0
    rows = await tx.fetch(
        f"""SELECT COUNT(*) AS waiting FROM attempts AS a
            WHERE {OPEN} AND a.state IN ('unclear', 'pending') AND a.mode = :mode AND {FOR_PEOPLE}""",
        mode=mode,
    )
    return int(rows[0]["waiting"]) + await count_disputed(tx, actor, DisputeFilter(mode), 10_000)


async def waiting_for_people(tx: Tx) -> tuple[int, ...]:
    """Returns, payouts, held leads and unclear deliveries that wait for somebody, live and test: to see that one of
    them changed.
    """
    rows = await tx.fetch(
        f"""SELECT (SELECT COUNT(*) FROM return_requests WHERE state = 'asked') AS returns,
               (SELECT COUNT(*) FROM payout_runs WHERE state = 'prepared' AND hold_reason = '') AS payouts,
               (SELECT COUNT(*) FROM leads WHERE state = 'held') AS held,
               (SELECT COUNT(*) FROM attempts a WHERE {OPEN} AND a.state IN ('unclear', 'pending')) AS unclear"""
    )
    return tuple(int(rows[0][name]) for name in ("returns", "payouts", "held", "unclear"))


async def dead_jobs(tx: Tx, actor: Actor) -> list[Row]:
    """Jobs that were tried too often, by kind: `jobs`, and the `error` of one of them."""
    if not _insider(actor):
        return []
    return await tx.fetch(
        """SELECT kind, COUNT(*) AS jobs, MAX(last_error) AS error FROM jobs WHERE state = 'dead'
           GROUP BY kind ORDER BY kind"""
    )


async def first_between(tx: Tx, actor: Actor, mode: str, begin: int, end: int) -> int | None:
    """When the first lead of [begin, end) came."""
    if not _insider(actor):
        return None
    rows = await tx.fetch(
        f"""SELECT received_at FROM leads WHERE {_of_mode(mode)} AND received_at >= :begin AND received_at < :end
            ORDER BY received_at LIMIT 1""",
        begin=begin,
        end=end,
    )
    return rows[0]["received_at"] if rows else None


async def arrived_since(tx: Tx, actor: Actor, mode: str, since: int, most: int = 10_000) -> dict[str, int]:
    """Requests that came since an instant, by endpoint: ping, post and pingpost."""
    if not _insider(actor):
        return {}
    rows = await tx.fetch(
        """SELECT endpoint, COUNT(*) AS times FROM
               (SELECT endpoint FROM requests WHERE received_at >= :since AND mode = :mode
                    AND endpoint IN ('ping', 'post', 'pingpost') ORDER BY received_at DESC LIMIT :most) newest
           GROUP BY endpoint""",
        since=since,
        mode=mode,
        most=most,
    )
    return {row["endpoint"]: row["times"] for row in rows}


async def any_lead(tx: Tx, actor: Actor, mode: str, state: str | None = None) -> bool:
    """Whether there ever was one, in this state if one is given."""
    if not _insider(actor):
        return False
    rows = await tx.fetch(
        f"SELECT 1 AS one FROM leads WHERE {_of_mode(mode)} AND (state = :state OR :state = '') LIMIT 1",
        state=state or "",
    )
    return bool(rows)


async def transactions_of(tx: Tx, actor: Actor, lead_id: str) -> list[Transaction]:
    """Everything booked because of a lead, oldest first."""
    if not _insider(actor):
        return []
    rows = await tx.fetch(
        """SELECT t.reference, t.month, t.kind, t.at, t.cause, t.reverses, p.source, p.destination, p.units, p.currency
           FROM transactions t JOIN postings p ON p.reference = t.reference
           WHERE t.cause = :lead ORDER BY t.at, t.reference, p.line""",
        lead=lead_id,
    )
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["reference"], []).append(row)
    return [_transaction(reference, lines) for reference, lines in found.items()]


def _transaction(reference: str, lines: list[Row]) -> Transaction:
    first = lines[0]
    postings = tuple(Posting(row["source"], row["destination"], Money(row["units"], row["currency"])) for row in lines)
    kind = TransactionKind(first["kind"])
    return Transaction(reference, kind, postings, first["at"], first["month"], first["cause"], first["reverses"])


def _of_mode(mode: str) -> str:
    """Written out, not as a parameter: one index is for test leads only."""
    return "mode = 'test'" if mode == "test" else "mode = 'live'"


def _insider(actor: Actor) -> bool:
    return actor.role in (Role.OPERATOR, Role.SYSTEM)
