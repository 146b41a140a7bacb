"""What nodes tell each other about sellers who read prices or try again: written off the hot path, read back by poll.

A duty writes what this node saw since, in batches, and takes up what the others wrote. A process that starts reads all
of the last day: a restart forgets nothing but the last seconds.
"""

from __future__ import annotations

from exchange.flows.market import Market
from exchange.model.screen import Mark
from exchange.stages.screen.harvest import DAY_MS, HOUR_MS, ToShare
from exchange.storage.database import Row
from exchange.storage.harvest import AT_ONCE, add_counts, add_marks, marks_since, read_counts

_BATCH = 500
_OVERLAP_MS = 3_000  # between a mark's time and its commit


async def share_harvest(market: Market) -> None:
    """The duty."""
    screening, now = market.screening, market.clock.now()
    if not screening.node:
        screening.node = market.ids.token(6)
    await _write(market, screening.harvest.to_share(), now)
    counts = await market.db.read(read_counts, now // HOUR_MS - 24)
    screening.harvest.take_up_counts({(row["seller_id"], row["hour"]): (row["pings"], row["posts"]) for row in counts})
    await _take_up(market, now)


async def _write(market: Market, waiting: ToShare, now: int) -> None:
    """What cannot be written waits for the next time."""
    screening = market.screening
    counts, marks = waiting.counts, waiting.marks
    try:
        if counts:
            await market.db.write(add_counts, counts)
            counts = {}
        while marks:
            batch = marks[:_BATCH]
            named = [(f"{screening.node}_{screening.marked + place}", mark) for place, mark in enumerate(batch)]
            await market.db.write(add_marks, screening.node, named, now)
            screening.marked += len(batch)
            marks = marks[_BATCH:]
    except BaseException:
        screening.harvest.put_back(ToShare(counts, marks))
        raise


async def _take_up(market: Market, now: int) -> None:
    """A mark may be committed after later ones: the last seconds are read again, and what is known is left out."""
    screening = market.screening
    since = screening.marks_until - _OVERLAP_MS if screening.marks_until is not None else now - DAY_MS
    noted, after = since, ""
    while rows := await market.db.read(marks_since, screening.node, noted, after):
        fresh = [row for row in rows if row["id"] not in screening.marks_known]
        screening.harvest.take_up(map(_mark, fresh))
        screening.marks_known.update((row["id"], row["noted_at"]) for row in fresh)
        noted, after = rows[-1]["noted_at"], rows[-1]["id"]
        if len(rows) < AT_ONCE:
            break
    screening.marks_until = now
    keep = now - 2 * _OVERLAP_MS
    screening.marks_known = {mark_id: at for mark_id, at in screening.marks_known.items() if at >= keep}


def _mark(row: Row) -> Mark:
    return Mark(row["kind"], row["seller_id"], bytes(row["item_key"]), row["at"], row["said"], row["reason"])
