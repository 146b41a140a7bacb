"""Sessions: one for each time that somebody signed in. A session's secret is kept as SHA-256."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from exchange.limits import SESSIONS_SHOWN
from exchange.model.audit import AuditLine
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.users import Session, user_of


class NewSession(NamedTuple):
    """`known` are the hashes of what the browser kept of an earlier sign-in and what it keeps of this one; `replaced`
    is the session it had."""

    hash: bytes
    user_id: str
    csrf: str
    made_at: int
    expires_at: int
    ip: str
    browser: str
    way: str
    second: bool
    known_before: bytes
    known_now: bytes
    replaced: bytes | None


async def begin_session(tx: Tx, new: NewSession, line: AuditLine, if_new_place: Sequence[JobRow]) -> None:
    """Let somebody in. The jobs are those of a sign-in with a browser that is not known, when others are."""
    if new.replaced is not None:
        await end_session(tx, new.replaced, new.made_at)
    await tx.execute(
        """INSERT INTO sessions (hash, user_id, csrf, made_at, expires_at, ip, browser, way, second, seen_at)
           VALUES (:hash, :user, :csrf, :made, :expires, :ip, :browser, :way, :second, :made)""",
        hash=new.hash,
        user=new.user_id,
        csrf=new.csrf,
        made=new.made_at,
        expires=new.expires_at,
        ip=new.ip,
        browser=new.browser,
        way=new.way,
        second=int(new.second),
    )
    for each in if_new_place if await _is_new_place(tx, new) else ():
        await add_job(tx, each)
    await record(tx, line)


async def _is_new_place(tx: Tx, new: NewSession) -> bool:
    """Whether other browsers are known, but not this. It is from now on, by what it was given now."""
    known = await tx.fetch("SELECT hash FROM known_browsers WHERE user_id = :user", user=new.user_id)
    before = {bytes(row["hash"]) for row in known}
    await tx.execute(
        "DELETE FROM known_browsers WHERE user_id = :user AND hash = :hash", user=new.user_id, hash=new.known_before
    )
    await tx.execute(
        """INSERT INTO known_browsers (user_id, hash, made_at, seen_at) VALUES (:user, :hash, :now, :now)
           ON CONFLICT (user_id, hash) DO NOTHING""",
        user=new.user_id,
        hash=new.known_now,
        now=new.made_at,
    )
    return bool(before) and new.known_before not in before


async def find_session(tx: Tx, session_hash: bytes, now: int) -> Session | None:
    rows = await tx.fetch(
        """SELECT u.id, u.email, u.role, u.party_id, u.duty, u.preferences, s.hash, s.csrf, s.expires_at, s.made_at,
               s.seen_at, s.way, s.second, (SELECT document FROM security_rules WHERE security_rules.id = 1) AS rules
           FROM sessions s JOIN users u ON u.id = s.user_id
           WHERE s.hash = :hash AND s.ended_at IS NULL AND s.expires_at > :now AND u.state = 'active'""",
        hash=session_hash,
        now=now,
    )
    if not rows:
        return None
    row = rows[0]
    return Session(
        user_of(row),
        row["csrf"],
        row["expires_at"],
        bytes(row["hash"]),
        row["made_at"],
        row["seen_at"],
        row["way"],
        bool(row["second"]),
        row["rules"] or "",
        json.loads(row["preferences"]),
    )


async def end_session(tx: Tx, session_hash: bytes, now: int) -> None:
    await tx.execute(
        "UPDATE sessions SET ended_at = :now WHERE hash = :hash AND ended_at IS NULL", hash=session_hash, now=now
    )


async def sessions_of(tx: Tx, user_id: str, now: int) -> list[Row]:
    """Where somebody is signed in, last seen first."""
    return await tx.fetch(
        """SELECT hash, made_at, expires_at, ip, browser, way, second, seen_at FROM sessions
           WHERE user_id = :user AND ended_at IS NULL AND expires_at > :now
           ORDER BY seen_at DESC, made_at DESC LIMIT :most""",
        user=user_id,
        now=now,
        most=SESSIONS_SHOWN,
    )


async def end_sessions(tx: Tx, user_id: str, keep: bytes, now: int) -> int:
    """Sign somebody out everywhere but in one session. How many ended."""
    return await tx.execute(
        """UPDATE sessions SET ended_at = :now
           WHERE user_id = :user AND hash <> :keep AND ended_at IS NULL AND expires_at > :now""",
        user=user_id,
        keep=keep,
        now=now,
    )


async def end_others(tx: Tx, user_id: str, keep: bytes, line: AuditLine) -> int:
    ended = await end_sessions(tx, user_id, keep, line.at)
    await record(tx, line)
    return ended


async def end_one(tx: Tx, user_id: str, session_hash: bytes, line: AuditLine) -> bool:
    """False when it is none of this user's that runs."""
    ended = await tx.execute(
        "UPDATE sessions SET ended_at = :now WHERE hash = :hash AND user_id = :user AND ended_at IS NULL",
        hash=session_hash,
        user=user_id,
        now=line.at,
    )
    if ended:
        await record(tx, line)
    return ended == 1


async def touch_session(tx: Tx, session_hash: bytes, ip: str, now: int) -> None:
    await tx.execute(
        "UPDATE sessions SET seen_at = :now, ip = :ip WHERE hash = :hash", hash=session_hash, ip=ip, now=now
    )


async def give_second(tx: Tx, session_hash: bytes) -> None:
    """A second factor was proved in this session."""
    await tx.execute("UPDATE sessions SET second = 1 WHERE hash = :hash", hash=session_hash)
