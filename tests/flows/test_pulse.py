"""What nobody would see otherwise: a clock that is set, a loop that is held, jobs that nobody takes up."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from exchange.flows.health import beat, health, look_at_queues
from exchange.model.work import JobRow
from exchange.storage.jobs import add_job
from tests.flows.lab import later
from tests.market import NOW, Exchange


class SetByHand:
    """A machine whose clock somebody sets."""

    def __init__(self) -> None:
        self.wall, self.seconds = NOW, 100.0

    def now(self) -> int:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)

    def pass_by(self, seconds: float, set_ms: int = 0) -> None:
        self.seconds += seconds
        self.wall += int(seconds * 1000) + set_ms


@pytest.mark.parametrize("set_ms", [7_000, -7_000])
async def test_a_clock_that_was_set_is_told_and_one_that_drifts_is_not(
    exchange: Exchange, caplog: pytest.LogCaptureFixture, set_ms: int
) -> None:
    clock = SetByHand()
    market = replace(exchange.market, clock=clock)
    for moved in (0, 400, -400):
        clock.pass_by(1.0, moved)
        await beat(market)
    assert [] == caplog.messages
    clock.pass_by(1.0, set_ms)
    await beat(market)

    assert ["The clock of this machine was set"] == caplog.messages
    assert (True, 0) == ((told := await health(market))[0], told[1]["loop_held_ms"])


async def test_a_loop_that_was_held_is_told_for_a_minute(exchange: Exchange, caplog: pytest.LogCaptureFixture) -> None:
    clock = SetByHand()
    market = replace(exchange.market, clock=clock)
    for seconds in (1.0, 1.0, 3.0):
        clock.pass_by(seconds)
        await beat(market)

    assert ["Something held the loop"] == caplog.messages
    assert 2_000 == (await health(market))[1]["loop_held_ms"]
    for _ in range(60):
        clock.pass_by(1.0)
        await beat(market)
    assert 0 == (await health(market))[1]["loop_held_ms"]


async def test_a_replay_on_a_clock_of_its_own_holds_no_loop(
    exchange: Exchange, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        later(exchange, 3_600)
        await beat(exchange.market)

    assert [] == caplog.messages
    assert 0 == (await health(exchange.market))[1]["loop_held_ms"]


async def test_work_that_piles_up_is_told(either: Exchange, caplog: pytest.LogCaptureFixture) -> None:
    market = either.market
    assert 0 == (await health(market))[1]["oldest_job_seconds"]
    await market.db.write(add_job, JobRow("job_1", "q", "unheard_of", "{}", NOW, NOW, None))
    later(either, 60)
    await look_at_queues(market)
    assert [] == caplog.messages
    later(either, 1)
    await look_at_queues(market)

    assert 61 == (await health(market))[1]["oldest_job_seconds"]
    assert ["Jobs are not taken up in time"] == caplog.messages
