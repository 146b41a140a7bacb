"""A file of leads, sold row by row through the line. Each row carries a key made of the import and its number, so that
a row is never sold twice, however often the import is stopped, killed and taken up again.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Protocol

import orjson

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.import_desk import SameFile
from exchange.flows.market import Market
from exchange.flows.recover import recover_request
from exchange.flows.submit import submit
from exchange.flows.tell import tell_import
from exchange.log import logger
from exchange.model.actor import Actor
from exchange.model.batch import Record, RowResult
from exchange.model.hours import opens_at, read_hours
from exchange.model.importing import FILE, ImportRow, Move
from exchange.model.lead import Kind, Mode, Submission
from exchange.model.money import Money
from exchange.model.party import Campaign
from exchange.model.reason import Reason
from exchange.storage.database import StorageError
from exchange.storage.imports import (
    begin_import,
    begin_once,
    move_import,
    note_problem,
    requests_under_way,
    save_position,
)

AT_ONCE = 16  # rows under way: buyers answer them side by side
SAVE_ROWS = 100
SAVE_SECONDS = 1.0
CHANNEL = "import"
# Rows that may have been under way, or done and not noted, when an import was killed.
MAY_BE_BEGUN = 2 * (AT_ONCE + SAVE_ROWS)
FAILED = frozenset({"invalid", "rejected", "error"})
JUDGED_FROM = 50  # rows, before the share of failed ones may stop an import

_LOG = logger(__name__)


class Results(Protocol):
    """Where results go. `flush` makes them durable and says how many bytes there are in all."""

    def add(self, record: Record, result: RowResult) -> None: ...

    def flush(self) -> int: ...


class Halt:
    """Tells an import to stop before its next row, and why: `pause`, `cancel`, or `slice` when it goes on soon."""

    def __init__(self) -> None:
        self.why = ""
        self.problem: str | None = None
        self._set = asyncio.Event()

    def now(self, why: str, problem: str | None = None) -> None:
        """The first reason stands, but that what a person wants goes before the end of a slice."""
        if self.why in ("", "slice"):
            self.why, self.problem = why, problem
        self._set.set()

    def is_set(self) -> bool:
        return self._set.is_set()

    async def wait(self) -> None:
        await self._set.wait()


async def begin(
    market: Market,
    campaign_id: str,
    mode: Mode,
    file: str,
    file_hash: bytes,
    mapping: str,
    rate: str,
    actor: Actor,
    *,
    again: bool = False,
    sort: str = FILE,
    hours: str = "",
    stop_percent: int | None = None,
) -> ImportRow:
    """Note that a command imports a file. Nothing of it is sold yet. Raises `SameFile` unless it is meant to be sold
    `again`."""
    now = market.clock.now()
    row = ImportRow(
        market.ids.new("imp", now),
        campaign_id,
        mode.value,
        file,
        file_hash,
        mapping,
        rate,
        now,
        changed_at=now,
        made_by=actor.name,
        wanted="run",
        stop_percent=stop_percent,
        started_at=now,
        sort=sort,
        hours=hours,
    )
    line = audit_line(market.ids, now, actor, "import.begun", f"campaign:{campaign_id}", after={"import": row.id})
    if again:
        await market.db.write(begin_import, row, line)
    elif (earlier := await market.db.write(begin_once, row, line)) is not None:
        raise SameFile(earlier)
    return row


async def take_up(
    market: Market,
    import_id: str,
    rate: str | None = None,
    hours: str | None = None,
    stop_percent: int | None = None,
) -> bool:
    """Go on with a command's import that stopped; what is None is as it was. False when somebody ended it meanwhile."""
    move = Move(("running", "paused"), "running", "run", rate, stop_percent, hours=hours)
    return await market.db.write(move_import, import_id, move, market.clock.now())


