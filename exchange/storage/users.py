"""Users and the links that let them in, which work once. Secrets are kept as SHA-256."""

from __future__ import annotations

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
    """Somebody who is signed in: since when, until when and how; `second` with a second factor. `rules` is the document
    of what the exchange asks of those who sign in."""

    user: UserRow
    csrf: str
    expires_at: int
    hash: bytes = field(default=b"", repr=False)
    made_at: int = 0
    seen_at: int = 0
    way: str = "link"
    second: bool = False
    rules: str = ""
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


async def find_user_by_id(tx: Tx, user_id: str) -> UserRow | None:
    rows = await tx.fetch(
        "SELECT id, email, role, party_id, duty FROM users WHERE id = :id AND state = 'active'", id=user_id
    )
    return user_of(rows[0]) if rows else None


async def add_login_link(tx: Tx, link_hash: bytes, user_id: str, expires_at: int, purpose: str = "sign_in") -> None:
    await tx.execute(
        "INSERT INTO login_links (hash, user_id, expires_at, purpose) VALUES (:hash, :user, :expires, :purpose)",
        hash=link_hash,
        user=user_id,
        expires=expires_at,
        purpose=purpose,
    )


async def find_login_link(tx: Tx, link_hash: bytes, purpose: str, now: int) -> UserRow | None:
    """Whose link it is, while it is good."""
    rows = await tx.fetch(
        """SELECT u.id, u.email, u.role, u.party_id, u.duty FROM login_links l JOIN users u ON u.id = l.user_id
           WHERE l.hash = :hash AND l.purpose = :purpose AND l.used_at IS NULL AND l.expires_at > :now
               AND u.state = 'active'""",
        hash=link_hash,
        purpose=purpose,
        now=now,
    )
    return user_of(rows[0]) if rows else None


async def use_login_link(tx: Tx, link_hash: bytes, purpose: str, now: int) -> UserRow | None:
    """Whose link it was; it works no more. None when it was used, ran out, never was, or its user is shut out."""
    rows = await tx.fetch(
        """UPDATE login_links SET used_at = :now
           WHERE hash = :hash AND purpose = :purpose AND used_at IS NULL AND expires_at > :now RETURNING user_id""",
        hash=link_hash,
        purpose=purpose,
        now=now,
    )
    return await find_user_by_id(tx, rows[0]["user_id"]) if rows else None


async def end_ways_in(tx: Tx, user_id: str, now: int) -> None:
    """End every session and every link of somebody who is shut out: neither lives again when they are let in again."""
    await tx.execute(
        "UPDATE sessions SET ended_at = :now WHERE user_id = :id AND ended_at IS NULL", id=user_id, now=now
    )
    await tx.execute(
        "UPDATE login_links SET used_at = :now WHERE user_id = :id AND used_at IS NULL", id=user_id, now=now
    )


def user_of(row: Row) -> UserRow:
    return UserRow(row["id"], row["email"], row["role"], row["party_id"], row["duty"])
