"""The people of one seller or buyer. Nobody of another party is found."""

from __future__ import annotations

from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.follow import set_agent_state
from exchange.storage.users import UserRow, end_ways_in, user_of


async def members_of(tx: Tx, role: str, party_id: str) -> list[Row]:
    """By email, with when each signed in last (`seen_at`) and what it has as a second factor."""
    return await tx.fetch(
        """SELECT u.id, u.email, u.state, u.duty, u.made_at, CASE WHEN u.totp IS NULL THEN 0 ELSE 1 END AS has_app,
               (SELECT COUNT(*) FROM passkeys p WHERE p.user_id = u.id) AS passkeys,
               (SELECT MAX(s.made_at) FROM sessions s WHERE s.user_id = u.id) AS seen_at
           FROM users u WHERE u.role = :role AND u.party_id = :party ORDER BY u.state, u.email LIMIT 500""",
        role=role,
        party=party_id,
    )


async def find_member(tx: Tx, role: str, party_id: str, user_id: str, state: str) -> UserRow | None:
    rows = await tx.fetch(
        """SELECT id, email, role, party_id, duty FROM users
           WHERE id = :id AND role = :role AND party_id = :party AND state = :state""",
        id=user_id,
        role=role,
        party=party_id,
        state=state,
    )
    return user_of(rows[0]) if rows else None


_ADMINS = "role = :role AND party_id = :party AND state = 'active' AND duty IN ('', 'admin')"


class NoAdmin(Exception):
    """The change would leave a seller or a buyer without an admin; it is undone."""


async def set_own_member_state(tx: Tx, user: UserRow, state: str, line: AuditLine) -> None:
    """The same by one of their own. Raises `NoAdmin`.

    The admins are locked first: of two who shut each other out, one fails.
    """
    party = {"role": user.role, "party": user.party_id}
    await tx.fetch(f"SELECT id FROM users WHERE {_ADMINS} ORDER BY id {tx.for_update}", **party)
    await set_member_state(tx, user.id, state, line)
    if not await tx.fetch(f"SELECT id FROM users WHERE {_ADMINS} LIMIT 1", **party):
        raise NoAdmin(user.id)


async def set_member_state(tx: Tx, user_id: str, state: str, line: AuditLine) -> None:
    """Of a buyer's agent the leads follow: who is shut out gets none, and its open ones wait for others."""
    await set_agent_state(tx, user_id, "active" if state == "active" else "left", line.at)
    await tx.execute("UPDATE users SET state = :state WHERE id = :id", id=user_id, state=state)
    if state != "active":
        await end_ways_in(tx, user_id, line.at)
    await record(tx, line)
