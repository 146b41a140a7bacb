"""A command's import at work: its rows in their order, some thousands at a time, and only at its hours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from exchange.flows.import_desk import parse_rate
from exchange.flows.import_order import TAKEN_AT_ONCE, order_of, packed, sorted_numbers, taken
from exchange.flows.imports import Halt, Results, finish_interrupted, opens, run_import, sleep_or
from exchange.flows.market import Market
from exchange.model.batch import Record
from exchange.model.importing import FILE, ImportRow
from exchange.storage.import_orders import drop_order, save_order
from exchange.storage.imports import find_import

_ASK_SECONDS = 30.0  # between two looks whether an import that waits was cancelled
_OVER = ("pause", "cancel")


@dataclass(slots=True)
class Stretches:
    """An import that one process works. `records` begins a file behind so many rows; the rest hears of progress."""

    market: Market
    records: Callable[[int], Iterator[Record]]
    results: Results
    on_row: Callable[[int, Mapping[str, int]], None]
    on_sorted: Callable[[int], None]
    on_wait: Callable[[int], None]
    halt: Halt = field(default_factory=Halt)

    def pause(self) -> None:
        """Stop before the next row."""
        self.halt.now("pause")

    async def sell(self, job: ImportRow) -> ImportRow:
        """Sell what is left. Ends early when it is paused or cancelled; `halt` says which. Returns how far it came."""
        order: Sequence[int] | None = None
        if job.sort != FILE and (order := await self._ordered(job)) is None:
            return job
        await finish_interrupted(self.market, job, order)
        while await self._may_sell(job):
            job = await self._stretch(job, order)
            if job.state == "done" or self.halt.why in _OVER:
                break
            self.halt = Halt()
        if order is not None and (job.state == "done" or self.halt.why == "cancel"):
            await self.market.db.write(drop_order, job.id)
        return job

    async def _ordered(self, job: ImportRow) -> Sequence[int] | None:
        """The order it began with, or one that is worked out now; None when it is stopped meanwhile."""
        if (kept := await order_of(self.market, job)) is not None:
            return kept

        async def go_on(count: int) -> bool:
            self.on_sorted(count)
            return not self.halt.is_set()

        order = await sorted_numbers(self.market, job, self.records(0), go_on)
        if order is not None:
            await self.market.db.write(save_order, job.id, packed(order))
        return order

    async def _may_sell(self, job: ImportRow) -> bool:
        """Wait for its hours. False when it is stopped before they come."""
        told = False
        while (until := opens(self.market, job)) > self.market.clock.now() and not self.halt.is_set():
            if not told:
                self.on_wait(until)
                told = True
            await sleep_or(
                self.halt, self.market.clock.sleep(min((until - self.market.clock.now()) / 1000, _ASK_SECONDS))
            )
            now = await self.market.db.read(find_import, job.id)
            if now is not None and now.wanted in _OVER:
                self.halt.now(str(now.wanted))
        return not self.halt.is_set()

    async def _stretch(self, job: ImportRow, order: Sequence[int] | None) -> ImportRow:
        more = order is not None and job.done_rows + TAKEN_AT_ONCE < len(order)
        if order is None:
            rows = self.records(job.done_rows)
        else:
            numbers = order[job.done_rows : job.done_rows + TAKEN_AT_ONCE]
            rows = iter(await asyncio.to_thread(taken, self.records(0), numbers))
        return await run_import(
            self.market,
            job,
            rows,
            self.results,
            per_second=parse_rate(job.per_second) or 0.0,
            halt=self.halt,
            on_row=self.on_row,
            more=more,
            is_open=lambda: opens(self.market, job) <= self.market.clock.now(),
        )
