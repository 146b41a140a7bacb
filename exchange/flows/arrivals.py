"""Every request leaves a row: those that end at the door are written many at once, so that a flood of them is cheap."""

from __future__ import annotations

import asyncio

from exchange import limits
from exchange.log import logger
from exchange.model.work import AnswerRow, RequestRow
from exchange.storage.arrivals import Arrival, save_arrivals
from exchange.storage.database import Db

_LOG = logger(__name__)


class Arrivals:
    """Collects rows while a batch is being written, and writes them with the next one."""

    def __init__(self, db: Db, most: int = limits.ARRIVALS_WAITING) -> None:
        self._db = db
        self._most = most
        self._waiting: list[tuple[Arrival, asyncio.Future[bool] | None]] = []
        self._writing: asyncio.Task[None] | None = None
        self.lost = 0  # rows that could not be kept, since the start

    async def keep(self, request: RequestRow, answer: AnswerRow) -> bool:
        """Store a row; True once it is durable, False when the storage took it not."""
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._add((request, answer), stored)
        return await stored

    def note(self, request: RequestRow, answer: AnswerRow) -> None:
        """Store a row soon, without waiting: for answers that must be quick because there is too much to do."""
        self._add((request, answer), None)

    async def close(self) -> None:
        """Wait until everything is written."""
        while self._writing is not None:
            await self._writing

    def _add(self, arrival: Arrival, stored: asyncio.Future[bool] | None) -> None:
        if len(self._waiting) >= self._most:
            self.lost += 1
            if stored is not None:
                stored.set_result(False)
            return
        self._waiting.append((arrival, stored))
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[: limits.GROUP_UNITS]
                del self._waiting[: limits.GROUP_UNITS]
                kept = await self._store([arrival for arrival, _ in batch])
                for _, stored in batch:
                    if stored is not None and not stored.done():
                        stored.set_result(kept)
        finally:
            self._writing = None

    async def _store(self, arrivals: list[Arrival]) -> bool:
        try:
            await self._db.write(save_arrivals, arrivals)
        except Exception as error:  # whatever it is, those who wait for their rows must be answered
            self.lost += len(arrivals)
            _LOG.error("Rows of refused requests were not stored", count=len(arrivals), exc_info=error)
            return False
        return True
