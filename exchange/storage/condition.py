"""How the database itself is: what it holds, whether its pages are whole, how far its clock is from ours."""

from __future__ import annotations

from typing import NamedTuple

from exchange.storage.database import Tx


class Condition(NamedTuple):
    """`flaw` is what a check of the pages found first. `newest_at` is when the newest lead came, in epoch ms."""

    bytes: int
    flaw: str | None
    newest_at: int | None


async def sqlite_condition(tx: Tx) -> Condition:
    """Reads every page once."""
    told = str((await tx.fetch("PRAGMA quick_check(1)"))[0]["quick_check"])
    return Condition(await sqlite_bytes(tx), None if told == "ok" else told, await _newest(tx))


async def sqlite_bytes(tx: Tx) -> int:
    pages = (await tx.fetch("PRAGMA page_count"))[0]["page_count"]
    return int(pages * (await tx.fetch("PRAGMA page_size"))[0]["page_size"])


async def postgres_condition(tx: Tx) -> Condition:
    """PostgreSQL looks after its pages itself."""
    size = (await tx.fetch("SELECT pg_database_size(current_database()) AS bytes"))[0]["bytes"]
    return Condition(size, None, await _newest(tx))


async def _newest(tx: Tx) -> int | None:
    rows = await tx.fetch("SELECT received_at FROM leads ORDER BY received_at DESC, id DESC LIMIT 1")
    return rows[0]["received_at"] if rows else None
