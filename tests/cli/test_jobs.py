"""`exchange job`: what gave up is listed, and put back once, by somebody who is named."""

from __future__ import annotations

import asyncio

from exchange.model.work import JobRow
from exchange.storage.database import Tx
from exchange.storage.engine import open_database
from exchange.storage.jobs import add_job
from tests.cli.home import NOW, Home


async def store_dead(tx: Tx, name: str, kind: str) -> None:
    await add_job(tx, JobRow(name, f"{kind}:cedar-solar", kind, "{}", NOW, NOW))
    await tx.execute(
        "UPDATE jobs SET state = 'dead', attempts = 12, last_error = 'HTTP 500', ended_at = run_at WHERE id = :id",
        id=name,
    )


def give_up(home: Home, **jobs: str) -> None:
    async def store() -> None:
        db = await open_database(str(home.database), process=False)
        for name, kind in jobs.items():
            await db.write(store_dead, name, kind)
        await db.close()

    asyncio.run(store())


def states(home: Home) -> dict[str, str]:
    """Of the jobs that gave up: others may wait for their turn beside them."""
    return {
        row["id"]: row["state"] for row in home.rows("SELECT id, state FROM jobs") if len(row["id"]) == len("job_1")
    }


def test_what_gave_up_is_listed_by_kind(market_home: Home) -> None:
    assert "No job gave up." in market_home.run("job", "list").out
    give_up(market_home, job_1="postback", job_2="resell")

    assert ["job_1", "job_2"] == [row["id"] for row in market_home.run("job", "list", "--json").json]
    told = market_home.run("job", "list", "--kind", "resell")
    assert "job_2" in told.out and "12 tries" in told.out and "HTTP 500" in told.out and "job_1" not in told.out


def test_all_of_a_kind_is_put_back_after_a_yes_and_a_line_says_by_whom(market_home: Home) -> None:
    give_up(market_home, job_1="postback", job_2="resell")

    assert 6 == market_home.run("job", "replay", "--kind", "postback").code
    assert {"job_1": "dead", "job_2": "dead"} == states(market_home)
    assert ["job_1"] == market_home.run("job", "replay", "--kind", "postback", "--yes", "--json").json["put_back"]

    assert {"job_1": "waiting", "job_2": "dead"} == states(market_home)
    (line,) = market_home.rows("SELECT actor, after_json FROM audit_lines WHERE action = 'jobs.replayed'")
    assert "(command line)" in line["actor"] and "job_1" in line["after_json"]


def test_a_job_that_is_not_dead_stays_as_it_is(market_home: Home) -> None:
    give_up(market_home, job_1="postback")
    ran = market_home.run("job", "replay", "job_1", "job_9", "--yes")

    assert (3, True) == (ran.code, "job_9 is not dead" in ran.out)
    assert {"job_1": "waiting"} == states(market_home)


def test_without_ids_or_a_kind_it_is_wrong_usage(market_home: Home) -> None:
    assert 2 == market_home.run("job", "replay").code
