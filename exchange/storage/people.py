"""The people of the exchange, and what becomes of them. One of them is always an owner."""

from __future__ import annotations

from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Tx
from exchange.storage.users import UserRow, end_ways_in, user_of

_OWNERS = "role = 'operator' AND state = 'active' AND duty IN ('', 'owner')"


async def find_person(tx: Tx, user_id: str, active: bool) -> UserRow | None:
    rows = await tx.fetch(
        """SELECT id, email, role, party_id, duty FROM users
           WHERE id = :id AND role = 'operator' AND state = :state""",
        id=user_id,
        state="active" if active else "disabled",
    )
    return user_of(rows[0]) if rows else None


async def find_anybody(tx: Tx, user_id: str, active: bool) -> UserRow | None:
    """Whoever they are: of the exchange, a seller or a buyer."""
    rows = await tx.fetch(
        "SELECT id, email, role, party_id, duty FROM users WHERE id = :id AND state = :state",
        id=user_id,
        state="active" if active else "disabled",
    )
    return user_of(rows[0]) if rows else None


class NoOwner(Exception):
    """The change would leave the exchange without an owner; it is undone."""


async def change_person(tx: Tx, user_id: str, duty: str, active: bool, line: AuditLine) -> None:
    """Give somebody a role and a state. Raises `NoOwner`.

    The owners are locked first: of two who take the role from each other, one fails.
    """
    await tx.fetch(f"SELECT id FROM users WHERE {_OWNERS} ORDER BY id {tx.for_update}")
    await tx.execute(
        "UPDATE users SET duty = :duty, state = :state WHERE id = :id",
        id=user_id,
        duty=duty,
        state="active" if active else "disabled",
    )
    if not active:
        await end_ways_in(tx, user_id, line.at)
    left = await tx.fetch(f"SELECT COUNT(*) AS owners FROM users WHERE {_OWNERS}")
    if not left[0]["owners"]:
        raise NoOwner(user_id)
    await record(tx, line)


async def guardians_of(tx: Tx, role: str, party_id: str | None) -> list[str]:
    """Who is told what happens to accounts: the owners of the exchange, or the admins of a party."""
    rows = await tx.fetch(
        """SELECT email FROM users WHERE role = :role AND COALESCE(party_id, '') = :party AND state = 'active'
               AND duty IN ('', :duty) ORDER BY email LIMIT 50""",
        role=role,
        party=party_id or "",
        duty="owner" if role == "operator" else "admin",
    )
    return [row["email"] for row in rows]
