"""Held imports at work: durable jobs that sell a file in slices, and one that reads it without selling.

A slice ends after twenty seconds, so that the lease of its job never runs out and another process takes a file up soon
after the one that sold it died.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from types import MappingProxyType
from typing import TypeVar

from exchange.flows.dry_run import dry_run
from exchange.flows.estimate import open_estimator
from exchange.flows.import_desk import columns_of, parse_rate
from exchange.flows.import_files import FileGone, forget_unbegun, held_file, held_results
from exchange.flows.import_order import TAKEN_AT_ONCE, order_of, taken
from exchange.flows.imports import Halt, finish_interrupted, opens, run_import
from exchange.flows.job_ends import ComeBack, Ended
from exchange.flows.market import Market
from exchange.flows.sealed_file import InUse
from exchange.flows.tell import tell_import
from exchange.log import logger
from exchange.model.batch import Record
from exchange.model.importing import FILE, ImportRow
from exchange.model.lead import Mode
from exchange.model.party import State
from exchange.model.work import JobRow
from exchange.storage.imports import (
    find_import,
    note_problem,
    obey,
    save_check,
)
from exchange.vault import VaultError

SLICE_SECONDS = 20
CHECK_LEASE_MS = 600_000  # half a million rows
_LOOK_SECONDS = 1.0
_ELSEWHERE_MS = 5_000
_STATES: Mapping[str, str] = MappingProxyType({"pause": "paused", "cancel": "cancelled"})

_LOG = logger(__name__)
Opened = TypeVar("Opened")


async def work_import(market: Market, payload: Mapping[str, object]) -> Ended | None:
    """Sell the next slice of an import, or what a killed process left of one."""
    row = await _find(market, payload, "running")
    if row is None:
        return Ended.UNASKED
    halt = Halt()
    if row.wanted == "run" and (until := opens(market, row)) > market.clock.now():
        raise ComeBack(min(until, market.clock.now() + _ELSEWHERE_MS))  # soon, for whoever pauses it meanwhile
    if row.wanted == "run" and (closed := _closed(market, row)):
        halt.now("pause", closed)
    elif row.wanted == "run":
        selling = asyncio.create_task(_sell_slice(market, row, halt))
        try:
            await asyncio.shield(selling)
        except asyncio.CancelledError:  # the exchange stops: no row is left half sold for that
            halt.now("slice")
            await selling
            raise
        if (await selling).state == "done":
            return None
    else:
        halt.now(row.wanted or "pause")
    await _ended(market, row, halt)
    return None


async def _ended(market: Market, row: ImportRow, halt: Halt) -> None:
    """Put down why it stopped; when that no longer holds, it goes on."""
    now = market.clock.now()
    if halt.problem is not None:  # nobody asked for this stop
        if await market.db.write(obey, row.id, "run", "paused", halt.problem, now):
            return
    elif halt.why in _STATES:
        over = await _over(market, row, now) if halt.why == "cancel" else ()
        if await market.db.write(obey, row.id, halt.why, _STATES[halt.why], None, now, over):
            return
    raise ComeBack(now)


async def _over(market: Market, row: ImportRow, now: int) -> tuple[JobRow, ...]:
    """The news of an import that was cancelled at work, with all that it had sold by then."""
    last = await market.db.write(find_import, row.id)
    return tell_import(market, last or row, "cancelled", now)


async def _sell_slice(market: Market, row: ImportRow, halt: Halt) -> ImportRow:
    results = await _opened(market, row, held_results)
    try:
        order = await order_of(market, row) if row.sort != FILE else None
        await finish_interrupted(market, row, order)
        rows = await (_rows(market, row) if order is None else _rows_in_order(market, row, order))
        more = order is not None and row.done_rows + TAKEN_AT_ONCE < len(order)
        watching = asyncio.create_task(_watch(market, row, halt))
        try:
            per_second = parse_rate(row.per_second) or 0.0
            return await run_import(market, row, rows, results, per_second=per_second, halt=halt, more=more)
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
    finally:
        results.close()


async def _watch(market: Market, row: ImportRow, halt: Halt) -> None:
    """End the slice in time, and sooner when something else is wanted of the import."""
    for _ in range(int(SLICE_SECONDS / _LOOK_SECONDS)):
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await halt.wait()
                return
        now = await market.db.read(find_import, row.id)
        if closed := _closed(market, row):
            halt.now("pause", closed)
        if opens(market, row) > market.clock.now():
            break
        if now is not None and now.wanted is not None and now.wanted in _STATES:
            halt.now(now.wanted)
    halt.now("slice")


def _closed(market: Market, row: ImportRow) -> str | None:
    """Why every row would be refused now: better it waits. None when the campaign takes leads."""
    campaign = market.deals.campaigns.get(row.campaign_id)
    if campaign is None or campaign.state is State.DELETED:
        return "Its campaign is gone."
    seller = market.deals.sellers[campaign.seller_id]
    if State.PAUSED in (campaign.state, seller.state):
        return "Its campaign or seller is paused. Go on when leads are taken again."
    return None


async def _rows(market: Market, row: ImportRow) -> Iterator[Record]:
    """The rows that are left. Those before them are skipped in a thread, which takes a while in a large file."""
    file = await _opened(market, row, held_file)
    assert row.layout is not None
    rows = market.doors.records(file, row.layout, columns_of(row), row.done_rows)
    first = await asyncio.to_thread(next, rows, None)
    return chain(() if first is None else (first,), rows)


async def _rows_in_order(market: Market, row: ImportRow, order: Sequence[int]) -> Iterator[Record]:
    """The next rows in the order in which they are sold, picked out of the file in a thread."""
    file = await _opened(market, row, held_file)
    assert row.layout is not None
    records = market.doors.records(file, row.layout, columns_of(row), 0)
    numbers = order[row.done_rows : row.done_rows + TAKEN_AT_ONCE]
    return iter(await asyncio.to_thread(taken, records, numbers))


async def check_import(market: Market, payload: Mapping[str, object]) -> Ended | None:
    """Read the whole file as an import would, and keep what was found."""
    row = await _find(market, payload, "checking")
    if row is None:
        return Ended.UNASKED
    if row.wanted == "check":
        file = await _opened(market, row, held_file)
        assert row.layout is not None
        campaign = market.deals.campaigns[row.campaign_id]
        estimator = await open_estimator(market, campaign, Mode(row.mode))
        progress = _Checked(market, row)
        rows = market.doors.records(file, row.layout, columns_of(row), 0)
        found = await dry_run(market, campaign, Mode(row.mode), rows, progress.at, estimator)
        if not progress.cancelled:
            await market.db.write(save_check, row.id, found.rows, found.as_report(), market.clock.now())
            return None
    await market.db.write(obey, row.id, "cancel", "cancelled", None, market.clock.now())
    await forget_unbegun(market, row.id)
    return None


class _Checked:
    """Notes every second how many rows a dry run has read, and hears whether it is still wanted."""

    def __init__(self, market: Market, row: ImportRow) -> None:
        self._market, self._row = market, row
        self._told_at = market.clock.monotonic()
        self.cancelled = False

    async def at(self, rows: int) -> bool:
        """False when nobody wants to know any more."""
        now = self._market.clock.monotonic()
        if now - self._told_at >= _LOOK_SECONDS:
            self._told_at = now
            at = self._market.clock.now()
            self.cancelled = await self._market.db.write(save_check, self._row.id, rows, None, at) == "cancel"
        return not self.cancelled


async def _find(market: Market, payload: Mapping[str, object], state: str) -> ImportRow | None:
    row = await market.db.read(find_import, str(payload["import"]))
    return row if row is not None and row.state == state and row.held else None


async def _opened(market: Market, row: ImportRow, open_it: Callable[[Market, ImportRow], Opened]) -> Opened:
    """What the job needs, or the job comes again: another node may have it, or another process hold it."""
    try:
        return open_it(market, row)
    except InUse:
        raise ComeBack(market.clock.now() + _ELSEWHERE_MS) from None
    except (FileGone, OSError, VaultError) as error:
        told = str(error) if isinstance(error, FileGone) else "Its file cannot be opened."
        _LOG.warning("An import's file cannot be opened", kind=type(error).__name__, job=row.id)
        await market.db.write(note_problem, row.id, told)
        raise ComeBack(market.clock.now() + _ELSEWHERE_MS) from None
