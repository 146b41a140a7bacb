"""How far buyers' systems were read for what became of leads, by connection, and how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from exchange.model.audit import AuditLine
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A look between two pages: the one that comes next, when the look began, and what it brought so far."""

    page: str
    began_at: int
    pages: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReadState:
    """`since` is the moment (epoch ms) from which reports are wanted next, None at first. `counts` are of the last
    look, `heard_counts` of the last call; by verdict, and `wrong`. `under_way` is a look that is not over."""

    connection: str
    since: int | None = None
    next_at: int = 0
    ended_at: int | None = None
    error: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    heard_at: int | None = None
    heard_counts: Mapping[str, int] = field(default_factory=dict)
    under_way: UnderWay | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A look whose time has come, and when the next one is."""

    connection: str
    next_at: int
    job: JobRow


_KNOWN = """INSERT INTO disposition_polls (connection, cursor, next_at, counts, heard_counts)
    VALUES (:connection, '', 0, '{}', '{}') ON CONFLICT (connection) DO NOTHING"""


async def read_states(tx: Tx) -> dict[str, ReadState]:
    rows = await tx.fetch("SELECT * FROM disposition_polls ORDER BY connection")
    return {row["connection"]: _state(row) for row in rows}


async def begin_reads(tx: Tx, reads: Sequence[Read], now: int) -> int:
    """Queue the looks whose time has come and that nobody queued meanwhile. Returns how many."""
    begun = 0
    for each in reads:
        await tx.execute(_KNOWN, connection=each.connection)
        due = await tx.execute(
            "UPDATE disposition_polls SET next_at = :next WHERE connection = :connection AND next_at <= :now",
            connection=each.connection,
            next=each.next_at,
            now=now,
        )
        if due and await add_job(tx, each.job):
            begun += 1
    return begun


async def read_soon(tx: Tx, connection: str, line: AuditLine) -> None:
    """Its time has come."""
    await tx.execute(_KNOWN, connection=connection)
    await tx.execute("UPDATE disposition_polls SET next_at = 0 WHERE connection = :connection", connection=connection)
    await record(tx, line)


async def note_page(tx: Tx, connection: str, under_way: UnderWay) -> None:
    """A page is recorded; whatever stops the look, it goes on behind it."""
    await tx.execute(_KNOWN, connection=connection)
    await tx.execute(
        "UPDATE disposition_polls SET under_way = :under_way WHERE connection = :connection",
        connection=connection,
        under_way=orjson.dumps(under_way).decode(),
    )


async def note_read(tx: Tx, connection: str, since: int, counts: Mapping[str, int], now: int) -> None:
    """A look came to its end; the next one begins from there."""
    await tx.execute(_KNOWN, connection=connection)
    await tx.execute(
        """UPDATE disposition_polls SET cursor = :cursor, counts = :counts, ended_at = :now, error = NULL,
               under_way = NULL
           WHERE connection = :connection""",
        connection=connection,
        cursor=str(since),
        counts=orjson.dumps(dict(counts)).decode(),
        now=now,
    )


async def note_failed_read(tx: Tx, connection: str, error: str, now: int, wait_ms: int | None) -> None:
    """A look failed: the next one begins where this one did. `error` holds nothing personal.

    A system that asked for time (`wait_ms`) gets it, and then the look goes on at its page; of any other failure the
    page may be the cause.
    """
    await tx.execute(_KNOWN, connection=connection)
    await tx.execute(
        """UPDATE disposition_polls SET error = :error, ended_at = :now,
               next_at = CASE WHEN next_at < :not_before THEN :not_before ELSE next_at END,
               under_way = CASE WHEN :waits = 1 THEN under_way END
           WHERE connection = :connection""",
        connection=connection,
        error=error[:200],
        now=now,
        not_before=now + (wait_ms or 0),
        waits=int(wait_ms is not None),
    )


async def note_heard(tx: Tx, connection: str, counts: Mapping[str, int], now: int) -> None:
    await tx.execute(_KNOWN, connection=connection)
    await tx.execute(
        "UPDATE disposition_polls SET heard_at = :now, heard_counts = :counts WHERE connection = :connection",
        connection=connection,
        counts=orjson.dumps(dict(counts)).decode(),
        now=now,
    )


def _state(row: Row) -> ReadState:
    return ReadState(
        row["connection"],
        int(row["cursor"]) if row["cursor"] else None,
        row["next_at"],
        row["ended_at"],
        row["error"],
        orjson.loads(row["counts"]),
        row["heard_at"],
        orjson.loads(row["heard_counts"]),
        UnderWay(**orjson.loads(row["under_way"])) if row["under_way"] is not None else None,
    )