async def stopped(market: Market, job: ImportRow, halt: Halt) -> ImportRow:
    """Put down why a command's import stopped before its end. One that ended is as it was."""
    if job.state == "done":
        return job
    state = "cancelled" if halt.why == "cancel" else "paused"
    now = market.clock.now()
    over = tell_import(market, job, state, now) if state == "cancelled" else ()
    await market.db.write(move_import, job.id, Move(("running",), state), now, None, *over)
    if halt.problem is not None:
        await market.db.write(note_problem, job.id, halt.problem)
    return replace(job, state=state, problem=halt.problem)


def opens(market: Market, job: ImportRow) -> int:
    """When its rows may be sold: now, unless it has hours and this is none of them."""
    now, hours = market.clock.now(), read_hours(job.hours)
    return now if hours is None else opens_at(hours, market.zone, now)


async def finish_interrupted(market: Market, job: ImportRow, order: Sequence[int] | None = None) -> int:
    """End what a killed import left under way. Only for an import that nobody runs. Returns how many rows it was.
    `order` are the numbers of its rows as they are sold, where that is not as they stand in the file.
    """
    campaign = market.deals.campaigns[job.campaign_id]
    numbers: Sequence[int] = range(job.next_row, job.next_row + MAY_BE_BEGUN)
    if order is not None:
        numbers = order[job.done_rows : job.done_rows + MAY_BE_BEGUN]
    keys = [f"key:{_key(job, number)}" for number in numbers]
    rows = await market.db.read(requests_under_way, campaign.seller_id, Kind.DIRECT.value, keys)
    for request in rows:
        await recover_request(market, request, market.doors.write)
    return len(rows)


async def run_import(
    market: Market,
    job: ImportRow,
    records: Iterator[Record],
    results: Results,
    *,
    per_second: float,
    halt: Halt,
    on_row: Callable[[int, Mapping[str, int]], None] = lambda _, __: None,
    more: bool = False,
    is_open: Callable[[], bool] = lambda: True,
) -> ImportRow:
    """Sell rows until there are no more or `halt` is told; then what is under way ends. Returns how far it came.

    The position is saved every second, after the results before it are durable; what is wanted of the import is read
    with it. `more`: there are rows after these. Once it `is_open` no longer, no row begins. Raises `StorageError` when
    the database fails; the import can be taken up again.
    """
    place = _Place(market, job, results, halt)
    pace = _Pace(market, per_second)
    window: deque[tuple[Record, asyncio.Task[RowResult]]] = deque()
    finished = False
    try:
        for record in records:
            if not await pace.wait(halt):
                break
            if not is_open():
                halt.now("slice")
                break
            window.append((record, asyncio.create_task(_sell(market, job, record))))
            while window and (window[0][1].done() or len(window) >= AT_ONCE):
                await place.take(*window.popleft())
                on_row(place.job.done_rows, place.job.counts)
        else:
            finished = True
        while window:
            await place.take(*window.popleft())
            on_row(place.job.done_rows, place.job.counts)
    finally:
        for _, task in window:
            task.cancel()
        await asyncio.gather(*(task for _, task in window), return_exceptions=True)
    await place.save("done" if finished and not more else "running")
    return place.job


class _Place:
    """How far an import has come: results in the order of the rows, and the position that is saved after them."""

    def __init__(self, market: Market, job: ImportRow, results: Results, halt: Halt) -> None:
        self._market, self.job, self._results, self._halt = market, job, results, halt
        self._currency = market.deals.campaigns[job.campaign_id].currency
        self._unsaved = 0
        self._saved_at = market.clock.monotonic()

    async def take(self, record: Record, task: asyncio.Task[RowResult]) -> None:
        result = await task
        self._results.add(record, result)
        counts = Counter(self.job.counts)
        counts[result.status] += 1
        payout = Money.parse(result.price, self._currency).units if result.price else 0
        self.job = replace(
            self.job,
            next_row=record.number + 1 if self.job.sort == FILE else self.job.next_row + 1,
            counts=dict(counts),
            payout_units=self.job.payout_units + payout,
        )
        self._unsaved += 1
        self._check_share()
        late = self._market.clock.monotonic() - self._saved_at >= SAVE_SECONDS
        if self._unsaved >= SAVE_ROWS or late:
            await self.save("running")

    async def save(self, state: str) -> None:
        self.job = replace(self.job, result_bytes=self._results.flush(), state=state)
        now = self._market.clock.now()
        over = tell_import(self._market, self.job, state, now) if state == "done" else ()
        wanted = await self._market.db.write(save_position, self.job, now, over)
        if wanted in ("pause", "cancel"):
            self._halt.now(wanted)
        self._unsaved, self._saved_at = 0, self._market.clock.monotonic()

    def _check_share(self) -> None:
        """Stop a file that mostly fails before all of it did."""
        done, most = sum(self.job.counts.values()), self.job.stop_percent
        failed = sum(self.job.counts.get(status, 0) for status in FAILED)
        if most is not None and done >= JUDGED_FROM and failed * 100 > most * done:
            told = f"{failed:,} of {done:,} rows were refused, more than {most}%. Look at the result before going on."
            self._halt.now("pause", told)


