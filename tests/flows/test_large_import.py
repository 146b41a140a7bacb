"""A file of 100,000 rows takes the memory of a few: taken in whole, read by a dry run, sold."""

from __future__ import annotations

import os
from pathlib import Path

from exchange.flows.import_desk import Bringing, Spool, check, take_in
from exchange.model.importing import ImportRow
from exchange.model.lead import Mode
from tests.flows.import_bench import bring, csv_of, people, results, sold, worked
from tests.flows.lab import OPERATOR
from tests.market import Exchange, buying, consumer, selling, surname, usd

ROWS = 100_000
CHECKED = 6_000
SOLD = 600
MOST_BYTES = 30 * 1024 * 1024


def memory() -> int:
    """Bytes that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def large(exchange: Exchange, rows: int, first: int = 0) -> ImportRow:
    """A file of so many consumers, written a row at a time."""
    spool = Spool(exchange.market)
    lead = consumer(1)
    spool.write(",".join(lead).encode() + b"\n")
    for number in range(first, first + rows):
        mine = {
            **lead,
            "last_name": surname(number),
            "phone": f"{602 + number % 7}{2_120_000 + number * 7_919 % 90_000}",  # no number beside the last
            "email": f"{surname(number)}@consumer.example",
        }
        spool.write(",".join(mine.values()).encode() + b"\n")
    campaign = exchange.market.deals.campaigns["cedar-solar"]
    return await take_in(exchange.market, spool, Bringing(campaign, Mode.LIVE, "large.csv", OPERATOR))


async def test_a_hundred_thousand_rows_take_the_memory_of_a_few(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", "1000000", price=usd("20")))
    warm = await bring(exchange, csv_of(people(20)))
    await check(exchange.market, warm)
    await sold(exchange, await worked(exchange, warm))
    before = memory()
    whole = await large(exchange, ROWS)
    part = await large(exchange, CHECKED)
    await check(exchange.market, part)
    report = (await worked(exchange, part)).report
    some = await sold(exchange, await large(exchange, SOLD, first=CHECKED))
    grown = memory() - before

    assert (ROWS, CHECKED, {"accepted": SOLD}) == (whole.rows_total, (report or {})["valid"], some.counts)
    assert SOLD == len(results(exchange, some))
    assert grown < MOST_BYTES, f"{grown:,} bytes"
