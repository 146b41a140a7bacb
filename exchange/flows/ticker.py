"""What moves on pages that are open: one look a second, shared by all of them, at what any process or node wrote.

Nobody looks while no page is open. A page that reads slowly misses ticks and never holds the others up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from exchange.flows.market import Market
from exchange.model.actor import SYSTEM
from exchange.storage.alerts import count_open
from exchange.storage.dashboard import waiting_for_people
from exchange.storage.database import StorageError
from exchange.storage.recent import buyers_sold_to, newest_leads

TICK_SECONDS = 1.0
SILENT_SECONDS = 15.0  # then a page is told that nothing happened, so that nobody on the way hangs up
_WATCHED = 300  # newest leads looked at each time
_WAITING = 4  # ticks kept for a page that reads slowly
_UNDER_WAY = frozenset({"open", "selling"})


class Moved(NamedTuple):
    """A lead that came or went on, as far as pages of figures need it."""

    id: str
    mode: str
    seller_id: str
    state: str
    buyers: tuple[str, ...]

    @property
    def fields(self) -> dict[str, Any]:
        return {"id": self.id, "seller": self.seller_id, "state": self.state, "buyers": list(self.buyers)}


class Tick(NamedTuple):
    """What changed since the tick before: leads; and whether the deals, the alerts or what waits for people did."""

    at: int
    leads: tuple[Moved, ...]
    version: int
    alerts: int
    waiting: tuple[int, ...]

    def of_mode(self, mode: str) -> tuple[Moved, ...]:
        return tuple(lead for lead in self.leads if lead.mode == mode)


class Ticker:
    """One for each process."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._pages: set[asyncio.Queue[Tick | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()

    @property
    def pages(self) -> int:
        """How many pages listen."""
        return len(self._pages)

    async def ticks(self) -> AsyncIterator[Tick | None]:
        """Each tick in which something changed; None after a while without any. Ends when the process stops."""
        queue: asyncio.Queue[Tick | None] = asyncio.Queue(_WAITING)
        self._pages.add(queue)
        if self._task is None:
            self._task = asyncio.create_task(self._look())
        try:
            while not self._ended.is_set():
                try:
                    async with asyncio.timeout(SILENT_SECONDS):
                        tick = await queue.get()
                except TimeoutError:
                    yield None
                    continue
                if tick is None:
                    return
                yield tick
        finally:
            self._pages.discard(queue)
            if not self._pages and self._task is not None:
                self._task.cancel()
                self._task = None

    def close(self) -> None:
        """Every page's stream ends now."""
        self._ended.set()
        for queue in self._pages:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    async def _look(self) -> None:
        seen: Mapping[str, str] | None = None
        was: tuple[int, int, tuple[int, ...]] | None = None
        while not self._ended.is_set():
            with suppress(StorageError):  # it is told where it matters; here the next look may find it well again
                seen, tick = await self._next(seen)
                now = (tick.version, tick.alerts, tick.waiting)
                if tick.leads or now != was:
                    self._tell(tick)
                was = now
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._ended.wait()

    async def _next(self, seen: Mapping[str, str] | None) -> tuple[Mapping[str, str], Tick]:
        market = self._market
        now = market.clock.now()
        rows = await market.db.read(newest_leads, SYSTEM, _WATCHED)
        states = {row["id"]: row["state"] for row in rows}
        fresh = [row for row in rows if seen is not None and seen.get(row["id"]) != row["state"]]
        sold = [row["id"] for row in fresh if row["state"] == "sold"]
        buyers = await market.db.read(buyers_sold_to, sold)
        leads = tuple(
            Moved(row["id"], row["mode"], row["seller_id"], row["state"], tuple(buyers.get(row["id"], ())))
            for row in fresh
            if row["state"] not in _UNDER_WAY
        )
        alerts, waiting = await market.db.read(count_open, now), await market.db.read(waiting_for_people)
        return states, Tick(now, leads, market.deals.version, alerts, waiting)

    def _tell(self, tick: Tick) -> None:
        for queue in self._pages:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(tick)
