"""Letters that go once under a name."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.work import JobRow
from exchange.storage.database import Tx
from exchange.storage.jobs import add_job
from exchange.storage.rows import listed


async def post_once(tx: Tx, once: str, now: int, jobs: Sequence[JobRow]) -> bool:
    """Send them unless letters of this name went before. False then."""
    fresh = await tx.execute(
        "INSERT INTO letters_once (once, made_at) VALUES (:once, :now) ON CONFLICT (once) DO NOTHING",
        once=once,
        now=now,
    )
    if fresh:
        for job in jobs:
            await add_job(tx, job)
    return bool(fresh)


async def sent_before(tx: Tx, once: Sequence[str]) -> frozenset[str]:
    """Which of these names letters went under."""
    if not once:
        return frozenset()
    names, params = listed("once", once)
    rows = await tx.fetch(f"SELECT once FROM letters_once WHERE once IN {names}", **params)
    return frozenset(row["once"] for row in rows)
