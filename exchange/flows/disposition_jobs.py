"""A long file of reports is recorded by a durable job, some rows at a time: it may stop anywhere and goes on there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from exchange.flows.disposition_files import note_all_recorded, read_rows, teller_of_file
from exchange.flows.disposition_rows import record_rows, sales_of_rows
from exchange.flows.job_ends import ComeBack, Ended
from exchange.flows.market import Market
from exchange.flows.small_files import CannotRead
from exchange.model.actor import Actor, Role
from exchange.storage.disposition_files import note_progress, read_file

_AT_ONCE = 500  # rows between two notes of how far it is
_TURN_SECONDS = 20.0


async def record_reports_file(market: Market, payload: Mapping[str, object]) -> Ended | None:
    """The job. A row that was recorded before the process died is found unchanged when it comes again."""
    file = await market.db.read(read_file, None, str(payload["file_id"]))
    if file is None or not file.under_way:
        return Ended.UNASKED
    ends, counts, done = market.clock.monotonic() + _TURN_SECONDS, Counter(file.counts), file.rows_done
    try:
        left = (await read_rows(market, file))[done:]
    except CannotRead:  # what is in it was forgotten meanwhile
        left = []
    teller = teller_of_file(file)
    sales = await sales_of_rows(market, teller, left)
    for start in range(0, len(left), _AT_ONCE):
        rows = left[start : start + _AT_ONCE]
        counts.update(each.verdict.value for each in await record_rows(market, teller, rows, sales))
        done += len(rows)
        await market.db.write(note_progress, file.id, done, counts)
        if market.clock.monotonic() >= ends and start + _AT_ONCE < len(left):
            raise ComeBack(market.clock.now())
    await note_all_recorded(market, file, counts, Actor(Role.SYSTEM, file.wanted_by or file.made_by))
    return None
