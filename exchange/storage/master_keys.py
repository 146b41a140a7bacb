"""Which master key seals what comes, and sealing anew what older ones sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.touch import touch_market


class Place(NamedTuple):
    """A column whose values a master key sealed: its table, and what tells the table's rows apart (SQL, text)."""

    table: str
    column: str
    key: str = "id"


class MasterKeyRow(NamedTuple):
    number: int
    proof: bytes
    made_at: int
    made_by: str


class Resealed(NamedTuple):
    """A value under its new key. It counts only while `old` still stands there."""

    key: str
    old: bytes
    new: bytes


DATA_KEYS = (  # a data key each; what they sealed stays as it is
    Place("data_keys", "wrapped", "subject"),
    Place("imports", "wrapped"),
    Place("suppression_loads", "wrapped"),
    Place("consent_evidence", "wrapped", "lead_id"),
    Place("disposition_files", "wrapped"),
    Place("reconciliations", "wrapped"),
)
SECRETS = (
    Place("secrets", "sealed", "name"),
    Place("webhook_endpoints", "secret"),
    Place("webhook_endpoints", "old_secret"),
    Place("connection_samples", "sealed"),
    Place("buyer_drafts", "sealed"),
    Place("form_views", "sealed"),
    Place("seller_terms", "bank", "seller_id || '/' || version"),
    Place("payer_accounts", "sealed", "method"),
    Place("payout_files", "sealed"),
    Place("ad_accounts", "secrets"),
    Place("users", "totp"),
)


async def read_master_keys(tx: Tx) -> list[Row]:
    """Every master key that was ever in use here, the one that seals first."""
    return await tx.fetch("SELECT * FROM master_keys ORDER BY number DESC")


async def begin_with(tx: Tx, row: MasterKeyRow) -> None:
    """The first master key of an exchange. Nothing happens when it has one."""
    await tx.execute(
        f"""INSERT INTO master_keys ({_COLUMNS}, done_at)
            SELECT {_VALUES}, :made_at WHERE NOT EXISTS (SELECT 1 FROM master_keys)
            ON CONFLICT (number) DO NOTHING""",
        **row._asdict(),
    )


async def begin_sealing(tx: Tx, row: MasterKeyRow, job: JobRow, line: AuditLine) -> bool:
    """From now on this key seals, and a job seals anew what others did. False while an earlier one is not done."""
    made = await tx.execute(
        f"""INSERT INTO master_keys ({_COLUMNS})
            SELECT {_VALUES} WHERE NOT EXISTS (SELECT 1 FROM master_keys WHERE done_at IS NULL OR number >= :number)
            ON CONFLICT (number) DO NOTHING""",
        **row._asdict(),
    )
    if not made:
        return False
    await add_job(tx, job)
    await record(tx, line)
    await touch_market(tx)
    return True


async def sealed_after(tx: Tx, place: Place, after: str, most: int) -> list[Row]:
    """Values of a place in the order of their keys."""
    return await tx.fetch(
        f"""SELECT {place.key} AS key, {place.column} AS sealed FROM {place.table}
            WHERE {place.key} > :after AND {place.column} IS NOT NULL ORDER BY {place.key} LIMIT :most""",
        after=after,
        most=most,
    )


async def reseal(tx: Tx, place: Place, changes: Sequence[Resealed], number: int, to: tuple[int, str, int]) -> None:
    """Put values under their new key, those alone that nobody changed or erased meanwhile, and note how far it came.

    `to`: the place that comes next, the key after which, and how many could not be opened.
    """
    await tx.execute_many(
        f"""UPDATE {place.table} SET {place.column} = :new
            WHERE {place.key} = :key AND {place.column} = :old""",
        [change._asdict() for change in changes],
    )
    at, after, unreadable = to
    await tx.execute(
        """UPDATE master_keys SET place = :at, after_key = :after, resealed = resealed + :count,
               unreadable = unreadable + :unreadable WHERE number = :number""",
        number=number,
        at=at,
        after=after,
        count=len(changes),
        unreadable=unreadable,
    )


async def begin_again(tx: Tx, number: int) -> None:
    """Once more from the first place."""
    await tx.execute(
        "UPDATE master_keys SET place = 0, after_key = '', unreadable = 0 WHERE number = :number", number=number
    )


async def end_sealing(tx: Tx, number: int, now: int, line: AuditLine) -> None:
    await tx.execute("UPDATE master_keys SET done_at = :now WHERE number = :number", number=number, now=now)
    await record(tx, line)


async def sealed_by_others(tx: Tx, number: int) -> int:
    """How many values are sealed by another master key than this one."""
    return await _count(tx, "<>", number)


async def sealed_by(tx: Tx, number: int) -> int:
    return await _count(tx, "=", number)


async def _count(tx: Tx, compared: str, number: int) -> int:
    count = 0
    for place in (*DATA_KEYS, *SECRETS):
        rows = await tx.fetch(
            f"""SELECT COUNT(*) AS n FROM {place.table}
                WHERE {place.column} IS NOT NULL AND substr({place.column}, 1, 1) {compared} :first""",
            first=bytes([number]),
        )
        count += rows[0]["n"]
    return count


async def retire(tx: Tx, number: int, now: int, line: AuditLine) -> bool:
    """A key that is given up. False when it seals what comes, or is unknown or given up already."""
    changed = await tx.execute(
        """UPDATE master_keys SET retired_at = :now WHERE number = :number AND retired_at IS NULL
               AND number < (SELECT MAX(number) FROM master_keys)""",
        number=number,
        now=now,
    )
    if changed:
        await record(tx, line)
    return bool(changed)


_COLUMNS = "number, proof, made_at, made_by, place, after_key, resealed, unreadable"
_VALUES = ":number, :proof, :made_at, :made_by, 0, '', 0, 0"
