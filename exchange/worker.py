"""What happens beside requests: taking up changes, durable jobs, sealing the chains, recovery, retention."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from exchange.flows.jobs import ASK_OUTCOME, POSTBACK, RESELL, RETURN_TEST, SETTLE_TEST
from exchange.flows.market import Market, refresh
from exchange.flows.postback import send_postback
from exchange.flows.reconcile import reconcile
from exchange.flows.recover import Write, recover
from exchange.flows.resell import resell
from exchange.flows.retain import forget
from exchange.flows.settle import settle_by_rule
from exchange.flows.test_leads import return_test_lead, settle_test_lead
from exchange.model.actor import SYSTEM
from exchange.storage.chain import Chain, seal
from exchange.storage.database import Row
from exchange.storage.jobs import end_job, lease_jobs, retry_job
from exchange.storage.reports import roll_up
from exchange.storage.selling import unsettled_attempts

_LOG = logging.getLogger("exchange.worker")
_LEASE_MS = 60_000
STALE_MS = 90_000  # longer than any request may run: what is older and unanswered belongs to a dead process
_RETRY_MS = (5_000, 30_000, 120_000, 600_000, 3_600_000, 10_800_000)

Run = Callable[[Market, Mapping[str, object]], Awaitable[None]]


def runners() -> Mapping[str, Run]:
    """Every kind of durable job, and what runs it."""
    return {
        ASK_OUTCOME: reconcile,
        POSTBACK: send_postback,
        RESELL: resell,
        SETTLE_TEST: settle_test_lead,
        RETURN_TEST: return_test_lead,
    }


@dataclass(frozen=True, slots=True)
class Duty:
    """Something done every so often."""

    name: str
    every_seconds: float
    do: Callable[[Market], Awaitable[object]]


def duties(write: Write) -> tuple[Duty, ...]:
    async def take_up(market: Market) -> None:
        await recover(market, market.clock.now() - STALE_MS, write)

    return (
        Duty("refresh", 0.5, refresh),
        Duty("jobs", 0.5, run_jobs),
        Duty("seal", 1.0, seal_chains),
        Duty("settle by rule", 10.0, settle_silent),
        Duty("recover", 30.0, take_up),
        Duty("roll up", 60.0, roll_up_hours),
        Duty("forget", 3_600.0, forget),
    )


async def work(market: Market, write: Write) -> None:
    """All duties until cancelled. A duty that fails is logged and tried again at its next turn."""
    async with asyncio.TaskGroup() as group:
        for duty in duties(write):
            group.create_task(_repeat(market, duty))


async def _repeat(market: Market, duty: Duty) -> None:
    while True:
        await market.clock.sleep(duty.every_seconds)
        try:
            await duty.do(market)
        except Exception as error:
            _LOG.error("%s failed: %s", duty.name, type(error).__name__)


async def run_jobs(market: Market) -> int:
    """Run what is due, every queue on its own. Returns how many ran."""
    jobs = await market.db.write(lease_jobs, market.clock.now(), _LEASE_MS, 20)
    await asyncio.gather(*(_run(market, job) for job in jobs))
    return len(jobs)


async def _run(market: Market, job: Row) -> None:
    run = runners().get(job["kind"])
    try:
        if run is None:
            raise LookupError(f"no such job: {job['kind']}")
        await run(market, json.loads(job["payload"]))
    except Exception as error:
        now = market.clock.now()
        wait_ms = _RETRY_MS[min(job["attempts"], len(_RETRY_MS)) - 1]
        wait_ms += int(wait_ms * 0.2 * market.ids.draw())
        _LOG.warning("job %s (%s) failed: %s", job["id"], job["kind"], type(error).__name__)
        await market.db.write(retry_job, job["id"], f"{type(error).__name__}: {error}", now + wait_ms, now)
    else:
        await market.db.write(end_job, job["id"], market.clock.now())


async def seal_chains(market: Market) -> int:
    """Seal what waits, in both chains, a bounded number of rows at once."""
    return sum([await market.db.write(seal, chain) for chain in Chain])


async def settle_silent(market: Market) -> int:
    """Unclear posts whose contract says what silence means."""
    attempts = await market.db.write(unsettled_attempts, market.clock.now())
    for attempt in attempts:
        try:
            await settle_by_rule(market, attempt, SYSTEM)
        except Exception as error:  # one that cannot be settled must not keep the others waiting
            _LOG.error("delivery %s was not settled by rule: %s", attempt["id"], type(error).__name__)
    return len(attempts)


async def roll_up_hours(market: Market) -> None:
    await market.db.write(roll_up, market.clock.now())
