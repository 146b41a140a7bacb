"""A market from a seed: thousands of requests, faults everywhere, deaths at random; the promises are checked all along.

`EXCHANGE_SIMULATION_SEED` runs one seed, `EXCHANGE_SIMULATION_STEPS` runs it longer.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from exchange.courier.scripted import ScriptedCourier
from exchange.flows.counting import keep_counts
from exchange.flows.market import refresh
from exchange.flows.recover import recover
from exchange.flows.retain import forget
from exchange.flows.settle import CannotSettle, Decision, settle
from exchange.flows.top_up import top_up
from exchange.intake.encode import encode
from exchange.model.lead import Kind, Submission
from exchange.worker import run_jobs, seal_chains, settle_silent
from tests.databases import open_here
from tests.flows.doom import Crash, doomed, started_again
from tests.flows.lab import OPERATOR, Heard, person, send, submission
from tests.flows.promises import broken
from tests.market import PING, Exchange, open_exchange, usd
from tests.simulation.loop import LoopClock, SimulatedLoop
from tests.simulation.world import SELLERS, Buyers, parties

STEPS = int(os.environ.get("EXCHANGE_SIMULATION_STEPS", "100"))
SEEDS = [int(os.environ["EXCHANGE_SIMULATION_SEED"])] if "EXCHANGE_SIMULATION_SEED" in os.environ else [1, 2]
CHECK_EVERY = 10
AT_ONCE = 12


@dataclass
class Run:
    exchange: Exchange
    buyers: Buyers
    draws: random.Random
    pinged: list[tuple[str, str]] = field(default_factory=list)  # (seller, ping id)
    sent: list[Submission] = field(default_factory=list)
    heard: dict[str, Heard] = field(default_factory=dict)  # the first answer to each key
    answers: Counter[str] = field(default_factory=Counter)
    deaths: int = 0
    people: int = 0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_promises_hold_whatever_happens(tmp_path: Path, seed: int) -> None:
    sys.stdout.write(f"seed {seed}, {STEPS} steps\n")
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(_simulate(tmp_path, seed))


async def _simulate(folder: Path, seed: int) -> None:
    draws = random.Random(seed)
    buyers = Buyers(draws)
    db = await open_here(folder)
    clock = LoopClock()
    async with open_exchange(folder, db=db, clock=clock) as opened:
        market = replace(opened.market, courier=ScriptedCourier(buyers, clock))
        exchange = replace(opened, market=market)
        await exchange.add(*parties(draws))
        run = Run(exchange, buyers, draws)
        for step in range(STEPS):
            await _step(run)
            if step % CHECK_EVERY == 0 or step == STEPS - 1:
                assert [] == await broken(run.exchange.market), f"seed {seed}, step {step}"
        await _settle_all(run)
        assert [] == await broken(run.exchange.market), f"seed {seed}, at the end"
        await _check_truth(run)
        sys.stdout.write(f"{dict(run.answers)}, {run.deaths} deaths, {buyers.posts} posts\n")
        assert run.answers["accepted"] > STEPS // 4 and run.deaths > STEPS // 20
    await db.close()


async def _step(run: Run) -> None:
    """Some requests at once, in a process that may die among them, and what happens beside requests."""
    requests = [_request(run) for _ in range(run.draws.randrange(1, AT_ONCE))]
    if run.draws.random() < 0.25:
        dying = doomed(run.exchange, run.draws.randrange(1, 60))
        ends = await asyncio.gather(*(send(dying, each) for each in requests), return_exceptions=True)
        await _start_again(run)
    else:
        ends = await asyncio.gather(*(send(run.exchange, each) for each in requests), return_exceptions=True)
    for request, end in zip(requests, ends, strict=True):
        if isinstance(end, Heard):
            _hear(run, request, end)
        else:
            assert isinstance(end, Crash), repr(end)
    await _beside(run)
    await run.exchange.clock.sleep(run.draws.choice((0.01, 0.2, 3.0, 60.0, 900.0)))


async def _start_again(run: Run) -> None:
    run.deaths += 1
    run.exchange = await started_again(run.exchange)
    await recover(run.exchange.market, run.exchange.market.clock.now() + 1, encode)


def _hear(run: Run, request: Submission, answer: Heard) -> None:
    run.answers[answer["status"]] += 1
    if request.kind is Kind.PING and answer["status"] == "accepted":
        run.pinged.append((request.seller_id, answer["ping_id"]))
    key = f"{request.seller_id}:{request.kind.value}:{request.idempotency_key}"
    if request.idempotency_key is None or answer["reason"] == "still_running" or answer.status_code >= 500:
        return
    first = run.heard.setdefault(key, answer)
    assert first.body == answer.body, f"{key} was answered in two ways"


def _request(run: Run) -> Submission:
    draw = run.draws.random()
    seller = run.draws.choice(SELLERS)
    if draw < 0.15 and run.sent:
        again = run.draws.choice(run.sent[-40:])
        now = run.exchange.market.clock.now()
        return again._replace(id=run.exchange.market.ids.new("req", now), received_at=now)
    if draw < 0.40:
        return submission(run.exchange, Kind.PING, PING, seller=seller)
    if draw < 0.70 and run.pinged:
        seller, ping_id = run.pinged.pop(run.draws.randrange(len(run.pinged)))
        made = submission(run.exchange, Kind.POST, {**_person(run), "ping_id": ping_id}, seller=seller, key=_key(run))
    else:
        kind = run.draws.choice((Kind.POST, Kind.DIRECT))
        made = submission(run.exchange, kind, _person(run), seller=seller, key=_key(run))
    run.sent.append(made)
    return made


def _person(run: Run) -> dict[str, str]:
    """Mostly somebody new; now and then somebody who was sent before, or with another answer than in the ping."""
    run.people += 1
    number = run.draws.randrange(run.people) if run.draws.random() < 0.1 else run.people
    fields = person(number)
    if run.draws.random() < 0.05:
        fields["monthly_bill"] = "301+"
    return fields


def _key(run: Run) -> str | None:
    return f"k{run.people}" if run.draws.random() < 0.6 else None


async def _beside(run: Run) -> None:
    """The worker's duties, top-ups, and operators who settle what waits."""
    market = run.exchange.market
    await refresh(market)
    duties: tuple[Any, ...] = (run_jobs, seal_chains, settle_silent, keep_counts, forget)
    for duty in run.draws.sample(duties, 2):
        await duty(market)
    if run.draws.random() < 0.2:
        buyer = run.draws.choice(sorted(market.deals.buyers)[:6])
        await top_up(market, buyer, usd("200"), f"wire {market.clock.now()}", OPERATOR)
    if run.draws.random() < 0.3:
        await _settle_some(run, 3)


