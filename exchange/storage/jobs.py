"""Durable jobs: the outbox and everything else that must happen after a commit."""

from __future__ import annotations

from exchange.limits import JOB_ATTEMPTS
from exchange.model.work import JobRow
from exchange.storage.database import Row, Tx


async def add_job(tx: Tx, job: JobRow) -> bool:
    """Queue a job in the unit of work it belongs to. False when one with the same unique key waits or runs."""
    rows = await tx.fetch(
        """INSERT INTO jobs (id, queue, kind, payload, state, run_at, attempts, made_at, unique_key)
           VALUES (:id, :queue, :kind, :payload, 'waiting', :run_at, 0, :made_at, :unique_key)
           ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL AND state IN ('waiting', 'running')
           DO NOTHING RETURNING id""",
        id=job.id,
        queue=job.queue,
        kind=job.kind,
        payload=job.payload,
        run_at=job.run_at,
        made_at=job.made_at,
        unique_key=job.unique_key,
    )
    return bool(rows)


async def lease_jobs(tx: Tx, now: int, lease_ms: int, most: int) -> list[Row]:
    """Take due jobs, the first of each queue and one at a time, counting the attempt before the work.

    A job that stopped the process each time it ran is dead: somebody must look at it.
    """
    await tx.execute(
        """UPDATE jobs SET state = 'dead', ended_at = :now, last_error = 'The exchange stopped each time it ran.'
           WHERE state = 'running' AND leased_until <= :now AND attempts >= :most""",
        now=now,
        most=JOB_ATTEMPTS,
    )
    due = await tx.fetch(
        f"""SELECT id FROM jobs WHERE ((state = 'waiting' AND run_at <= :now)
                   OR (state = 'running' AND leased_until <= :now))
               AND NOT EXISTS (SELECT 1 FROM jobs first WHERE first.queue = jobs.queue
                   AND ((first.state = 'running' AND first.leased_until > :now)
                        OR (((first.state = 'waiting' AND first.run_at <= :now)
                             OR (first.state = 'running' AND first.leased_until <= :now))
                            AND (first.run_at, first.id) < (jobs.run_at, jobs.id))))
           ORDER BY run_at, id LIMIT :most {tx.skip_locked}""",
        now=now,
        most=most,
    )
    leased: list[Row] = []
    for job_id in [row["id"] for row in due]:
        leased += await tx.fetch(
            """UPDATE jobs SET state = 'running', leased_until = :until, attempts = attempts + 1
               WHERE id = :id AND NOT EXISTS (SELECT 1 FROM jobs other WHERE other.queue = jobs.queue
                   AND other.id <> jobs.id AND other.state = 'running' AND other.leased_until > :now)
               RETURNING id, queue, kind, payload, attempts""",
            id=job_id,
            now=now,
            until=now + lease_ms,
        )
    return leased


async def end_job(tx: Tx, job_id: str, now: int) -> None:
    await tx.execute(
        "UPDATE jobs SET state = 'done', ended_at = :now, leased_until = NULL WHERE id = :id", id=job_id, now=now
    )


async def retry_job(tx: Tx, job_id: str, error: str, run_at: int, now: int) -> bool:
    """Try again at `run_at`, or quarantine the job after too many tries. True when it will be tried again."""
    rows = await tx.fetch(
        """UPDATE jobs SET last_error = :error, leased_until = NULL, run_at = :run_at,
               state = CASE WHEN attempts >= :most THEN 'dead' ELSE 'waiting' END,
               ended_at = CASE WHEN attempts >= :most THEN :now ELSE NULL END
           WHERE id = :id RETURNING state""",
        id=job_id,
        error=error[:500],
        run_at=run_at,
        now=now,
        most=JOB_ATTEMPTS,
    )
    return bool(rows) and rows[0]["state"] == "waiting"


async def forget_jobs(tx: Tx, before: int) -> int:
    """Delete finished jobs that ended before an instant; dead ones stay until somebody looks."""
    return await tx.execute("DELETE FROM jobs WHERE state = 'done' AND ended_at < :before", before=before)
