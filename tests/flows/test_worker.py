"""The worker: a job never waits for another one's destination, and a destination that is down costs no attempts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from exchange.clock import SystemClock
from exchange.flows.job_ends import ComeBack, DestinationDown, Ended
from exchange.flows.jobs import job
from exchange.flows.market import Market
from exchange.flows.settle import settle
from exchange.intake.encode import encode
from exchange.limits import JOBS_AT_ONCE, QUEUE_REST_MS_MOST
from exchange.storage.jobs import add_job
from exchange.web.figures.needs import needs
from exchange.worker import Jobs, Kind, duties, run_jobs
from tests.flows.lab import HUNG_UP, OPERATOR, later
from tests.flows.test_settling import YES, first, told_back, unclear
from tests.market import SOLD, Exchange

PATIENCE = 20.0


def test_of_several_workers_one_does_for_all_what_is_no_process_own() -> None:
    everything = {duty.name for duty in duties(encode)}
    beside = {duty.name for duty in duties(encode, for_all=False)}

    assert {"refresh", "learn", "screen", "lists"} <= beside < everything
    assert {"count", "seal", "settle by rule", "forget"} <= everything - beside


@dataclass
class Bench:
    """A kind of job that the test holds in its hands: `slow` ones wait to be let go, others end at once."""

    done: list[str] = field(default_factory=list)
    at_work: int = 0
    most: int = 0
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, _: Market, payload: Mapping[str, object]) -> Ended | None:
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        try:
            if payload.get("slow"):
                await self.let_go.wait()
        finally:
            self.at_work -= 1
        self.done.append(str(payload["name"]))
        self.heard.set()
        return None

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.done) < count:
                self.heard.clear()
                await self.heard.wait()


async def put(exchange: Exchange, name: str, queue: str, kind: str = "work", **payload: object) -> None:
    market, now = exchange.market, exchange.market.clock.now()
    await market.db.write(add_job, job(market, queue, kind, {"name": name, **payload}, now, now))


async def states(exchange: Exchange) -> list[tuple[str, int]]:
    rows = await exchange.rows("SELECT state, attempts FROM jobs ORDER BY id")
    return [(row["state"], row["attempts"]) for row in rows]


async def test_a_slow_job_delays_no_other_queue_and_an_ended_one_is_followed_at_once(either: Exchange) -> None:
    bench = Bench()
    await put(either, "slow", "slow", slow=True)
    for number in range(60):
        await put(either, f"quick{number}", f"q{number % 3}")
    before = SystemClock().monotonic()

    running = asyncio.create_task(Jobs(either.market, {"work": Kind(bench.run)}).run())
    await bench.until(60)

    assert "slow" not in bench.done
    assert SystemClock().monotonic() - before < 8.0  # twenty to a queue: half a second each would be ten
    bench.let_go.set()
    await bench.until(61)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert {("done", 1)} == set(await states(either))


async def test_a_kind_has_its_own_bound_and_all_together_another(exchange: Exchange) -> None:
    mail, rest = Bench(), Bench()
    for number in range(JOBS_AT_ONCE + 8):
        await put(exchange, f"mail{number}", f"mail{number}", "mail", slow=True)
        await put(exchange, f"other{number}", f"other{number}", "other", slow=True)
    jobs = Jobs(exchange.market, {"mail": Kind(mail.run, at_once=5), "other": Kind(rest.run, at_once=JOBS_AT_ONCE)})

    begun = [await jobs.lease() for _ in range(3)]
    await asyncio.sleep(0)
    assert JOBS_AT_ONCE == sum(begun)
    assert (5, JOBS_AT_ONCE - 5) == (mail.most, rest.most)

    mail.let_go.set()
    rest.let_go.set()
    await jobs.ended()


async def run_one(exchange: Exchange, kind: Kind) -> None:
    jobs = Jobs(exchange.market, {"work": kind})
    await jobs.lease()
    await jobs.ended()


async def test_it_is_not_yet_time_for_a_job_that_comes_back(exchange: Exchange) -> None:
    at = exchange.market.clock.now() + 60_000

    async def not_yet(_: Market, __: Mapping[str, object]) -> None:
        raise ComeBack(at)

    await put(exchange, "early", "q")
    await run_one(exchange, Kind(not_yet))

    assert [{"state": "waiting", "attempts": 0, "run_at": at}] == await exchange.rows(
        "SELECT state, attempts, run_at FROM jobs"
    )


async def test_a_job_that_outlasts_its_lease_is_cut_and_counts_as_failed(exchange: Exchange) -> None:
    bench = Bench()
    await put(exchange, "endless", "q", slow=True)
    await run_one(exchange, Kind(bench.run, lease_ms=50))

    assert [("waiting", 1)] == await states(exchange)
    assert "TimeoutError" in (await exchange.rows("SELECT last_error FROM jobs"))[0]["last_error"]


async def test_a_destination_that_is_down_rests_its_queue_alone(exchange: Exchange) -> None:
    bench = Bench()

    async def down(market: Market, payload: Mapping[str, object]) -> Ended | None:
        if payload.get("down"):
            raise DestinationDown("HTTP 503", after_ms=QUEUE_REST_MS_MOST * 1_000)
        return await bench.run(market, payload)

    await put(exchange, "first", "down", down=True)
    await put(exchange, "second", "down", down=True)
    await put(exchange, "elsewhere", "up")
    jobs = Jobs(exchange.market, {"work": Kind(down)})
    while await jobs.lease():
        await jobs.ended()

    assert ["elsewhere"] == bench.done
    assert [("done", 1), ("waiting", 0), ("waiting", 0)] == sorted(await states(exchange))
    (queue,) = await exchange.rows("SELECT rest_until FROM job_queues")
    wait_ms = queue["rest_until"] - exchange.market.clock.now()
    assert QUEUE_REST_MS_MOST <= wait_ms <= QUEUE_REST_MS_MOST * 1.2  # what it asked for is bounded


async def test_a_kind_nobody_knows_waits_and_is_told(exchange: Exchange) -> None:
    await put(exchange, "strange", "q", "nobody")

    assert 1 == await run_jobs(exchange.market)
    assert [("waiting", 1)] == await states(exchange)
    assert "no such kind of job" in (await exchange.rows("SELECT last_error FROM jobs"))[0]["last_error"]


async def test_a_receiver_nobody_can_reach_keeps_its_postback_and_the_operator_is_told(exchange: Exchange) -> None:
    await unclear(exchange)
    exchange.buyers.answers_posts("flint", HUNG_UP, HUNG_UP, SOLD)
    await settle(exchange.market, await first(exchange), YES, OPERATOR)

    assert 1 == len(await told_back(exchange))
    (told,) = [need for need in await needs(exchange.market, OPERATOR, "live") if need.kind == "webhook"]
    assert "Postback to flint.buyer.example fails for" in told.title
    assert "1 event waiting, next try in" in told.note
    for seconds in (6, 360):
        later(exchange, seconds)
        await told_back(exchange)

    assert 3 == len(await told_back(exchange))
    assert [] == [need for need in await needs(exchange.market, OPERATOR, "live") if need.kind == "webhook"]
    assert {"done"} == {state for state, _ in await states(exchange)}
