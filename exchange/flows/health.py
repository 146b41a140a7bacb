"""Whether this process can do its work: read, and after a full disk write again; and how it keeps up."""

from __future__ import annotations

import asyncio

from exchange import __version__
from exchange.clock import SimulatedClock, told_by_hand
from exchange.flows.market import Market
from exchange.flows.pulse import HELD_MS, JUMP_MS
from exchange.log import logger
from exchange.storage.database import StorageError
from exchange.storage.parties import read_version, touch_version
from exchange.storage.queues import oldest_due

_SECONDS = 2.0
_OLD_SECONDS = 60
_LOG = logger(__name__)


async def health(market: Market) -> tuple[bool, dict[str, object]]:
    """True and what to tell, or False with what is wrong in one word."""
    told: dict[str, object] = {"status": "ok", "version": __version__}
    try:
        async with asyncio.timeout(_SECONDS):
            await market.db.read(read_version)
            told |= {"loop_held_ms": market.live.pulse.held_ms, "oldest_job_seconds": await oldest_job_seconds(market)}
            if market.live.storage_full:
                await market.db.write(touch_version)
                market.live.storage_full = False
    except (StorageError, TimeoutError):
        return False, {**told, "status": "storage_down"}
    return True, told


async def beat(market: Market) -> None:
    """Once a second: was the loop held, and was the clock set? That moves caps and schedules, never a deadline.

    A clock that is told its time by hand jumps over hours: it cannot say.
    """
    if told_by_hand(market.clock):
        return
    found = market.live.pulse.beat(market.clock.now(), market.clock.monotonic())
    if found.held_ms > HELD_MS:
        _LOG.warning("Something held the loop", took_ms=found.held_ms)
    if abs(found.set_ms) > JUMP_MS and not isinstance(market.clock, SimulatedClock):
        _LOG.warning("The clock of this machine was set", seconds=round(found.set_ms / 1000))


async def oldest_job_seconds(market: Market) -> int:
    """How long the job has waited that should have begun first; 0 when none is due. Queues that rest do not count."""
    now = market.clock.now()
    due = await market.db.read(oldest_due, now)
    return (now - due) // 1000 if due is not None else 0


async def look_at_queues(market: Market) -> None:
    """Say so when work piles up while nobody looks."""
    if (seconds := await oldest_job_seconds(market)) > _OLD_SECONDS:
        _LOG.error("Jobs are not taken up in time", seconds=seconds)
