"""The rows of a file in another order than its own: the newest consent first, or what would earn most.

A job reads the whole file once and keeps the numbers of its rows in their order; nothing else of them is held. Selling
then takes so many of them at a time out of the file, so that a large file needs little memory. A row's number is its
name in every order: what was sold once is not sold again.
"""

from __future__ import annotations

import asyncio
import zlib
from array import array
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from exchange.flows.estimate import Estimator, open_estimator
from exchange.flows.import_desk import columns_of
from exchange.flows.import_files import held_file
from exchange.flows.imports import row_submission
from exchange.flows.job_ends import Ended
from exchange.flows.jobs import IMPORT, job
from exchange.flows.market import Market
from exchange.model.batch import Record
from exchange.model.importing import BEST, ImportRow
from exchange.model.lead import Mode
from exchange.model.party import Campaign
from exchange.stages.normalize import normalize
from exchange.storage.import_orders import read_order, save_order
from exchange.storage.imports import find_import, obey, save_check

TAKEN_AT_ONCE = 4_000  # rows held in memory while they are sold
_AT_A_STRETCH = 20
_LOOK_SECONDS = 1.0
_LAST = float("inf")


async def sort_import(market: Market, payload: Mapping[str, object]) -> Ended | None:
    """The job: work out the order, keep it, and let the selling begin."""
    row = await market.db.read(find_import, str(payload["import"]))
    if row is None or row.state != "running" or not row.held or row.layout is None:
        return Ended.UNASKED
    now = market.clock.now()
    if row.wanted == "run" and (order := await _sorted(market, row)) is not None:
        now = market.clock.now()
        sell = job(market, f"import:{row.id}", IMPORT, {"import": row.id}, now, now, f"import:{row.id}")
        await market.db.write(save_order, row.id, packed(order), sell)
        return None
    latest = await market.db.read(find_import, row.id)
    wanted = latest.wanted if latest is not None else None
    if wanted in ("pause", "cancel"):
        state = "paused" if wanted == "pause" else "cancelled"
        await market.db.write(obey, row.id, str(wanted), state, None, now)
    return None


async def _sorted(market: Market, row: ImportRow) -> array[int] | None:
    """The numbers of the rows in their order; None when it is wanted no more."""
    assert row.layout is not None
    looked_at = market.clock.monotonic()

    async def go_on(count: int) -> bool:
        nonlocal looked_at
        if market.clock.monotonic() - looked_at < _LOOK_SECONDS:
            return True
        looked_at = market.clock.monotonic()
        return await market.db.write(save_check, row.id, count, row.report, market.clock.now()) == "run"

    records = market.doors.records(held_file(market, row), row.layout, columns_of(row), 0)
    return await sorted_numbers(market, row, records, go_on)


async def sorted_numbers(
    market: Market, row: ImportRow, records: Iterator[Record], go_on: Callable[[int], Awaitable[bool]]
) -> array[int] | None:
    """The numbers of all rows of a file in the order that its import asks for. `go_on` hears every now and then how
    many were read; None once it says no.
    """
    campaign, mode = market.deals.campaigns[row.campaign_id], Mode(row.mode)
    estimator = await open_estimator(market, campaign, mode) if row.sort == BEST else None
    keys: list[tuple[float, int]] = []
    for record in records:
        keys.append((_key(market, campaign, mode, record, row.sort, estimator), record.number))
        if len(keys) % _AT_A_STRETCH:
            continue
        await asyncio.sleep(0)
        if not await go_on(len(keys)):
            return None
    keys.sort()
    return array("I", (number for _, number in keys))


def packed(order: array[int]) -> bytes:
    """As it is kept."""
    return zlib.compress(order.tobytes(), 6)


def _key(
    market: Market, campaign: Campaign, mode: Mode, record: Record, sort: str, estimator: Estimator | None
) -> float:
    """Small comes first. What cannot be read, or says nothing about it, comes last, as it stands in the file."""
    if record.fields is None:
        return _LAST
    submission = row_submission(market, campaign, mode, record, None)
    names = market.deals.intakes[campaign.id].names
    read = normalize(
        submission, campaign, market.verticals[campaign.vertical], names, "ld_sort", submission.received_at
    )
    if sort == BEST:
        return _LAST if read.problems or estimator is None else -estimator.worth(read.lead)
    agreed = read.lead.consent.agreed_at
    return -float(agreed) if agreed is not None else _LAST


async def order_of(market: Market, row: ImportRow) -> Sequence[int] | None:
    """The numbers of the rows in the order in which they are sold; None for the order of the file."""
    content = await market.db.read(read_order, row.id)
    if content is None:
        return None
    order = array("I")
    order.frombytes(zlib.decompress(content))
    return order


def taken(records: Iterator[Record], numbers: Sequence[int]) -> list[Record]:
    """These rows in this order, out of all of a file."""
    wanted = set(numbers)
    found: dict[int, Record] = {}
    for record in records:
        if record.number in wanted:
            found[record.number] = record
            if len(found) == len(wanted):
                break
    return [found[number] for number in numbers if number in found]
