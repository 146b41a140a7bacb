"""The audit log: append only, sealed into its own chain."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.storage.chain import Chain
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed


class NotForYou(Exception):
    """Only those who run the exchange may read the audit log."""


async def record(tx: Tx, line: AuditLine) -> None:
    """Add a line in the unit of work it speaks of. The same id again is a `Conflict`."""
    await tx.execute_all(
        (
            """INSERT INTO audit_lines (id, month, at, actor, role, ip, action, subject, before_json, after_json)
               VALUES (:id, :month, :at, :actor, :role, :ip, :action, :subject, :before, :after)""",
            {
                "id": line.id,
                "month": line.month,
                "at": line.at,
                "actor": line.actor.name,
                "role": _role(line.actor),
                "ip": line.ip,
                "action": line.action,
                "subject": line.subject,
                "before": line.before,
                "after": line.after,
            },
        ),
        (
            "INSERT INTO unsealed (chain, at, row_id) VALUES (:chain, :at, :row)",
            {"chain": Chain.AUDIT.value, "at": line.at, "row": line.id},
        ),
    )


async def audit_of(tx: Tx, actor: Actor, subject: str, *, limit: int = 200) -> list[AuditLine]:
    """What was done to one thing, newest first."""
    require_insider(actor)
    rows = await tx.fetch(
        "SELECT * FROM audit_lines WHERE subject = :subject ORDER BY at DESC, id DESC LIMIT :limit",
        subject=subject,
        limit=limit,
    )
    return [line_of(row) for row in rows]


async def audit_about(tx: Tx, actor: Actor, subjects: Sequence[str], limit: int = 200) -> list[AuditLine]:
    """What was done to any of several things, newest first."""
    require_insider(actor)
    if not subjects:
        return []
    names, params = listed("subject", subjects)
    rows = await tx.fetch(
        f"SELECT * FROM audit_lines WHERE subject IN {names} ORDER BY at DESC, id DESC LIMIT :limit",
        limit=limit,
        **params,
    )
    return [line_of(row) for row in rows]


async def lines_named(tx: Tx, actor: Actor, actions: Sequence[str], since: int, limit: int) -> list[AuditLine]:
    """What was done under one of these names since then, newest first."""
    require_insider(actor)
    names, params = listed("action", actions)
    rows = await tx.fetch(
        f"""SELECT * FROM audit_lines WHERE at >= :since AND action IN {names}
            ORDER BY at DESC, id DESC LIMIT :limit""",
        since=since,
        limit=limit,
        **params,
    )
    return [line_of(row) for row in rows]


async def audit_between(
    tx: Tx, actor: Actor, since: int, until: int, *, before_id: str | None = None, limit: int = 200
) -> list[AuditLine]:
    """What was done with `since <= at < until`, newest first. The next page begins before the last line's (at, id):
    give its `at` as `until` with its id as `before_id`."""
    require_insider(actor)
    rows = await tx.fetch(
        """SELECT * FROM audit_lines WHERE at >= :since AND (at < :until OR (at = :until AND id < :before))
           ORDER BY at DESC, id DESC LIMIT :limit""",
        since=since,
        until=until,
        before=before_id or "",
        limit=limit,
    )
    return [line_of(row) for row in rows]


def require_insider(actor: Actor) -> None:
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        raise NotForYou(f"{actor.role.value} {actor.name} may not read the audit log")


def _role(actor: Actor) -> str:
    """`buyer:by_1`: which party somebody acted for is part of who it was."""
    return actor.role.value if actor.party_id is None else f"{actor.role.value}:{actor.party_id}"


def line_of(row: Row) -> AuditLine:
    role, _, party_id = row["role"].partition(":")
    actor = Actor(Role(role), row["actor"], party_id or None)
    return AuditLine(
        row["id"],
        row["at"],
        row["month"],
        actor,
        row["ip"],
        row["action"],
        row["subject"],
        row["before_json"],
        row["after_json"],
    )
