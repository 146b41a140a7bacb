"""Figures by hour: closed hours are rolled up from what happened, the running hour is counted as it stands."""

from __future__ import annotations

from exchange.storage.database import Row, Tx

HOUR_MS = 3_600_000
_HOURS_AGAIN = 3  # late settlements change the last hours


async def roll_up(tx: Tx, now: int) -> int:
    """Count closed hours again, as far back as changes still come. Running it twice changes nothing."""
    this_hour = now - now % HOUR_MS
    last = await tx.fetch("SELECT MAX(hour) AS hour FROM hourly WHERE subject = 'exchange' AND measure = 'rolled'")
    first = await tx.fetch("SELECT MIN(received_at) AS at FROM leads")
    begin = last[0]["hour"] - _HOURS_AGAIN * HOUR_MS if last[0]["hour"] is not None else (first[0]["at"] or now)
    begin -= begin % HOUR_MS
    end = min(this_hour, begin + 48 * HOUR_MS)  # a unit stays short: a long gap is taken up in steps
    if begin >= end:
        return 0
    await tx.execute("DELETE FROM hourly WHERE hour >= :begin AND hour < :end", begin=begin, end=end)
    await tx.execute(
        """INSERT INTO hourly (hour, subject, measure, amount)
           SELECT received_at - received_at % :hour, 'mode:' || mode, 'leads:' || state, COUNT(*) FROM leads
           WHERE received_at >= :begin AND received_at < :end GROUP BY 1, 2, 3""",
        hour=HOUR_MS,
        begin=begin,
        end=end,
    )
    for measure, column in (
        ("revenue", "price_units - returned_units"),
        ("payout", "payout_units - returned_payout_units"),
    ):
        await tx.execute(
            f"""INSERT INTO hourly (hour, subject, measure, amount)
                SELECT accepted_at - accepted_at % :hour, 'mode:' || mode, '{measure}:' || currency,
                    CAST(SUM({column}) AS BIGINT) FROM sales
                WHERE accepted_at >= :begin AND accepted_at < :end
                    AND (reversed_at IS NULL OR returned_at IS NOT NULL) GROUP BY 1, 2, 3""",
            hour=HOUR_MS,
            begin=begin,
            end=end,
        )
    await tx.execute(
        """INSERT INTO hourly (hour, subject, measure, amount) VALUES (:hour, 'exchange', 'rolled', 1)
           ON CONFLICT (hour, subject, measure) DO NOTHING""",
        hour=end - HOUR_MS,
    )
    return (end - begin) // HOUR_MS


async def counts_between(tx: Tx, mode: str, begin: int, end: int) -> list[Row]:
    """Leads by state and hour within [begin, end), counted live: for periods short enough."""
    return await tx.fetch(
        """SELECT received_at - received_at % :hour AS hour, state, COUNT(*) AS leads FROM leads
           WHERE mode = :mode AND received_at >= :begin AND received_at < :end GROUP BY 1, 2 ORDER BY 1, 2""",
        hour=HOUR_MS,
        mode=mode,
        begin=begin,
        end=end,
    )
