"""Jobs that were tried too often are put back by a person, with a line in the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.clock import Clock
from exchange.flows.by_hand import audit_line
from exchange.ids import Ids
from exchange.limits import REPLAYED_AT_ONCE
from exchange.model.actor import Actor
from exchange.storage.database import Db
from exchange.storage.queues import replay_jobs


async def replay_dead(db: Db, clock: Clock, ids: Ids, jobs: Sequence[str], actor: Actor, ip: str = "") -> list[str]:
    """Put dead jobs back, as many at once as one unit of work may touch. Returns the ids of those put back."""
    put_back: list[str] = []
    for start in range(0, len(jobs), REPLAYED_AT_ONCE):
        some = jobs[start : start + REPLAYED_AT_ONCE]
        now = clock.now()
        line = audit_line(ids, now, actor, "jobs.replayed", "jobs", after={"jobs": list(some)}, ip=ip)
        put_back += await db.write(replay_jobs, some, now, line)
    return put_back
