"""Many leads at once: which they are, how they stand, and what a person does with each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.actor import Actor
from exchange.model.work import Claim, JobRow
from exchange.storage.claims import claim
from exchange.storage.closing import event_row
from exchange.storage.database import Row, StorageError, Tx
from exchange.storage.jobs import add_job
from exchange.storage.lead_filters import LeadFilter, where_of
from exchange.storage.rows import listed
from exchange.storage.shelf import SOLD_AGAIN, leave


class TakenMeanwhile(StorageError):
    """The consumer of the lead came again meanwhile, as another lead."""


class Group(NamedTuple):
    """Leads of a list that stand alike, and what they brought."""

    state: str
    erased: bool
    currency: str
    leads: int
    revenue_units: int
    payout_units: int


async def groups_of(tx: Tx, actor: Actor, wanted: LeadFilter) -> list[Group]:
    """Every lead that a filter means, by how it stands."""
    where, params = where_of(actor, wanted)
    rows = await tx.fetch(
        f"""SELECT state, CASE WHEN sealed IS NULL THEN 1 ELSE 0 END AS erased, currency, COUNT(*) AS leads,
               CAST(SUM(revenue_units) AS BIGINT) AS revenue, CAST(SUM(payout_units) AS BIGINT) AS payout
            FROM leads WHERE {" AND ".join(where)} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
        **params,
    )
    return [
        Group(row["state"], bool(row["erased"]), row["currency"], row["leads"], row["revenue"], row["payout"])
        for row in rows
    ]


async def lead_ids_of(tx: Tx, actor: Actor, wanted: LeadFilter, most: int) -> list[str]:
    """Their ids, the oldest first, up to `most`."""
    where, params = where_of(actor, wanted)
    rows = await tx.fetch(
        f"SELECT id FROM leads WHERE {' AND '.join(where)} ORDER BY received_at, id LIMIT :most", **params, most=most
    )
    return [row["id"] for row in rows]


async def rows_of(tx: Tx, lead_ids: Sequence[str]) -> list[Row]:
    """The whole rows of some leads, the oldest first."""
    if not lead_ids:
        return []
    names, params = listed("lead", lead_ids)
    return await tx.fetch(f"SELECT * FROM leads WHERE id IN {names} ORDER BY received_at, id", **params)


async def begin_again(
    tx: Tx, lead: Row, claims: tuple[Claim, ...], told: str, by: str, now: int, sell: JobRow | None
) -> bool:
    """An unsold lead goes on sale again, by a job or by whoever asks. False when it is unsold no more; raises
    `TakenMeanwhile`."""
    moved = await tx.execute(
        """UPDATE leads SET state = 'selling', reason = NULL, changed_at = :now
           WHERE id = :id AND state = 'unsold' AND sealed IS NOT NULL""",
        now=now,
        id=lead["id"],
    )
    if not moved:
        return False
    if claims and await claim(tx, lead["id"], lead["seller_id"], claims, now) is not None:
        raise TakenMeanwhile(lead["id"])
    await leave(tx, lead["id"], SOLD_AGAIN, now)
    await tx.execute_all(event_row(lead["id"], lead["month"], now, "resale", told, by))
    if sell is not None:
        await add_job(tx, sell)
    return True


async def put_tag(tx: Tx, tag: str, lead_ids: Sequence[str], now: int, by: str) -> int:
    """Put a word on leads. Returns on how many it was not yet."""
    added = 0
    for lead_id in lead_ids:
        added += await tx.execute(
            """INSERT INTO lead_tags (tag, lead_id, at, by_whom) VALUES (:tag, :lead, :now, :by)
               ON CONFLICT (tag, lead_id) DO NOTHING""",
            tag=tag,
            lead=lead_id,
            now=now,
            by=by,
        )
    return added


async def take_tag(tx: Tx, tag: str, lead_ids: Sequence[str]) -> int:
    """Take a word off leads. Returns how many had it."""
    if not lead_ids:
        return 0
    names, params = listed("lead", lead_ids)
    return await tx.execute(f"DELETE FROM lead_tags WHERE tag = :tag AND lead_id IN {names}", tag=tag, **params)
