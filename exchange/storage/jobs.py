"""Durable jobs: the outbox and everything else that must happen after a commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from exchange.model.work import JobRow
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed


class Terms(NamedTuple):
    """How jobs of one kind are taken: how many now, for how long, and how often they may be tried."""

    room: int
    lease_ms: int
    most: int


class Leased(NamedTuple):
    """A job that is ours until `until`. Whoever holds a lease that ran out can end nothing."""

    id: str
    queue: str
    kind: str
    payload: str
    attempts: int
    until: int


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


async def is_open(tx: Tx, unique_key: str) -> bool:
    """Whether the job under this key waits or runs."""
    rows = await tx.fetch(
        "SELECT id FROM jobs WHERE unique_key = :key AND state IN ('waiting', 'running') LIMIT 1", key=unique_key
    )
    return bool(rows)


async def add_jobs(tx: Tx, jobs: Sequence[JobRow]) -> None:
    for job in jobs:
        await add_job(tx, job)


async def lease_jobs(tx: Tx, now: int, most: int, kinds: Mapping[str, Terms], others: Terms) -> list[Leased]:
    """Take due jobs, the first of each queue and one at a time, counting the attempt before the work.

    A queue that rests gives none, a kind without room neither. A job that stopped the process each time it ran is
    dead: somebody must look at it. `others` is for kinds that are not listed.
    """
    full = [kind for kind, terms in kinds.items() if terms.room <= 0]
    text, params = listed("full", full or [""])
    due = await tx.fetch(
        f"""SELECT id, kind, state, attempts FROM jobs
            WHERE ((state = 'waiting' AND run_at <= :now) OR (state = 'running' AND leased_until <= :now))
               AND kind NOT IN {text}
               AND NOT EXISTS (SELECT 1 FROM job_queues rest WHERE rest.queue = jobs.queue AND rest.rest_until > :now)
               AND NOT EXISTS (SELECT 1 FROM jobs first WHERE first.queue = jobs.queue
                   AND ((first.state = 'running' AND first.leased_until > :now)
                        OR (((first.state = 'waiting' AND first.run_at <= :now)
                             OR (first.state = 'running' AND first.leased_until <= :now))
                            AND (first.run_at, first.id) < (jobs.run_at, jobs.id))))
           ORDER BY run_at, id LIMIT :most {tx.skip_locked}""",
        now=now,
        most=most,
        **params,
    )
    leased: list[Leased] = []
    taken: Counter[str] = Counter()
    for row in due:
        terms = kinds.get(row["kind"], others)
        if row["state"] == "running" and row["attempts"] >= terms.most:
            await _bury(tx, row["id"], now)
        elif taken[row["kind"]] < terms.room:
            taken[row["kind"]] += 1
            leased += [_leased(job) for job in await _take(tx, row["id"], now, now + terms.lease_ms)]
    return leased


async def _bury(tx: Tx, job_id: str, now: int) -> None:
    await tx.execute(
        """UPDATE jobs SET state = 'dead', ended_at = :now, leased_until = NULL,
               last_error = 'The exchange stopped each time it ran.' WHERE id = :id""",
        id=job_id,
        now=now,
    )


async def _take(tx: Tx, job_id: str, now: int, until: int) -> list[Row]:
    return await tx.fetch(
        """UPDATE jobs SET state = 'running', leased_until = :until, attempts = attempts + 1
           WHERE id = :id AND NOT EXISTS (SELECT 1 FROM jobs other WHERE other.queue = jobs.queue
               AND other.id <> jobs.id AND other.state = 'running' AND other.leased_until > :now)
           RETURNING id, queue, kind, payload, attempts, leased_until""",
        id=job_id,
        now=now,
        until=until,
    )


def _leased(row: Row) -> Leased:
    return Leased(row["id"], row["queue"], row["kind"], row["payload"], row["attempts"], row["leased_until"])


async def free_leases(tx: Tx, now: int) -> int:
    """Jobs that ran are due at once. Only when no other process is at work: theirs would run twice."""
    return await tx.execute(
        "UPDATE jobs SET leased_until = :now WHERE state = 'running' AND leased_until > :now", now=now
    )


async def end_job(tx: Tx, job: Leased, now: int) -> bool:
    """The job is done. False when the lease was lost to another."""
    touched = await tx.execute(
        """UPDATE jobs SET state = 'done', ended_at = :now, leased_until = NULL
           WHERE id = :id AND state = 'running' AND leased_until = :until""",
        id=job.id,
        until=job.until,
        now=now,
    )
    return touched == 1


async def retry_job(tx: Tx, job: Leased, error: str, run_at: int, most: int, now: int) -> bool:
    """Try again at `run_at`, or quarantine the job after too many tries. True when it will be tried again."""
    rows = await tx.fetch(
        """UPDATE jobs SET last_error = :error, leased_until = NULL, run_at = :run_at,
               state = CASE WHEN attempts >= :most THEN 'dead' ELSE 'waiting' END,
               ended_at = CASE WHEN attempts >= :most THEN :now ELSE NULL END
           WHERE id = :id AND state = 'running' AND leased_until = :until RETURNING state""",
        id=job.id,
        until=job.until,
        error=error[:500],
        run_at=run_at,
        now=now,
        most=most,
    )
    return bool(rows) and rows[0]["state"] == "waiting"


async def put_back(tx: Tx, job: Leased, run_at: int, error: str | None = None) -> bool:
    """The job comes again at `run_at` and this attempt does not count. False when the lease was lost to another."""
    touched = await tx.execute(
        """UPDATE jobs SET state = 'waiting', leased_until = NULL, run_at = :run_at, attempts = attempts - 1,
               last_error = :error
           WHERE id = :id AND state = 'running' AND leased_until = :until""",
        id=job.id,
        until=job.until,
        run_at=run_at,
        error=error[:500] if error is not None else None,
    )
    return touched == 1


async def forget_jobs(tx: Tx, before: int) -> int:
    """Delete finished jobs that ended before an instant; dead ones stay until somebody looks."""
    return await tx.execute("DELETE FROM jobs WHERE state = 'done' AND ended_at < :before", before=before)
