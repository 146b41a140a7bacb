"""What alert rules read: newest rows and counted windows by index, never a whole table."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.money import Money
from exchange.storage.database import Row, Tx

_HOUR_MS = 3_600_000
_SAMPLE = 2_000


class Bought(NamedTuple):
    """What was bought of late: so many leads and so much, within so many ms."""

    leads: int
    money: Money
    within_ms: int


async def bought_lately(tx: Tx, buyer_id: str, currency: str, now: int, within_ms: int) -> Bought:
    """A buyer's newest sales, of which a sample tells the pace."""
    rows = await tx.fetch(
        """SELECT price_units, accepted_at FROM sales WHERE buyer_id = :buyer AND accepted_at >= :since
               AND currency = :currency AND mode = 'live' AND reversed_at IS NULL
           ORDER BY accepted_at DESC, id DESC LIMIT :most""",
        buyer=buyer_id,
        currency=currency,
        since=now - within_ms,
        most=_SAMPLE,
    )
    span = now - rows[-1]["accepted_at"] if len(rows) == _SAMPLE else within_ms
    return Bought(len(rows), Money(sum(row["price_units"] for row in rows), currency), max(span, 1))


async def came_lately(tx: Tx, seller_id: str, since: int, until: int, most: int) -> list[int]:
    """When a seller's newest live posts of a span came, the newest first. Pings that led nowhere are no leads."""
    rows = await tx.fetch(
        """SELECT received_at FROM leads WHERE seller_id = :seller AND received_at >= :since AND received_at < :until
               AND mode = 'live' ORDER BY received_at DESC, id DESC LIMIT :most""",
        seller=seller_id,
        since=since,
        until=until,
        most=most,
    )
    return [row["received_at"] for row in rows]


async def newest_of_seller(tx: Tx, seller_id: str, since: int, most: int) -> list[Row]:
    """State, reason and sub id of a seller's newest live posts that were decided."""
    return await tx.fetch(
        """SELECT state, reason, sub_id1, received_at FROM leads WHERE seller_id = :seller AND received_at >= :since
               AND mode = 'live' AND kind <> 'ping'
               AND state IN ('sold', 'unsold', 'rejected', 'duplicate', 'invalid')
           ORDER BY received_at DESC, id DESC LIMIT :most""",
        seller=seller_id,
        since=since,
        most=most,
    )


async def newest_posts(tx: Tx, first_id: str, most: int) -> list[Row]:
    """The newest posts to buyers that were answered yes or no: buyer, contract, state and moment."""
    return await tx.fetch(
        """SELECT buyer_id, contract_id, state, made_at, price_units, currency FROM attempts
           WHERE id >= :first AND mode = 'live' AND state IN ('accepted', 'rejected') ORDER BY id DESC LIMIT :most""",
        first=first_id,
        most=most,
    )


async def usual_posts(tx: Tx, since_day: int, until_day: int) -> dict[str, tuple[int, int]]:
    """By buyer, of its posts of these days: taken, and answered."""
    rows = await tx.fetch(
        """SELECT buyer_id, CAST(SUM(taken) AS BIGINT) AS taken, CAST(SUM(posts) AS BIGINT) AS posts FROM post_days
           WHERE day >= :since AND day < :until GROUP BY buyer_id""",
        since=since_day,
        until=until_day,
    )
    return {row["buyer_id"]: (row["taken"], row["posts"]) for row in rows}


async def given_back(tx: Tx, since_day: int) -> list[Row]:
    """By buyer: `sold`, `returned` and `lost` (units) of the sales since a day."""
    return await tx.fetch(
        """SELECT buyer_id, currency, CAST(SUM(sold) AS BIGINT) AS sold, CAST(SUM(returned) AS BIGINT) AS returned,
               CAST(SUM(lost_units) AS BIGINT) AS lost
           FROM sale_days WHERE day >= :since GROUP BY buyer_id, currency ORDER BY buyer_id""",
        since=since_day,
    )


