"""Second factors: the seed of an authenticator app, codes for whoever lost it, passkeys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.sessions import give_second


class PasskeyRow(NamedTuple):
    """`uses` is the device's own counter; some stay at 0."""

    id: str
    user_id: str
    credential: bytes
    public_key: bytes
    uses: int
    name: str
    made_at: int


async def set_totp(
    tx: Tx, user_id: str, sealed: bytes, step: int, codes: Sequence[bytes], session: bytes, line: AuditLine
) -> None:
    """Turn it on: the session in which it was proved counts as one with a second factor."""
    await tx.execute(
        "UPDATE users SET totp = :sealed, totp_step = :step WHERE id = :id", id=user_id, sealed=sealed, step=step
    )
    await set_codes(tx, user_id, codes, line)
    await give_second(tx, session)


async def set_codes(tx: Tx, user_id: str, codes: Sequence[bytes], line: AuditLine) -> None:
    """New recovery codes; those before are worth nothing."""
    await tx.execute("DELETE FROM recovery_codes WHERE user_id = :id", id=user_id)
    for code in codes:
        await tx.execute(
            "INSERT INTO recovery_codes (user_id, hash, made_at) VALUES (:id, :hash, :now)",
            id=user_id,
            hash=code,
            now=line.at,
        )
    await record(tx, line)


async def take_step(tx: Tx, user_id: str, step: int) -> bool:
    """Use up a step's code. False when it, or a later one's, was used."""
    taken = await tx.execute(
        "UPDATE users SET totp_step = :step WHERE id = :id AND totp_step < :step", id=user_id, step=step
    )
    return taken == 1


async def take_code(tx: Tx, user_id: str, code: bytes, line: AuditLine) -> bool:
    """Use up a recovery code. False when there is none like it."""
    taken = await tx.execute(
        "UPDATE recovery_codes SET used_at = :now WHERE user_id = :id AND hash = :code AND used_at IS NULL",
        id=user_id,
        code=code,
        now=line.at,
    )
    if taken:
        await record(tx, line)
    return taken == 1


async def clear_second(
    tx: Tx, user_id: str, line: AuditLine, jobs: Sequence[JobRow], *, passkeys: bool = False
) -> None:
    """Turn the authenticator app off, with its recovery codes; and passkeys too, for whoever lost everything."""
    await tx.execute("UPDATE users SET totp = NULL WHERE id = :id", id=user_id)
    await tx.execute("DELETE FROM recovery_codes WHERE user_id = :id", id=user_id)
    if passkeys:
        await tx.execute("DELETE FROM passkeys WHERE user_id = :id", id=user_id)
    await record(tx, line)
    for each in jobs:
        await add_job(tx, each)


async def add_passkey(
    tx: Tx, row: PasskeyRow, most: int, session: bytes, line: AuditLine, jobs: Sequence[JobRow]
) -> bool:
    """False when it is here already, or its user has as many as may be."""
    counted = await tx.fetch("SELECT COUNT(*) AS n FROM passkeys WHERE user_id = :user", user=row.user_id)
    if counted[0]["n"] >= most:
        return False
    added = await tx.execute(
        """INSERT INTO passkeys (id, user_id, credential, public_key, uses, name, made_at)
           VALUES (:id, :user_id, :credential, :public_key, :uses, :name, :made_at)
           ON CONFLICT (credential) DO NOTHING""",
        **row._asdict(),
    )
    if not added:
        return False
    await give_second(tx, session)
    await record(tx, line)
    for each in jobs:
        await add_job(tx, each)
    return True


async def passkeys_of(tx: Tx, user_id: str) -> list[Row]:
    return await tx.fetch(
        "SELECT id, credential, name, made_at, used_at FROM passkeys WHERE user_id = :user ORDER BY made_at, id",
        user=user_id,
    )


async def find_passkey(tx: Tx, credential: bytes) -> PasskeyRow | None:
    rows = await tx.fetch(
        """SELECT p.id, p.user_id, p.credential, p.public_key, p.uses, p.name, p.made_at
           FROM passkeys p JOIN users u ON u.id = p.user_id
           WHERE p.credential = :credential AND u.state = 'active'""",
        credential=credential,
    )
    if not rows:
        return None
    row = rows[0]
    return PasskeyRow(
        row["id"],
        row["user_id"],
        bytes(row["credential"]),
        bytes(row["public_key"]),
        row["uses"],
        row["name"],
        row["made_at"],
    )


async def use_passkey(tx: Tx, passkey_id: str, before: int, uses: int, now: int) -> bool:
    """Note that it was used. False when its counter moved meanwhile: then somebody else has it too."""
    moved = await tx.execute(
        "UPDATE passkeys SET uses = :uses, used_at = :now WHERE id = :id AND uses = :before",
        id=passkey_id,
        before=before,
        uses=uses,
        now=now,
    )
    return moved == 1


async def remove_passkey(tx: Tx, user_id: str, passkey_id: str, line: AuditLine, jobs: Sequence[JobRow]) -> bool:
    """The jobs are for when it was the last second factor."""
    removed = await tx.execute("DELETE FROM passkeys WHERE id = :id AND user_id = :user", id=passkey_id, user=user_id)
    if not removed:
        return False
    await record(tx, line)
    left = await tx.fetch(
        """SELECT (SELECT COUNT(*) FROM passkeys p WHERE p.user_id = u.id) AS n, u.totp
           FROM users u WHERE u.id = :id""",
        id=user_id,
    )
    if left and not left[0]["n"] and left[0]["totp"] is None:
        for each in jobs:
            await add_job(tx, each)
    return True
