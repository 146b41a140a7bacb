"""Durable jobs and their queues, on both engines: leased once, never lost, resting together, put back by hand."""

from __future__ import annotations

import asyncio
from typing import Any

from exchange.limits import JOB_DOWN_MS
from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.work import JobRow
from exchange.storage.database import Db
from exchange.storage.jobs import Leased, Terms, add_job, end_job, lease_jobs, put_back, retry_job
from exchange.storage.queues import (
    REST_MS,
    dead_jobs_of,
    end_and_let_go,
    forget_queues,
    replay_jobs,
    rest_queue,
    resting_queues,
)
from tests.storage import units
from tests.storage.conftest import NOW

OPERATOR = Actor(Role.OPERATOR, "pat@exchange.example")
SELLER = Actor(Role.SELLER, "ann@cedar.example", "cedar")
TERMS = Terms(room=20, lease_ms=60_000, most=3)


def row(number: int, queue: str = "q", kind: str = "postback", **changes: Any) -> JobRow:
    return JobRow(f"job_{number}", queue, kind, "{}", NOW, NOW)._replace(**changes)


async def lease(db: Db, now: int = NOW, **kinds: Terms) -> list[Leased]:
    return await db.write(lease_jobs, now, 20, {"postback": TERMS, **kinds}, TERMS)


async def ids(db: Db, now: int = NOW, **kinds: Terms) -> list[str]:
    return [job.id for job in await lease(db, now, **kinds)]


async def one(db: Db, now: int = NOW) -> Leased:
    (job,) = await lease(db, now)
    return job


async def state(db: Db, job_id: str) -> tuple[str, int]:
    (found,) = await db.read(units.ask, f"SELECT state, attempts FROM jobs WHERE id = '{job_id}'")
    return str(found["state"]), int(str(found["attempts"]))


async def rests(db: Db, job: Leased, now: int, rest_ms: int | None = None, kept_ms: int = JOB_DOWN_MS) -> int | None:
    return await db.write(rest_queue, job, "HTTP 503", now, rest_ms=rest_ms, draw=0.0, made_before=now - kept_ms)


async def test_each_queue_gives_its_first_and_one_at_a_time(db: Db) -> None:
    for each in (row(1), row(2), row(3, "other"), row(4, run_at=NOW + 1)):
        await db.write(add_job, each)

    first = await lease(db)
    assert ["job_1", "job_3"] == [job.id for job in first]
    assert [] == await lease(db)
    assert await db.write(end_job, first[0], NOW)
    assert ["job_2"] == await ids(db)


async def test_nodes_that_lease_at_once_share_the_jobs(every_db: Db) -> None:
    for number in range(12):
        await every_db.write(add_job, row(number, f"q{number}"))

    found = await asyncio.gather(*(ids(every_db) for _ in range(4)))

    leased = [job for each in found for job in each]
    assert len(set(leased)) == len(leased)
    assert 12 == len(leased) + len(await ids(every_db))


async def test_a_kind_takes_no_more_than_its_room(db: Db) -> None:
    for number in range(4):
        await db.write(add_job, row(number, f"mail{number}", "mail"))
    await db.write(add_job, row(9, "other"))

    assert ["job_0", "job_1", "job_9"] == await ids(db, mail=TERMS._replace(room=2))
    await db.write(add_job, row(8, "third"))
    assert ["job_8"] == await ids(db, mail=TERMS._replace(room=0))


async def test_a_lease_that_ran_out_ends_nothing(db: Db) -> None:
    await db.write(add_job, row(1))
    lost = await one(db)
    mine = await one(db, lost.until)

    assert not await db.write(end_job, lost, NOW)
    assert not await db.write(put_back, lost, NOW)
    assert not await db.write(retry_job, lost, "why", NOW, 3, NOW)
    assert await rests(db, lost, NOW) is None
    assert ("running", 2) == await state(db, "job_1")
    assert await db.write(end_job, mine, NOW)


async def test_a_job_that_stops_the_process_each_time_is_dead_after_as_many_tries_as_its_kind_has(db: Db) -> None:
    await db.write(add_job, row(1))
    now = NOW
    for _ in range(TERMS.most):
        now = (await one(db, now)).until

    assert [] == await lease(db, now)
    assert ("dead", 3) == await state(db, "job_1")


async def test_a_job_put_back_keeps_its_attempts(db: Db) -> None:
    await db.write(add_job, row(1))
    for turn in range(5):
        assert await db.write(put_back, await one(db, NOW + turn), NOW + turn + 1)

    assert ("waiting", 0) == await state(db, "job_1")