async def _settle_some(run: Run, most: int) -> None:
    rows = await run.exchange.rows("SELECT id, reference FROM attempts WHERE state IN ('unclear', 'pending')")
    for row in run.draws.sample(rows, min(most, len(rows))):
        with suppress(CannotSettle):
            decision = Decision(run.buyers.truth.get(row["reference"], False), "they were asked")
            await settle(run.exchange.market, row["id"], decision, OPERATOR)


async def _settle_all(run: Run) -> None:
    """Until nothing waits any more: what was not taken may be sold again, and be unclear again."""
    waiting = "SELECT id FROM attempts WHERE state IN ('unclear', 'pending')"
    jobs = "SELECT id FROM jobs WHERE state IN ('waiting', 'running')"
    while await run.exchange.rows(waiting) or await run.exchange.rows(jobs):
        await _settle_some(run, 1_000_000)
        await run_jobs(run.exchange.market)
        await run.exchange.clock.sleep(60)
    while await seal_chains(run.exchange.market):
        pass
    assert [] == await run.exchange.rows("SELECT kind, last_error FROM jobs WHERE state = 'dead'")


async def _check_truth(run: Run) -> None:
    """Who took a lead paid for it, and who did not did not (but for contracts that say what silence means)."""
    rows = await run.exchange.rows("SELECT reference, state, buyer_id FROM attempts WHERE mode = 'live'")
    for row in rows:
        truth = run.buyers.truth.get(row["reference"])
        if truth is not None and row["buyer_id"] not in ("cobalt", "flint"):
            assert ("accepted" if truth else "rejected") == row["state"], row
