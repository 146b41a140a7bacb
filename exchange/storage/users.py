"""Users, one-time login links and sessions. Secrets are kept as SHA-256; a link works once, a session until it ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx


@dataclass(frozen=True, slots=True)
class UserRow:
    """`role` is operator, seller or buyer; `party_id` the seller or buyer they belong to.

    `duty` is what they do there. Of the exchange: owner (or empty), admin, operator, finance, quality or analyst; of a
    buyer: admin (or empty), agent or finance.
    """

    id: str
    email: str
    role: str
    party_id: str | None
    duty: str = ""

    @property
    def actor(self) -> Actor:
        return Actor(Role(self.role), self.email, self.party_id, self.duty)


@dataclass(frozen=True, slots=True)
class Session:
    user: UserRow
    csrf: str
    expires_at: int
    preferences: Mapping[str, str] = field(default_factory=dict)


async def add_user(tx: Tx, user: UserRow, now: int) -> bool:
    """False when somebody has this address already."""
    rows = await tx.fetch(
        """INSERT INTO users (id, email, role, party_id, duty, state, made_at)
           VALUES (:id, :email, :role, :party, :duty, 'active', :now) ON CONFLICT (email) DO NOTHING RETURNING id""",
        id=user.id,
        email=user.email.lower(),
        role=user.role,
        party=user.party_id,
        duty=user.duty,
        now=now,
    )
    return bool(rows)


async def find_user(tx: Tx, email: str) -> UserRow | None:
    rows = await tx.fetch(
        "SELECT id, email, role, party_id, duty FROM users WHERE email = :email AND state = 'active'",
        email=email.lower(),
    )
    return user_of(rows[0]) if rows else None


async def add_login_link(tx: Tx, link_hash: bytes, user_id: str, expires_at: int) -> None:
    await tx.execute(
        "INSERT INTO login_links (hash, user_id, expires_at) VALUES (:hash, :user, :expires)",
        hash=link_hash,
        user=user_id,
        expires=expires_at,
    )


async def use_login_link(tx: Tx, link_hash: bytes, session_hash: bytes, csrf: str, now: int, until: int) -> bool:
    """Turn a link into a session, once. False when it was used, ran out, or never was."""
    rows = await tx.fetch(
        """UPDATE login_links SET used_at = :now
           WHERE hash = :hash AND used_at IS NULL AND expires_at > :now RETURNING user_id""",
        hash=link_hash,
        now=now,
    )
    if not rows:
        return False
    await tx.execute(
        """INSERT INTO sessions (hash, user_id, csrf, made_at, expires_at)
           VALUES (:hash, :user, :csrf, :now, :until)""",
        hash=session_hash,
        user=rows[0]["user_id"],
        csrf=csrf,
        now=now,
        until=until,
    )
    return True


async def find_session(tx: Tx, session_hash: bytes, now: int) -> Session | None:
    rows = await tx.fetch(
        """SELECT u.id, u.email, u.role, u.party_id, u.duty, u.preferences, s.csrf, s.expires_at FROM sessions s
           JOIN users u ON u.id = s.user_id
           WHERE s.hash = :hash AND s.ended_at IS NULL AND s.expires_at > :now AND u.state = 'active'""",
        hash=session_hash,
        now=now,
    )
    if not rows:
        return None
    row = rows[0]
    return Session(user_of(row), row["csrf"], row["expires_at"], json.loads(row["preferences"]))


async def end_session(tx: Tx, session_hash: bytes, now: int) -> None:
    await tx.execute("UPDATE sessions SET ended_at = :now WHERE hash = :hash", hash=session_hash, now=now)


def user_of(row: Row) -> UserRow:
    return UserRow(row["id"], row["email"], row["role"], row["party_id"], row["duty"])
