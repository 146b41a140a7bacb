"""Notices: told once each, one line in an inbox for what they are about, and their sends by other ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.work import JobRow
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_jobs

WAITING, DIGEST, SENT, FAILED, DROPPED = "waiting", "digest", "sent", "failed", "dropped"


class NoticeRow(NamedTuple):
    id: str
    event: str
    group_key: str
    at: int
    role: str
    party_id: str
    title: str
    body: str
    path: str


class NewSend(NamedTuple):
    """A notice to somebody by a way; `state` is waiting or digest."""

    target: str
    channel: str
    state: str


async def add_notice(
    tx: Tx, notice: NoticeRow, readers: Sequence[str], sends: Sequence[NewSend], jobs: Sequence[JobRow]
) -> bool:
    """Tell of it. False when it was told before: then nothing is added."""
    fresh = await tx.execute(
        """INSERT INTO notices (id, event, group_key, at, role, party_id, title, body, path)
           VALUES (:id, :event, :group_key, :at, :role, :party_id, :title, :body, :path) ON CONFLICT (id) DO NOTHING""",
        **notice._asdict(),
    )
    if not fresh:
        return False
    for reader in readers:
        await tx.execute(
            """INSERT INTO notice_inbox (user_id, group_key, notice_id, at, read_at)
               VALUES (:user, :group, :id, :at, NULL)
               ON CONFLICT (user_id, group_key) DO UPDATE SET notice_id = :id, at = :at, read_at = NULL""",
            user=reader,
            group=notice.group_key,
            id=notice.id,
            at=notice.at,
        )
    for send in sends:
        await tx.execute(
            """INSERT INTO notice_sends (notice_id, target, channel, group_key, state, made_at, sent_at, error)
               VALUES (:id, :target, :channel, :group, :state, :at, NULL, '')
               ON CONFLICT (notice_id, target, channel) DO NOTHING""",
            id=notice.id,
            target=send.target,
            channel=send.channel,
            group=notice.group_key,
            state=send.state,
            at=notice.at,
        )
    await add_jobs(tx, jobs)
    return True


async def read_send(tx: Tx, notice_id: str, target: str, channel: str) -> Row | None:
    """The send with its notice, and when a message of its group went to the same place last (`last_at`)."""
    rows = await tx.fetch(
        """SELECT n.*, s.state, s.group_key, (SELECT MAX(o.sent_at) FROM notice_sends o WHERE o.target = s.target
               AND o.channel = s.channel AND o.group_key = s.group_key AND o.sent_at IS NOT NULL) AS last_at
           FROM notice_sends s JOIN notices n ON n.id = s.notice_id
           WHERE s.notice_id = :id AND s.target = :target AND s.channel = :channel""",
        id=notice_id,
        target=target,
        channel=channel,
    )
    return rows[0] if rows else None


async def waiting_of(tx: Tx, target: str, channel: str, group: str) -> list[Row]:
    """What waits for the same place about the same, the oldest first."""
    return await tx.fetch(
        """SELECT n.* FROM notice_sends s JOIN notices n ON n.id = s.notice_id
           WHERE s.target = :target AND s.channel = :channel AND s.group_key = :group AND s.state = 'waiting'
           ORDER BY n.at, n.id LIMIT 50""",
        target=target,
        channel=channel,
        group=group,
    )


async def digest_of(tx: Tx, user_id: str, until: int) -> list[Row]:
    """What waits for somebody's daily mail, the oldest first."""
    return await tx.fetch(
        """SELECT n.* FROM notice_sends s JOIN notices n ON n.id = s.notice_id
           WHERE s.target = :user AND s.state = 'digest' AND s.made_at <= :until ORDER BY n.at, n.id LIMIT 500""",
        user=user_id,
        until=until,
    )


async def end_sends(tx: Tx, ids: Sequence[str], target: str, channel: str, state: str, at: int, error: str) -> None:
    """They went in one message, or never will."""
    for notice_id in ids:
        await tx.execute(
            """UPDATE notice_sends SET state = :state, error = :error,
                   sent_at = CASE WHEN :state = 'sent' THEN :at ELSE sent_at END
               WHERE notice_id = :id AND target = :target AND channel = :channel AND state IN ('waiting', 'digest')""",
            id=notice_id,
            target=target,
            channel=channel,
            state=state,
            at=at,
            error=error[:300],
        )


async def drop_sends(tx: Tx, group: str) -> int:
    """What waits about this is not sent any more."""
    return await tx.execute(
        "UPDATE notice_sends SET state = 'dropped' WHERE group_key = :group AND state = 'waiting'", group=group
    )


async def inbox_of(tx: Tx, user_id: str, limit: int) -> list[Row]:
    """The newest first: each with its notice, and `read_at`."""
    return await tx.fetch(
        """SELECT n.*, i.read_at, i.at AS told_at FROM notice_inbox i JOIN notices n ON n.id = i.notice_id
           WHERE i.user_id = :user ORDER BY i.at DESC, n.id DESC LIMIT :limit""",
        user=user_id,
        limit=limit,
    )


async def count_unread(tx: Tx, user_id: str) -> int:
    rows = await tx.fetch(
        "SELECT COUNT(*) AS n FROM notice_inbox WHERE user_id = :user AND read_at IS NULL", user=user_id
    )
    return int(rows[0]["n"])


async def mark_read(tx: Tx, user_id: str, notice_id: str, now: int) -> str | None:
    """Where it leads; with an empty id all are read. None when it is not in this inbox."""
    if not notice_id:
        await tx.execute(
            "UPDATE notice_inbox SET read_at = :now WHERE user_id = :user AND read_at IS NULL", user=user_id, now=now
        )
        return ""
    rows = await tx.fetch(
        """SELECT n.path FROM notice_inbox i JOIN notices n ON n.id = i.notice_id
           WHERE i.user_id = :user AND i.notice_id = :id""",
        user=user_id,
        id=notice_id,
    )
    if rows:
        await tx.execute(
            "UPDATE notice_inbox SET read_at = COALESCE(read_at, :now) WHERE user_id = :user AND notice_id = :id",
            user=user_id,
            id=notice_id,
            now=now,
        )
    return rows[0]["path"] if rows else None


async def forget_notices(tx: Tx, before: int) -> int:
    await tx.execute("DELETE FROM notice_inbox WHERE at < :before", before=before)
    await tx.execute(
        "DELETE FROM notice_sends WHERE notice_id IN (SELECT id FROM notices WHERE at < :before)", before=before
    )
    return await tx.execute("DELETE FROM notices WHERE at < :before", before=before)
