"""A seller's own day for its home: hour by hour, what came back, and how long it waited for answers."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.money import Money
from exchange.storage.database import Tx

HOUR_MS = 3_600_000
_REFUSED = "('rejected', 'duplicate', 'invalid')"
ANSWERS = 500
"""Over so many of the newest leads it is told how long answers took."""


class OwnHour(NamedTuple):
    """Leads received in one hour of a stretch (0 is the first), in one currency, and what they earned after returns."""

    hour: int
    currency: str
    leads: int
    refused: int
    sold: int
    earned: Money


async def hours_of_seller(tx: Tx, actor: Actor, mode: str, begin: int, end: int) -> list[OwnHour]:
    if actor.role is not Role.SELLER or actor.party_id is None:
        return []
    rows = await tx.fetch(
        f"""SELECT (received_at - :begin - (received_at - :begin) % :hour) / :hour AS hour, currency,
               COUNT(*) AS leads, CAST(SUM(payout_units) AS BIGINT) AS earned,
               CAST(SUM(CASE WHEN state IN {_REFUSED} THEN 1 ELSE 0 END) AS BIGINT) AS refused,
               CAST(SUM(CASE WHEN times_sold > 0 THEN 1 ELSE 0 END) AS BIGINT) AS sold
            FROM leads WHERE seller_id = :seller AND {"mode = 'test'" if mode == "test" else "mode = 'live'"}
                AND received_at >= :begin AND received_at < :end
            GROUP BY 1, 2 ORDER BY 1, 2""",
        seller=actor.party_id,
        begin=begin,
        end=end,
        hour=HOUR_MS,
    )
    return [
        OwnHour(
            int(row["hour"]), row["currency"], row["leads"], row["refused"], row["sold"],
            Money(row["earned"], row["currency"]),
        )
        for row in rows
    ]  # fmt: skip


async def asked_back(tx: Tx, actor: Actor, begin: int, end: int) -> int:
    """Live leads of this seller that buyers asked their money back for then."""
    if actor.role is not Role.SELLER or actor.party_id is None:
        return 0
    rows = await tx.fetch(
        """SELECT COUNT(*) AS n FROM return_requests WHERE seller_id = :seller AND mode = 'live'
               AND asked_at >= :begin AND asked_at < :end""",
        seller=actor.party_id,
        begin=begin,
        end=end,
    )
    return int(rows[0]["n"])


async def answer_ms_of_seller(tx: Tx, actor: Actor, mode: str, begin: int, end: int) -> int | None:
    """The mean over its newest leads; None before any."""
    if actor.role is not Role.SELLER or actor.party_id is None:
        return None
    rows = await tx.fetch(
        """SELECT CAST(SUM(r.took_ms) AS BIGINT) AS took, COUNT(*) AS n FROM
               (SELECT id FROM leads WHERE seller_id = :seller AND received_at >= :begin AND received_at < :end
                AND mode = :mode ORDER BY received_at DESC, id DESC LIMIT :most) newest
           JOIN requests r ON r.lead_id = newest.id WHERE r.took_ms IS NOT NULL""",
        seller=actor.party_id,
        mode=mode,
        begin=begin,
        end=end,
        most=ANSWERS,
    )
    return int(rows[0]["took"]) // rows[0]["n"] if rows[0]["n"] else None
