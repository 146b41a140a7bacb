"""Time. This file alone asks the system for it; everything else is handed `now` or a `Clock`."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

_DAY_MS = 86_400_000


class Clock(Protocol):
    def now(self) -> int:
        """Epoch milliseconds, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump, for durations and deadlines."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    monotonic = staticmethod(time.monotonic)  # asked some sixty times for one lead

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SimulatedClock:
    """A clock that moves only when told to, or when the simulated loop jumps: for the demo's history and for tests.

    Those who sleep at the same time sleep beside each other, as they would on any other clock.
    """

    def __init__(self, now: int = 1_795_000_000_000) -> None:
        self._now = float(now)
        self._asleep: list[float] = []

    def now(self) -> int:
        return int(self._now)

    def monotonic(self) -> float:
        return self._now / 1000

    def advance(self, seconds: float) -> None:
        assert seconds >= 0
        self._now += seconds * 1000

    def set(self, now: int) -> None:
        self._now = float(now)

    async def sleep(self, seconds: float) -> None:
        """Time jumps to the earliest moment that anybody sleeps to, once all who begin now have begun."""
        assert seconds >= 0
        until = self._now + seconds * 1000
        self._asleep.append(until)
        try:
            await asyncio.sleep(0)
            while min(self._asleep) < until:  # noqa: ASYNC110 - it waits for tasks that are awake, not for an event
                await asyncio.sleep(0)
        finally:
            self._asleep.remove(until)
        self._now = max(self._now, until)


class SetClock(SimulatedClock):
    """`now` stands where it was set; durations are the system's: for replays, and demos that stand still."""

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class FrozenClock(SetClock):
    """One that nobody ever sets again: for a demo that stands still, where `later` would be never."""


def due_at(clock: Clock, now: int, wait_ms: int) -> int:
    """When something is due that waits so long by this clock: at once where no time goes by."""
    return now if isinstance(clock, FrozenClock) else now + wait_ms


def told_by_hand(clock: Clock) -> bool:
    """Whether its durations are told, too: then they say nothing of how long the machine took."""
    return isinstance(clock, SimulatedClock) and not isinstance(clock, SetClock)


def month_of(now: int) -> str:
    """The UTC month of an instant, `2026-11`: part of the key of everything that grows."""
    return _month_of_day(now // _DAY_MS)


@lru_cache(maxsize=64)
def _month_of_day(day: int) -> str:
    return datetime.fromtimestamp(day * _DAY_MS / 1000, UTC).strftime("%Y-%m")
