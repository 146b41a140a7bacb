"""What an account moved in a period: the postings behind a document, read in slices, never all at once.

Every read is of a period that ends at a cut, so that it tells the same whenever it is asked again.
"""

from __future__ import annotations

from exchange.model.ledger import TransactionKind
from exchange.model.statement import Cut, Movement, Period
from exchange.storage.chain import Chain, chain_head
from exchange.storage.database import Row, Tx

DAY_MS = 86_400_000
LATE_MS = 7 * DAY_MS
"""An entry that is sealed as long as this after its own time is still found by the next document. Seconds are usual."""


def slices(period: Period, begun: int, now: int) -> list[tuple[int, int]]:
    """The times to read one after another: what came late first, then the days of the period, up to `now` at most.

    `begun` is where the period begins, or the first movement of an account whose first period it is.
    """
    until = min(period.until.at, now)
    late = [(max(0, begun - LATE_MS), begun)] if period.since.at else []
    return [*late, *((at, min(at + DAY_MS, until)) for at in range(begun, until, DAY_MS))]


async def sealed_through(tx: Tx, until: int) -> int | None:
    """The last place of the chain, when all that happened before `until` is sealed; else None: ask in a second."""
    waiting = await tx.fetch(
        "SELECT 1 AS one FROM unsealed WHERE chain = :chain AND at < :until LIMIT 1",
        chain=Chain.TRANSACTIONS.value,
        until=until,
    )
    return None if waiting else (await chain_head(tx, Chain.TRANSACTIONS))[0]


async def first_movement_at(tx: Tx, account: str, currency: str) -> int:
    """When the account first moved; 0: never."""
    rows = await tx.fetch(
        """SELECT MIN(at) AS at FROM
               (SELECT MIN(at) AS at FROM postings WHERE source = :account AND currency = :currency
                UNION ALL SELECT MIN(at) AS at FROM postings WHERE destination = :account AND currency = :currency)
               AS ends""",
        account=account,
        currency=currency,
    )
    return int(rows[0]["at"] or 0)


async def movements(tx: Tx, period: Period, since: int, until: int) -> list[Movement]:
    """Those of the period with `since <= at < until`, in the order of their times."""
    rows = await tx.fetch(
        """SELECT p.reference, p.line, p.units, p.source, p.destination, p.at, t.kind, t.cause, t.reverses, s.position,
               l.contract_id, r.at AS corrected_at, rs.position AS corrected_position
           FROM (SELECT * FROM postings WHERE source = :account AND at >= :since AND at < :until
                 UNION ALL SELECT * FROM postings WHERE destination = :account AND at >= :since AND at < :until) AS p
           JOIN transactions AS t ON t.reference = p.reference
           JOIN seals AS s ON s.chain = :chain AND s.row_id = p.reference
           LEFT JOIN sales AS l ON l.attempt_id = SUBSTR(COALESCE(t.reverses, t.reference), 6)
           LEFT JOIN transactions AS r ON r.reference = t.reverses
           LEFT JOIN seals AS rs ON rs.chain = :chain AND rs.row_id = t.reverses
           WHERE p.currency = :currency AND p.at < :to_at AND s.position <= :to_position
               AND NOT (p.at < :from_at AND s.position <= :from_position)
           ORDER BY p.at, p.reference, p.line""",
        chain=Chain.TRANSACTIONS.value,
        account=period.account,
        currency=period.currency,
        since=since,
        until=until,
        from_at=period.since.at,
        from_position=period.since.position,
        to_at=period.until.at,
        to_position=period.until.position,
    )
    return [_movement(row, period.account) for row in rows]


def _movement(row: Row, account: str) -> Movement:
    inward = row["destination"] == account
    known = row["corrected_at"] is not None and row["corrected_position"] is not None
    return Movement(
        row["reference"],
        TransactionKind(row["kind"]),
        row["at"],
        row["position"],
        row["units"] if inward else -row["units"],
        row["source"] if inward else row["destination"],
        row["cause"],
        row["reverses"],
        row["contract_id"] or "",
        Cut(row["corrected_at"], row["corrected_position"]) if known else None,
    )
