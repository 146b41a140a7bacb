"""What sellers ask to have changed in their campaigns, and what became of it."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Tx
from exchange.storage.jobs import add_job

OPEN = "open"


class WishRow(NamedTuple):
    """`state` is open, done or declined; `answer` is what the seller hears."""

    id: str
    campaign_id: str
    seller_id: str
    at: int
    asked_by: str
    text: str
    state: str = OPEN
    decided_at: int | None = None
    decided_by: str | None = None
    answer: str = ""


async def add_wish(tx: Tx, wish: WishRow, line: AuditLine) -> None:
    columns = ", ".join(WishRow._fields)
    values = ", ".join(f":{name}" for name in WishRow._fields)
    await tx.execute(f"INSERT INTO campaign_wishes ({columns}) VALUES ({values})", **wish._asdict())
    await record(tx, line)


async def decide_wish(
    tx: Tx, wish_id: str, state: str, answer: str, line: AuditLine, jobs: tuple[JobRow, ...] = ()
) -> bool:
    """False when somebody decided before."""
    done = await tx.execute(
        """UPDATE campaign_wishes SET state = :state, answer = :answer, decided_at = :at, decided_by = :by
           WHERE id = :id AND state = 'open'""",
        id=wish_id,
        state=state,
        answer=answer,
        at=line.at,
        by=line.actor.name,
    )
    if done:
        await record(tx, line)
        for job in jobs:
            await add_job(tx, job)
    return bool(done)


async def wishes_of(tx: Tx, actor: Actor, seller_id: str, limit: int = 50) -> list[WishRow]:
    """A seller's, newest first; nothing of another."""
    if actor.role is not Role.OPERATOR and not (actor.role is Role.SELLER and actor.party_id == seller_id):
        return []
    rows = await tx.fetch(
        "SELECT * FROM campaign_wishes WHERE seller_id = :seller ORDER BY at DESC, id DESC LIMIT :limit",
        seller=seller_id,
        limit=limit,
    )
    return [WishRow(*(row[name] for name in WishRow._fields)) for row in rows]


async def open_wishes(tx: Tx, actor: Actor, limit: int = 100) -> list[WishRow]:
    """Of all sellers, oldest first."""
    if actor.role is not Role.OPERATOR:
        return []
    rows = await tx.fetch(
        "SELECT * FROM campaign_wishes WHERE state = 'open' ORDER BY at, id LIMIT :limit", limit=limit
    )
    return [WishRow(*(row[name] for name in WishRow._fields)) for row in rows]
