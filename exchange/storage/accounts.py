"""What somebody signs in with: a password's hash, a second factor, what the company's sign-on calls them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from exchange.model.audit import AuditLine
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.sessions import end_sessions
from exchange.storage.users import UserRow, user_of

_COLUMNS = """u.id, u.email, u.role, u.party_id, u.duty, u.password, u.password_at, u.totp, u.totp_step, u.sign_on,
    (SELECT COUNT(*) FROM passkeys p WHERE p.user_id = u.id) AS passkeys,
    (SELECT COUNT(*) FROM recovery_codes c WHERE c.user_id = u.id AND c.used_at IS NULL) AS codes"""


@dataclass(frozen=True, slots=True)
class Account:
    """`totp` is sealed; None: no authenticator app. `codes` are recovery codes that are left."""

    user: UserRow
    password: str = field(repr=False)
    password_at: int | None
    totp: bytes | None = field(repr=False)
    totp_step: int
    passkeys: int
    codes: int
    sign_on: str | None

    @property
    def second(self) -> bool:
        """Whether a password alone does not let them in."""
        return self.totp is not None or self.passkeys > 0


async def find_account(tx: Tx, email: str) -> Account | None:
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM users u WHERE u.email = :email AND u.state = 'active'", email=email.lower()
    )
    return _account(rows[0]) if rows else None


async def read_account(tx: Tx, user_id: str) -> Account | None:
    rows = await tx.fetch(f"SELECT {_COLUMNS} FROM users u WHERE u.id = :id AND u.state = 'active'", id=user_id)
    return _account(rows[0]) if rows else None


async def find_by_sign_on(tx: Tx, name: str) -> Account | None:
    rows = await tx.fetch(f"SELECT {_COLUMNS} FROM users u WHERE u.sign_on = :name AND u.state = 'active'", name=name)
    return _account(rows[0]) if rows else None


async def bind_sign_on(tx: Tx, user_id: str, name: str, line: AuditLine) -> bool:
    """From now on the provider's name for somebody finds them. False when they have another one already."""
    bound = await tx.execute(
        "UPDATE users SET sign_on = :name WHERE id = :id AND sign_on IS NULL", id=user_id, name=name
    )
    if bound:
        await record(tx, line)
    return bound == 1


async def set_password(
    tx: Tx, user_id: str, password: str, keep: bytes, line: AuditLine, jobs: Sequence[JobRow]
) -> None:
    """Another password: every other session of theirs ends, and every link that was not used is worth nothing."""
    await tx.execute(
        "UPDATE users SET password = :password, password_at = :now WHERE id = :id",
        id=user_id,
        password=password,
        now=line.at,
    )
    await tx.execute(
        "UPDATE login_links SET used_at = :now WHERE user_id = :id AND used_at IS NULL", id=user_id, now=line.at
    )
    await end_sessions(tx, user_id, keep, line.at)
    await record(tx, line)
    for each in jobs:
        await add_job(tx, each)


async def refresh_hash(tx: Tx, user_id: str, before: str, password: str) -> None:
    """The same password, hashed as it is done now."""
    await tx.execute(
        "UPDATE users SET password = :password WHERE id = :id AND password = :before",
        id=user_id,
        before=before,
        password=password,
    )


def _account(row: Row) -> Account:
    totp = row["totp"]
    return Account(
        user_of(row),
        row["password"],
        row["password_at"],
        bytes(totp) if totp is not None else None,
        row["totp_step"],
        row["passkeys"],
        row["codes"],
        row["sign_on"],
    )