class _Pace:
    """Lets rows go at a steady rate; 0 lets them go as they come."""

    def __init__(self, market: Market, per_second: float) -> None:
        self._clock, self._per_second = market.clock, per_second
        self._next = self._clock.monotonic()

    async def wait(self, halt: Halt) -> bool:
        """False when it is time to stop."""
        if self._per_second and not halt.is_set():
            ahead = self._next - self._clock.monotonic()
            self._next = max(self._next, self._clock.monotonic()) + 1 / self._per_second
            if ahead > 0:
                await sleep_or(halt, self._clock.sleep(ahead))
        return not halt.is_set()


async def sleep_or(halt: Halt, sleep: Awaitable[None]) -> None:
    """Sleep, but not past `halt`."""
    sleeping = asyncio.ensure_future(sleep)
    stopping = asyncio.ensure_future(halt.wait())
    await asyncio.wait([sleeping, stopping], return_when=asyncio.FIRST_COMPLETED)
    sleeping.cancel()
    stopping.cancel()
    await asyncio.gather(sleeping, stopping, return_exceptions=True)


async def _sell(market: Market, job: ImportRow, record: Record) -> RowResult:
    if record.fields is None:
        return RowResult("invalid", Reason.BAD_REQUEST.slug, errors=record.problems)
    campaign = market.deals.campaigns[job.campaign_id]
    submission = row_submission(market, campaign, Mode(job.mode), record, _key(job, record.number))
    told = f"row {record.number:,} of {PurePath(job.file_name).name}"
    submission = submission._replace(channel=job.channel, came_by=(told,))
    try:
        return read_result((await submit(submission, market, market.doors.write)).body)
    except StorageError:
        raise
    except Exception as error:
        _LOG.error("A row of an import failed", request=submission.id, error=type(error).__name__, exc_info=error)
        return RowResult("error", Reason.INTERNAL.slug)


def _key(job: ImportRow, number: int) -> str:
    return f"{job.id}:{number}"


def row_submission(market: Market, campaign: Campaign, mode: Mode, record: Record, key: str | None) -> Submission:
    """A row as a request that asks for ping and post in one call."""
    assert record.fields is not None
    now = market.clock.now()
    return Submission(
        id=market.ids.new("req", now),
        seller_id=campaign.seller_id,
        campaign_id=campaign.id,
        mode=mode,
        kind=Kind.DIRECT,
        channel=CHANNEL,
        fields=record.fields,
        raw=orjson.dumps(dict(record.fields)),
        content_type="application/json",
        answer_format="json",
        remote_ip="",
        key_id=CHANNEL,
        idempotency_key=key,
        received_at=now,
        month=month_of(now),
    )


def read_result(body: bytes) -> RowResult:
    """A seller's answer as the result of a row."""
    answer = orjson.loads(body)
    errors = tuple(f"{each['field']} {each['code']}: {each['message']}" for each in answer.get("errors", ()))
    return RowResult(
        str(answer.get("status", "error")),
        str(answer.get("reason", "")),
        str(answer.get("lead_id", "")),
        str(answer.get("price", "")),
        errors,
    )
