"""What became of leads that a buyer said it reached: what a contact promises is learned from it."""

from __future__ import annotations

from collections.abc import Collection

from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed


async def reach_buyers(tx: Tx, vertical: str, since: int, least: int) -> list[str]:
    """Buyers of which most conversions told since a moment, and at least so many, were told after a contact."""
    rows = await tx.fetch(
        """SELECT buyer_id FROM sale_outcomes
           WHERE vertical = :vertical AND converted_at IS NOT NULL AND converted_at > :since GROUP BY buyer_id
           HAVING CAST(SUM(CASE WHEN contacted_at < converted_at THEN 1 ELSE 0 END) AS BIGINT) >= :least
               AND CAST(SUM(CASE WHEN contacted_at < converted_at THEN 2 ELSE 0 END) AS BIGINT) > COUNT(*)
           ORDER BY buyer_id""",
        vertical=vertical,
        since=since,
        least=least,
    )
    return [row["buyer_id"] for row in rows]


async def reach_lags(tx: Tx, vertical: str, since: int, buyers: Collection[str], most: int) -> list[Row]:
    """Of the newest conversions told since: when it was sold, how long after it was reached, and how long after that
    it converted; all in milliseconds.
    """
    names, params = listed("early", sorted(buyers))
    return await tx.fetch(
        f"""SELECT sold_at, contacted_at - sold_at AS wait_ms, converted_at - contacted_at AS after_ms
            FROM sale_outcomes
            WHERE vertical = :vertical AND converted_at IS NOT NULL AND converted_at > :since AND buyer_id IN {names}
            ORDER BY converted_at DESC LIMIT :most""",
        vertical=vertical,
        since=since,
        most=most,
        **params,
    )


async def reach_days(tx: Tx, vertical: str, since_day: int, buyers: Collection[str]) -> list[Row]:
    """By day of sale: leads reached before anything else was told, those of them that converted, and that are open."""
    names, params = listed("early", sorted(buyers))
    return await tx.fetch(
        f"""SELECT day, COUNT(*) AS reached, COUNT(converted_at) AS came,
                CAST(SUM(CASE WHEN converted_at IS NULL AND ended_at IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS still
            FROM sale_outcomes
            WHERE vertical = :vertical AND contacted_at IS NOT NULL AND day >= :since AND buyer_id IN {names}
                AND (converted_at IS NULL OR converted_at > contacted_at)
                AND (ended_at IS NULL OR ended_at > contacted_at)
            GROUP BY day""",
        vertical=vertical,
        since=since_day,
        **params,
    )
