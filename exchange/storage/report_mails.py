"""Saved reports that are mailed: to whom, how often, and when next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.work import JobRow
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_jobs
from exchange.storage.preferences import SavedView, scope_of
from exchange.storage.users import UserRow

REPORTS = "reports"
"""The kind of mail that brings saved reports."""


class MailRow(NamedTuple):
    """`every` is daily, weekly or monthly, at an hour of the exchange's zone; next at `next_at`."""

    id: str
    view_id: str
    user_id: str
    every: str
    hour: int
    next_at: int
    mailed_at: int | None
    made_at: int
    made_by: str


async def schedule(tx: Tx, row: MailRow) -> None:
    """One row for each report and reader: the last word counts."""
    await tx.execute(
        """INSERT INTO report_mails (id, view_id, user_id, every, hour, next_at, mailed_at, made_at, made_by)
           VALUES (:id, :view_id, :user_id, :every, :hour, :next_at, :mailed_at, :made_at, :made_by)
           ON CONFLICT (view_id, user_id) DO UPDATE SET every = :every, hour = :hour, next_at = :next_at,
               made_at = :made_at, made_by = :made_by""",
        **row._asdict(),
    )


async def unschedule(tx: Tx, view_id: str, user_id: str) -> bool:
    gone = await tx.execute(
        "DELETE FROM report_mails WHERE view_id = :view AND user_id = :user", view=view_id, user=user_id
    )
    return bool(gone)


async def mails_to(tx: Tx, user_id: str) -> dict[str, MailRow]:
    """What somebody gets, by the id of the report."""
    rows = await tx.fetch("SELECT * FROM report_mails WHERE user_id = :user", user=user_id)
    return {row["view_id"]: _mail(row) for row in rows}


async def mails_due(tx: Tx, now: int, most: int = 200) -> list[MailRow]:
    rows = await tx.fetch(
        "SELECT * FROM report_mails WHERE next_at <= :now ORDER BY next_at, id LIMIT :most", now=now, most=most
    )
    return [_mail(row) for row in rows]


async def plan(tx: Tx, row: MailRow, next_at: int, jobs: Sequence[JobRow]) -> bool:
    """Queue the mail of this time and set the next one. False when another node was faster."""
    moved = await tx.execute(
        "UPDATE report_mails SET next_at = :next WHERE id = :id AND next_at = :was",
        next=next_at,
        id=row.id,
        was=row.next_at,
    )
    if moved:
        await add_jobs(tx, jobs)
    return bool(moved)


async def note_mailed(tx: Tx, mail_id: str, now: int) -> None:
    await tx.execute("UPDATE report_mails SET mailed_at = :now WHERE id = :id", now=now, id=mail_id)


async def read_mail(tx: Tx, mail_id: str) -> MailRow | None:
    rows = await tx.fetch("SELECT * FROM report_mails WHERE id = :id", id=mail_id)
    return _mail(rows[0]) if rows else None


async def read_report(tx: Tx, user: UserRow, view_id: str, name: str) -> SavedView | None:
    """A saved report of this list that somebody made, or may use because it is shared."""
    rows = await tx.fetch(
        """SELECT id, user_id, name, query, shared FROM saved_views WHERE id = :id AND list = :list AND scope = :scope
               AND (user_id = :user OR shared = 1)""",
        id=view_id,
        list=name,
        scope=scope_of(user.actor),
        user=user.id,
    )
    return (
        SavedView(
            rows[0]["id"], rows[0]["name"], rows[0]["query"], bool(rows[0]["shared"]), rows[0]["user_id"] == user.id
        )
        if rows
        else None
    )


async def reports_by_name(tx: Tx, name: str) -> list[Row]:
    """Saved reports of everybody of the exchange: `name`, `query`, `shared`, `email`, for the command line."""
    return await tx.fetch(
        """SELECT v.id, v.name, v.query, v.shared, u.email FROM saved_views v JOIN users u ON u.id = v.user_id
           WHERE v.list = :list ORDER BY v.name, v.id""",
        list=name,
    )


def _mail(row: Row) -> MailRow:
    return MailRow(*(row[name] for name in MailRow._fields))
