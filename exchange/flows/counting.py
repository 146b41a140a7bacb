"""Keeps what pages count: hours that are over, what requests tell of buyers and bids, and what sellers earned by the
hour. Any node may do it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from exchange.courier.call import CLOSED_EARLY
from exchange.flows.market import Market
from exchange.flows.trail import read_trail
from exchange.model.counted import Counts, no_counts
from exchange.stages.asked import Asked, count_asked
from exchange.storage.asked import Mark, add_counts, counted_until, oldest_unanswered, other_records, requests_after
from exchange.storage.database import Row
from exchange.storage.earned import add_earnings, uncounted_earnings
from exchange.storage.hours import (
    HOUR_MS,
    begin_hours,
    changed_hours,
    count_hour,
    save_hour,
    uncounted_hours,
)

SETTLED_MS = 60_000  # after its end an hour is begun to be counted: what is committed late is in it by then
LATE_MS = 5_000  # by then the row of a request is there, on whichever node
_STALE_MS = 90_000  # what is older and unanswered belongs to a dead process
_HOURS_AT_ONCE = 48
_REQUESTS_AT_ONCE = 200  # some ten ms of reading records: nobody's answer waits longer for it
_ENTRIES_AT_ONCE = 1_000
_TURNS = 50
_UNCOUNTED_MOST = 500
_QUARTER_MS = 900_000


async def keep_counts(market: Market) -> int:
    """One turn of all. Returns how many hours, requests and entries were counted."""
    return await count_hours(market) + await count_requests(market) + await count_earnings(market)


async def count_hours(market: Market) -> int:
    """Count hours whose leads changed, and begin with those that are newly over: they are counted by the next turn."""
    changed = await market.db.read(changed_hours, _HOURS_AT_ONCE)
    for hour in changed:
        changes, sums = await market.db.read(count_hour, hour)
        await market.db.write(save_hour, hour, changes, sums)
    new = await market.db.read(uncounted_hours, market.clock.now() - SETTLED_MS, _HOURS_AT_ONCE)
    if new:
        await market.db.write(begin_hours, new)
    return len(changed) + len(new)


async def count_requests(market: Market) -> int:
    """Read the records of answered requests, some thousands at one stretch. Each is counted once, on whichever node."""
    now, count = market.clock.now(), 0
    waiting = await market.db.read(oldest_unanswered, now - _STALE_MS)
    until = now - LATE_MS if waiting is None else min(now - LATE_MS, waiting)
    for _ in range(_TURNS):
        mark = await market.db.read(counted_until)
        rows = await market.db.read(requests_after, mark, until, _REQUESTS_AT_ONCE)
        if not rows:
            break
        counts = await _counted(market, rows)
        buyers = {ask.contract_id: _buyer(market, ask.contract_id) for ask in counts.asks}
        if not await market.db.write(add_counts, mark, Mark(rows[-1]["received_at"], rows[-1]["id"]), counts, buyers):
            break
        count += len(rows)
    return count


async def count_earnings(market: Market) -> int:
    """Read what was sealed since, some thousand entries at one stretch. Each is counted once, on whichever node."""
    count = 0
    for _ in range(_TURNS):
        counted = await market.db.read(uncounted_earnings, _ENTRIES_AT_ONCE)
        if counted.until == counted.before or not await market.db.write(add_earnings, counted):
            break
        count += counted.until - counted.before
    return count


def _buyer(market: Market, contract_id: str) -> str:
    contract = market.deals.contracts.get(contract_id)
    return contract.buyer_id if contract is not None else ""


async def uncounted(market: Market) -> Counts:
    """The newest requests, which nobody counted yet; none of them while there are too many to be read at once."""
    mark = await market.db.read(counted_until)
    rows = await market.db.read(requests_after, mark, market.clock.now() + 1, _UNCOUNTED_MOST)
    return await _counted(market, rows) if len(rows) < _UNCOUNTED_MOST else no_counts()


async def _counted(market: Market, rows: Sequence[Row]) -> Counts:
    posts = sorted({row["lead_id"] for row in rows if row["endpoint"] == "post" and row["document"] is not None})
    before = await market.db.read(other_records, posts)
    zone = ZoneInfo(market.zone)
    return count_asked(_asked(row, before, zone, _floor(market, row)) for row in rows)


def _floor(market: Market, row: Row) -> int:
    campaign = market.deals.campaigns.get(row["campaign_id"])
    return campaign.floor.units if campaign is not None else 0


def _asked(row: Row, before: dict[str, list[Row]], zone: ZoneInfo, floor: int) -> Asked:
    at = row["received_at"]
    others = before.get(row["lead_id"], ()) if row["endpoint"] == "post" else ()
    return Asked(
        _midnight(at - at % _QUARTER_MS, zone),
        at - at % HOUR_MS,
        row["mode"],
        row["vertical"],
        row["currency"],
        row["grade"] or "",
        row["us_state"] or "",
        row["took_ms"],
        row["lead_id"],
        row["lead_at"],
        at,
        floor,
        _record(row["document"]) if row["document"] is not None else None,
        [_record(other["document"]) for other in others if other["request_id"] != row["id"]],
    )


@lru_cache(maxsize=256)
def _midnight(quarter: int, zone: ZoneInfo) -> int:
    """When the day began that this quarter of an hour belongs to: zones differ by whole quarters."""
    local = datetime.fromtimestamp(quarter / 1_000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(local.timestamp() * 1_000)


def _record(document: bytes) -> dict[str, Any]:
    """What was kept of a request, without the pings that nobody waited for."""
    told = read_trail(bytes(document))
    return told | {"asked": [line for line in told["asked"] if line.get("detail") != CLOSED_EARLY]}