async def unclear_since(tx: Tx, before: int) -> list[Row]:
    """By buyer: unclear posts made before a moment, what they hold, and the oldest of them."""
    return await tx.fetch(
        """SELECT buyer_id, currency, COUNT(*) AS posts, CAST(SUM(price_units) AS BIGINT) AS units,
               MIN(made_at) AS oldest FROM attempts
           WHERE state <> 'accepted' AND state <> 'rejected' AND state <> 'failed' AND state = 'unclear'
               AND made_at < :before AND mode = 'live' GROUP BY buyer_id, currency ORDER BY buyer_id""",
        before=before,
    )


async def count_unmapped(tx: Tx, now: int) -> dict[str, int]:
    """By contract, how many answers of the last hour no rule read: the totals are noted, and what they rose by."""
    totals = await tx.fetch(
        """SELECT contract_id, CAST(SUM(times) AS BIGINT) AS total,
               CAST(SUM(CASE WHEN first_at > :since THEN times ELSE 0 END) AS BIGINT) AS young
           FROM unmapped GROUP BY contract_id""",
        since=now - _HOUR_MS,
    )
    known = {row["about"]: row["total"] for row in await tx.fetch(
        """SELECT c.about, c.total FROM alert_counts c WHERE c.at = (SELECT MAX(o.at) FROM alert_counts o
               WHERE o.about = c.about)"""
    )}  # fmt: skip
    for row in totals:
        about, total = row["contract_id"], row["total"]
        if known.get(about) != total:
            await tx.execute(
                """INSERT INTO alert_counts (about, at, total, more) VALUES (:about, :at, :total, :more)
                   ON CONFLICT (about, at) DO NOTHING""",
                about=about,
                at=now,
                total=total,
                more=max(total - known[about], 0) if about in known else row["young"],
            )
    await tx.execute(
        """DELETE FROM alert_counts WHERE at < :before AND at < (SELECT MAX(o.at) FROM alert_counts o
               WHERE o.about = alert_counts.about)""",
        before=now - 2 * _HOUR_MS,
    )
    rows = await tx.fetch(
        "SELECT about, CAST(SUM(more) AS BIGINT) AS more FROM alert_counts WHERE at > :since GROUP BY about",
        since=now - _HOUR_MS,
    )
    return {row["about"]: row["more"] for row in rows}


async def screen_open(tx: Tx) -> list[Row]:
    """What the fraud screen told a person about, and nobody has seen to."""
    return await tx.fetch("SELECT * FROM screen_alerts WHERE state = 'open' ORDER BY found_at LIMIT 200")


async def failing_endpoints(tx: Tx, before: int) -> list[Row]:
    """Addresses that have failed since before a moment and are still tried, with how many sends wait."""
    return await tx.fetch(
        """SELECT id, kind, role, party_id, url, failing_since,
               (SELECT COUNT(*) FROM webhook_sends s WHERE s.endpoint_id = webhook_endpoints.id
                   AND s.state = 'waiting') AS waiting
           FROM webhook_endpoints WHERE state = 'active' AND failing_since IS NOT NULL AND failing_since <= :before
           ORDER BY failing_since LIMIT 200""",
        before=before,
    )


async def newest_lead_at(tx: Tx) -> int | None:
    rows = await tx.fetch("SELECT received_at FROM leads ORDER BY received_at DESC, id DESC LIMIT 1")
    return rows[0]["received_at"] if rows else None


async def engine_clock(tx: Tx) -> int | None:
    """What the database server's own clock says, in epoch ms; None where it is this machine's."""
    if not tx.for_update:
        return None
    rows = await tx.fetch("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS at")
    return int(rows[0]["at"])


async def first_lead_at(tx: Tx) -> int | None:
    rows = await tx.fetch("SELECT received_at FROM leads ORDER BY received_at, id LIMIT 1")
    return rows[0]["received_at"] if rows else None
