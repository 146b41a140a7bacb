"""Queues of jobs: those that rest because their destination is down, and dead jobs that are put back."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import Leased, end_job, put_back
from exchange.storage.rows import listed

REST_MS = (30_000, 60_000, 120_000, 300_000, 600_000, 900_000)
"""How long a queue rests after each failure in a row; the last one stays."""
_SPREAD = 0.2  # so that queues that went down together do not all come back at once


async def oldest_due(tx: Tx, now: int) -> int | None:
    """When the job should have begun that waits longest, of queues that do not rest. None when nothing is due."""
    rows = await tx.fetch(
        """SELECT run_at FROM jobs WHERE state = 'waiting' AND run_at <= :now AND NOT EXISTS
               (SELECT 1 FROM job_queues rest WHERE rest.queue = jobs.queue AND rest.rest_until > :now)
           ORDER BY run_at LIMIT 1""",
        now=now,
    )
    return rows[0]["run_at"] if rows else None


async def end_and_let_go(tx: Tx, job: Leased, now: int, gap_ms: int) -> bool:
    """The job is done and its destination answers: the queue rests no more, but keeps `gap_ms` between two jobs."""
    if not await end_job(tx, job, now):
        return False
    if gap_ms:
        await tx.execute(
            """INSERT INTO job_queues (queue, failures, rest_until) VALUES (:queue, 0, :until)
               ON CONFLICT (queue) DO UPDATE
               SET failures = 0, rest_until = :until, down_since = NULL, last_error = NULL""",
            queue=job.queue,
            until=now + gap_ms,
        )
    else:
        await tx.execute("DELETE FROM job_queues WHERE queue = :queue", queue=job.queue)
    return True


async def rest_queue(
    tx: Tx, job: Leased, error: str, now: int, *, rest_ms: int | None, draw: float, made_before: int
) -> int | None:
    """The destination is down: the job keeps its attempts, and the whole queue waits. Returns until when.

    The job goes behind the others of its queue, so that no single one decides how long they wait. Jobs of its kind
    made before `made_before` have waited long enough and are dead. None when the lease was lost to another.
    """
    known = await tx.fetch("SELECT failures FROM job_queues WHERE queue = :queue", queue=job.queue)
    failures = known[0]["failures"] if known else 0
    rest_ms = REST_MS[min(failures, len(REST_MS) - 1)] if rest_ms is None else rest_ms
    until = now + rest_ms + int(rest_ms * _SPREAD * draw)
    if not await put_back(tx, job, until, error):
        return None
    await tx.execute(
        """INSERT INTO job_queues (queue, failures, rest_until, down_since, last_error)
           VALUES (:queue, 1, :until, :now, :error)
           ON CONFLICT (queue) DO UPDATE SET failures = job_queues.failures + 1, rest_until = :until,
               down_since = COALESCE(job_queues.down_since, :now), last_error = :error""",
        queue=job.queue,
        until=until,
        now=now,
        error=error[:500],
    )
    await tx.execute(
        """UPDATE jobs SET state = 'dead', ended_at = :now, last_error = :error
           WHERE queue = :queue AND kind = :kind AND state = 'waiting' AND made_at < :before""",
        queue=job.queue,
        kind=job.kind,
        before=made_before,
        now=now,
        error=error[:500],
    )
    return until


async def resting_queues(tx: Tx, actor: Actor, most: int) -> list[Row]:
    """Queues whose destination is down, the longest first, with how many jobs wait in each: `waiting`."""
    if not _insider(actor):
        return []
    return await tx.fetch(
        """SELECT queue, failures, rest_until, down_since, last_error,
               (SELECT COUNT(*) FROM jobs WHERE jobs.queue = job_queues.queue AND jobs.state = 'waiting') AS waiting
           FROM job_queues WHERE down_since IS NOT NULL ORDER BY down_since, queue LIMIT :most""",
        most=most,
    )


async def forget_queues(tx: Tx, before: int) -> int:
    """Delete what is known of queues that are empty and have long ceased to rest."""
    return await tx.execute(
        """DELETE FROM job_queues WHERE rest_until < :before AND NOT EXISTS (SELECT 1 FROM jobs
               WHERE jobs.queue = job_queues.queue AND jobs.state IN ('waiting', 'running'))""",
        before=before,
    )


async def dead_jobs_of(tx: Tx, actor: Actor, kind: str | None, most: int) -> list[Row]:
    """Jobs that were tried too often, the oldest first; of one kind, if it is given."""
    if not _insider(actor):
        return []
    return await tx.fetch(
        """SELECT id, queue, kind, attempts, last_error, made_at, ended_at FROM jobs
           WHERE state = 'dead' AND (:kind = '' OR kind = :kind) ORDER BY run_at, id LIMIT :most""",
        kind=kind or "",
        most=most,
    )


async def replay_jobs(tx: Tx, ids: Sequence[str], now: int, line: AuditLine) -> list[str]:
    """Put dead jobs back as if they were new, and write down who did. Returns those put back, in order.

    One whose work waits already under the same unique key stays dead.
    """
    text, params = listed("id", ids)
    rows = await tx.fetch(
        f"""UPDATE jobs SET state = 'waiting', attempts = 0, run_at = :now, made_at = :now, ended_at = NULL
            WHERE state = 'dead' AND id IN {text} AND (unique_key IS NULL OR NOT EXISTS (
                SELECT 1 FROM jobs other WHERE other.unique_key = jobs.unique_key AND other.id <> jobs.id
                    AND (other.state IN ('waiting', 'running')
                         OR (other.state = 'dead' AND other.id < jobs.id AND other.id IN {text}))))
            RETURNING id""",
        now=now,
        **params,
    )
    if rows:
        await record(tx, line)
    return sorted(row["id"] for row in rows)


def _insider(actor: Actor) -> bool:
    return actor.role in (Role.OPERATOR, Role.SYSTEM)
