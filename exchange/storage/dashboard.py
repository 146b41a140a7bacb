"""What the dashboard counts. Leads belong to the moment they were received, so a figure and its list always agree."""

from __future__ import annotations

from exchange.model.actor import Actor, Role
from exchange.model.ledger import Posting, Transaction, TransactionKind
from exchange.model.money import Money
from exchange.storage.database import Row, Tx
from exchange.storage.disputes import count_disputed
from exchange.storage.selling import FOR_PEOPLE, OPEN

HOUR_MS = 3_600_000
ANSWERS = 20_000
"""So many answers tell how long sellers wait: a p95 of them is exact enough, and takes no longer on a busy day."""


async def lead_figures(tx: Tx, actor: Actor, mode: str, begin: int, end: int) -> list[Row]:
    """Leads received in [begin, end): `leads`, `revenue`, `payout` and `cost` (units), by `hour` (0 is the first),
    seller, state, reason (of refused ones) and currency."""
    if not _insider(actor):
        return []
    return await tx.fetch(
        f"""SELECT (received_at - :begin - (received_at - :begin) % :hour) / :hour AS hour, seller_id, state, currency,
               CASE WHEN state IN ('rejected', 'duplicate', 'invalid') THEN COALESCE(reason, '') ELSE '' END AS reason,
               COUNT(*) AS leads, CAST(SUM(revenue_units) AS BIGINT) AS revenue,
               CAST(SUM(payout_units) AS BIGINT) AS payout, CAST(SUM(cost_units) AS BIGINT) AS cost
           FROM leads WHERE {_of_mode(mode)} AND received_at >= :begin AND received_at < :end
           GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5""",
        hour=HOUR_MS,
        begin=begin,
        end=end,
    )


async def answer_times(tx: Tx, actor: Actor, mode: str, begin: int, end: int) -> list[tuple[int, int]]:
    """How long sellers waited, over the newest answers: (ms, how many took it), shortest first."""
    if not _insider(actor):
        return []
    rows = await tx.fetch(
        """SELECT took_ms, COUNT(*) AS answers FROM
               (SELECT took_ms FROM requests
                WHERE received_at >= :begin AND received_at < :end AND mode = :mode AND took_ms IS NOT NULL
                    AND endpoint IN ('ping', 'post', 'pingpost')
                ORDER BY received_at DESC, id DESC LIMIT :most) newest
           GROUP BY took_ms ORDER BY took_ms""",
        most=ANSWERS,
        mode=mode,
        begin=begin,
        end=end,
    )
    return [(row["took_ms"], row["answers"]) for row in rows]


async def sold_to(tx: Tx, actor: Actor, mode: str, begin: int, first_id: str, end_id: str) -> list[Row]:
    """Sales of the leads with ids in [first_id, end_id), which tell when they came, by buyer: `leads` (each counted
    once), `sales` and `revenue` (units). None of them was sold before `begin`."""
    if not _insider(actor):
        return []
    return await tx.fetch(
        """SELECT COALESCE(buyer_id, '') AS buyer_id, currency, COUNT(DISTINCT lead_id) AS leads, COUNT(*) AS sales,
               CAST(SUM(price_units - returned_units) AS BIGINT) AS revenue
           FROM sales WHERE accepted_at >= :begin AND mode = :mode AND lead_id >= :first AND lead_id < :end
               AND reversed_at IS NULL
           GROUP BY 1, 2 ORDER BY 3 DESC, 1""",  # COALESCE: else SQLite walks all sales in the order of buyers
        mode=mode,
        begin=begin,
        first=first_id,
        end=end_id,
    )


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
    return int(rows[0]["waiting"]) + await count_disputed(tx, mode)


async def dead_jobs(tx: Tx, actor: Actor) -> list[Row]:
    """Jobs that were tried too often, by kind: `jobs`, and the `error` of one of them."""
    if not _insider(actor):
        return []
    return await tx.fetch(
        """SELECT kind, COUNT(*) AS jobs, MAX(last_error) AS error FROM jobs WHERE state = 'dead'
           GROUP BY kind ORDER BY kind"""
    )


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
