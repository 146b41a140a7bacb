"""Saved searches that are told by mail: which have news, up to when they were told, and who wants no such mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.actor import Actor
from exchange.model.work import JobRow
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_jobs
from exchange.storage.users import UserRow

SEARCHES = "searches"
"""The kind of mail that tells what saved searches found."""


class Told(NamedTuple):
    """A search, up to when it was told before, and up to when it is told now: times of listing, exclusive and not."""

    search_id: str
    since: int | None
    until: int


async def with_news(tx: Tx, hour_ago: int, day_ago: int) -> list[Row]:
    """Searches that found something nobody was mailed about, by buyer. A buyer that was mailed within the hour waits,
    a search that is told daily waits for its day.
    """
    return await tx.fetch(
        """SELECT * FROM saved_searches WHERE mail <> 'never' AND found_at > COALESCE(told_until, 0)
               AND (mail <> 'daily' OR mailed_at IS NULL OR mailed_at <= :day_ago)
               AND NOT EXISTS (SELECT 1 FROM saved_searches other WHERE other.buyer_id = saved_searches.buyer_id
                   AND other.mailed_at > :hour_ago)
           ORDER BY buyer_id, id LIMIT 1000""",
        hour_ago=hour_ago,
        day_ago=day_ago,
    )


async def note_mailed(tx: Tx, told: Sequence[Told], now: int, jobs: Sequence[JobRow]) -> bool:
    """These searches are told by these jobs. False when another node was faster."""
    for each in told:
        changed = await tx.execute(
            """UPDATE saved_searches SET mailed_at = :now, told_until = :until
               WHERE id = :id AND COALESCE(told_until, 0) = :since""",
            id=each.search_id,
            now=now,
            until=each.until,
            since=each.since or 0,
        )
        if not changed and each is told[0]:
            return False
    await add_jobs(tx, jobs)
    return True


async def read_search(tx: Tx, search_id: str) -> Row | None:
    rows = await tx.fetch("SELECT * FROM saved_searches WHERE id = :id", id=search_id)
    return rows[0] if rows else None


async def set_mail(tx: Tx, actor: Actor, search_id: str, mail: str) -> bool:
    """How often it is mailed. False when the buyer has no such search."""
    return bool(
        await tx.execute(
            "UPDATE saved_searches SET mail = :mail WHERE id = :id AND buyer_id = :buyer",
            mail=mail,
            id=search_id,
            buyer=actor.party_id,
        )
    )


async def readers_of(tx: Tx, buyer_id: str, kind: str) -> list[UserRow]:
    """Admins of a buyer who want mail of this kind: its agents and its finance may not open the store."""
    rows = await tx.fetch(
        """SELECT id, email, role, party_id FROM users WHERE role = 'buyer' AND party_id = :buyer AND state = 'active'
               AND duty IN ('', 'admin')
               AND NOT EXISTS (SELECT 1 FROM mail_stops WHERE mail_stops.user_id = users.id AND kind = :kind)
           ORDER BY email LIMIT 50""",
        buyer=buyer_id,
        kind=kind,
    )
    return [UserRow(row["id"], row["email"], row["role"], row["party_id"]) for row in rows]


async def stop_mail(tx: Tx, user_id: str, kind: str, now: int) -> None:
    await tx.execute(
        "INSERT INTO mail_stops (user_id, kind, at) VALUES (:user, :kind, :now) ON CONFLICT (user_id, kind) DO NOTHING",
        user=user_id,
        kind=kind,
        now=now,
    )


async def resume_mail(tx: Tx, user_id: str, kind: str) -> None:
    await tx.execute("DELETE FROM mail_stops WHERE user_id = :user AND kind = :kind", user=user_id, kind=kind)


async def mail_stopped(tx: Tx, user_id: str, kind: str) -> bool:
    return bool(
        await tx.fetch("SELECT 1 FROM mail_stops WHERE user_id = :user AND kind = :kind", user=user_id, kind=kind)
    )
