"""What sellers bring and how they stand, for their list in the console; and what a person does to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.party import Campaign, Seller
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.hours import Reach, lead_sums
from exchange.storage.jobs import add_job
from exchange.storage.parties import save_campaign, save_seller

_REFUSED = ("rejected", "duplicate", "invalid")


class Today(NamedTuple):
    """A seller's leads of a stretch of time in one currency: `earned` in units, after returns."""

    leads: int
    sold: int
    refused: int
    earned: int
    currency: str


class Past(NamedTuple):
    """Of some weeks, as they are counted by day: posts, and of the sales how many came back. `earned` is in units of
    `currency`, which is empty where there are several, or none."""

    leads: int
    sold: int
    sales: int
    returned: int
    earned: int
    currency: str


async def leads_by_seller(tx: Tx, actor: Actor, mode: str, begin: int, end: int) -> dict[str, list[Today]]:
    """By seller, the currency with most leads first. Hours that are over are read as they were counted."""
    totals, _ = await lead_sums(tx, actor, Reach(mode, begin, end))
    sums: dict[tuple[str, str], list[int]] = {}
    for row in totals:
        counts = sums.setdefault((row["seller_id"], row["currency"]), [0, 0, 0, 0])
        counts[0] += row["leads"]
        counts[1] += row["leads"] if row["state"] == "sold" else 0
        counts[2] += row["leads"] if row["state"] in _REFUSED else 0
        counts[3] += row["payout_units"]
    found: dict[str, list[Today]] = {}
    for (seller_id, currency), (leads, sold, refused, earned) in sorted(sums.items(), key=lambda each: -each[1][0]):
        found.setdefault(seller_id, []).append(Today(leads, sold, refused, earned, currency))
    return found


async def past_by_seller(tx: Tx, actor: Actor, since_day: int) -> dict[str, Past]:
    """Live leads since a day, counted since the epoch; what is younger than ten minutes may be missing."""
    if actor.role is not Role.OPERATOR:
        return {}
    posts = await tx.fetch(
        """SELECT seller_id, CAST(SUM(leads) AS BIGINT) AS leads, CAST(SUM(sold) AS BIGINT) AS sold
           FROM source_days WHERE day >= :since GROUP BY seller_id""",
        since=since_day,
    )
    sales = await tx.fetch(
        """SELECT seller_id, CAST(SUM(sold) AS BIGINT) AS sales, CAST(SUM(returned) AS BIGINT) AS returned,
               CAST(SUM(payout_units) AS BIGINT) AS earned, MIN(currency) AS currency, MAX(currency) AS other
           FROM sale_days WHERE day >= :since GROUP BY seller_id""",
        since=since_day,
    )
    sold = {row["seller_id"]: row for row in sales}
    return {row["seller_id"]: _past(row, sold.get(row["seller_id"])) for row in posts}


def _past(posts: Row, sales: Row | None) -> Past:
    if sales is None:
        return Past(posts["leads"], posts["sold"], 0, 0, 0, "")
    one = sales["currency"] == sales["other"]
    earned = (sales["earned"], sales["currency"]) if one else (0, "")
    return Past(posts["leads"], posts["sold"], sales["sales"], sales["returned"], *earned)


async def last_lead(tx: Tx, actor: Actor, seller_ids: Sequence[str]) -> dict[str, int]:
    """When each sent its last lead; those that never did are left out. One look into an index for each."""
    if actor.role is not Role.OPERATOR:
        return {}
    found = {}
    for seller_id in seller_ids:
        rows = await tx.fetch(
            "SELECT received_at FROM leads WHERE seller_id = :seller ORDER BY received_at DESC, id DESC LIMIT 1",
            seller=seller_id,
        )
        if rows:
            found[seller_id] = int(rows[0]["received_at"])
    return found


async def sources_by_day(
    tx: Tx, actor: Actor, seller_id: str, since_day: int
) -> list[tuple[int, str, int, int, int, int]]:
    """Of one seller: day, sub id, posts, sold, refused, fraud; oldest first."""
    if actor.role is not Role.OPERATOR and actor.party_id != seller_id:
        return []
    rows = await tx.fetch(
        """SELECT day, sub_id, CAST(SUM(leads) AS BIGINT) AS leads, CAST(SUM(sold) AS BIGINT) AS sold,
               CAST(SUM(refused) AS BIGINT) AS refused, CAST(SUM(fraud) AS BIGINT) AS fraud
           FROM source_days WHERE seller_id = :seller AND day >= :since
           GROUP BY day, sub_id ORDER BY day, sub_id""",
        seller=seller_id,
        since=since_day,
    )
    return [(row["day"], row["sub_id"], row["leads"], row["sold"], row["refused"], row["fraud"]) for row in rows]


async def change_sellers(
    tx: Tx, sellers: Sequence[Seller], lines: Sequence[AuditLine], jobs: Sequence[JobRow] = ()
) -> None:
    """Sellers as they are from now on, each with its line."""
    for seller, line in zip(sellers, lines, strict=True):
        await save_seller(tx, seller, line.at)
        await record(tx, line)
    for job in jobs:
        await add_job(tx, job)


async def change_campaigns(
    tx: Tx, campaigns: Sequence[Campaign], lines: Sequence[AuditLine], jobs: Sequence[JobRow] = ()
) -> None:
    """New versions of several campaigns in one unit of work, each with its line."""
    for campaign, line in zip(campaigns, lines, strict=True):
        await save_campaign(tx, campaign, line.at, line.actor.name)
        await record(tx, line)
    for job in jobs:
        await add_job(tx, job)