async def test_a_queue_rests_longer_each_time(db: Db) -> None:
    for each in (row(1), row(2), row(3, "other")):
        await db.write(add_job, each)
    job, other = await lease(db)
    assert "other" == other.queue and await db.write(end_job, other, NOW)

    now, asked = NOW, []
    for rest_ms in REST_MS:
        asked.append(job.id)
        until = await rests(db, job, now)
        assert now + rest_ms == until
        assert [] == await lease(db, until - 1)
        now = until
        job = await one(db, now)

    assert ["job_1", "job_2"] * 3 == asked  # no single job decides for the others
    assert ("waiting", 0) == await state(db, "job_2")
    (resting,) = await db.read(resting_queues, OPERATOR, 10)
    told = {name: resting[name] for name in ("queue", "failures", "down_since", "last_error", "waiting")}
    assert {"queue": "q", "failures": 6, "down_since": NOW, "last_error": "HTTP 503", "waiting": 1} == told
    assert [] == await db.read(resting_queues, SELLER, 10)


async def test_a_destination_may_say_when_to_come_back(db: Db) -> None:
    await db.write(add_job, row(1))

    assert NOW + 7_000 == await rests(db, await one(db), NOW, 7_000)


async def test_the_first_success_lets_the_queue_go_at_its_pace(db: Db) -> None:
    for number in (1, 2, 3):
        await db.write(add_job, row(number))
    until = await rests(db, await one(db), NOW)
    assert until is not None

    assert await db.write(end_and_let_go, await one(db, until), until, 50)
    assert [] == await db.read(resting_queues, OPERATOR, 10)
    assert [] == await lease(db, until + 49)
    assert await db.write(end_and_let_go, await one(db, until + 50), until + 50, 0)
    assert 1 == len(await lease(db, until + 50))


async def test_an_end_that_asked_nobody_does_not_wake_the_queue(db: Db) -> None:
    for number in (1, 2):
        await db.write(add_job, row(number))
    until = await rests(db, await one(db), NOW)
    assert until is not None

    assert await db.write(end_job, await one(db, until), until)

    assert ["q"] == [each["queue"] for each in await db.read(resting_queues, OPERATOR, 10)]
    assert until + REST_MS[1] == await rests(db, await one(db, until), until)


async def test_who_waited_too_long_for_a_destination_is_dead_and_others_wait_on(db: Db) -> None:
    await db.write(add_job, row(1, made_at=NOW - 10))
    await db.write(add_job, row(2, made_at=NOW - 10))
    await db.write(add_job, row(3, made_at=NOW))

    await rests(db, await one(db), NOW, kept_ms=5)

    assert ["dead", "dead", "waiting"] == [(await state(db, f"job_{number}"))[0] for number in (1, 2, 3)]


async def test_dead_jobs_are_put_back_as_new_unless_their_work_waits_already(db: Db) -> None:
    for number in (1, 2, 3):
        await db.write(add_job, row(number, f"q{number}", unique_key=f"u{min(number, 2)}"))
    for job in await lease(db):
        assert not await db.write(retry_job, job, "HTTP 500", NOW, 1, NOW)
    await db.write(add_job, row(3, "q3", unique_key="u2"))
    dead = [each["id"] for each in await db.read(dead_jobs_of, OPERATOR, "postback", 10)]
    assert ["job_1", "job_2"] == dead
    assert [] == await db.read(dead_jobs_of, SELLER, None, 10)
    assert [] == await db.read(dead_jobs_of, OPERATOR, "mail", 10)

    line = AuditLine("aud_1", NOW, "2026-11", OPERATOR, "", "jobs.replayed", "jobs")
    assert ["job_1"] == await db.write(replay_jobs, dead, NOW + 1, line)

    assert ("waiting", 0) == await state(db, "job_1")
    assert ("dead", 1) == await state(db, "job_2")
    assert [{"actor": OPERATOR.name}] == await db.read(units.ask, "SELECT actor FROM audit_lines")


async def test_what_is_known_of_empty_queues_is_forgotten(db: Db) -> None:
    for each in (row(1), row(2, "other")):
        await db.write(add_job, each)
    first, second = await lease(db)
    await rests(db, first, NOW)
    await db.write(end_and_let_go, second, NOW, 50)

    assert 1 == await db.write(forget_queues, NOW + 86_400_000)
