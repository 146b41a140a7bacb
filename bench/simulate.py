"""How long recorded leads take to be simulated: `python -m bench.simulate [--leads 10000]`.

Some hundred leads are sold by the real flows to ten contracts, and their rows are copied until there are enough, each
copy under ids of its own; then drafts of several kinds are tried on all of them. Every figure includes reading the
database.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from exchange.flows.simulate import Wanted, read_draft, simulate  # noqa: E402
from exchange.model.actor import Actor, Role  # noqa: E402
from exchange.model.party import Strategy, Tier  # noqa: E402
from exchange.storage.database import Tx  # noqa: E402
from exchange.storage.recordings import Span  # noqa: E402
from exchange.vault import compress  # noqa: E402
from tests.flows.lab import later, person, post  # noqa: E402
from tests.market import HOSTS, Exchange, bid, buying, contract, open_exchange, selling, usd  # noqa: E402

SOLD = 200
OLIVE = Actor(Role.OPERATOR, "bench")
DRAFTS = {
    "nothing": "",
    "a floor": "campaign.cedar-solar.floor=26",
    "a cap of 5 a day": "contract.acme-solar.cap.day=5",
    "a buyer paused, one let in": "buyer.acme.state=paused\ncontract.late-hazel.tier=1",
    "a filter": "contract.acme-solar.filter.monthly_bill=at_least 301",
}
TABLES = {
    "leads": ("id",),
    "requests": ("id", "lead_id"),
    "trails": ("request_id", "lead_id"),
    "attempts": ("id", "lead_id", "request_id", "reference"),
    "sales": ("id", "lead_id", "attempt_id"),
}


async def copy(tx: Tx, number: int) -> None:
    """Everything once more, under other ids, those within the records too."""
    for table, ids in TABLES.items():
        columns = [row["name"] for row in await tx.fetch(f"PRAGMA table_info({table})")]
        picked = ", ".join(f"{name} || '-{number}'" if name in ids else name for name in columns)
        await tx.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {picked} FROM {table} WHERE INSTR({ids[0]}, '-') = 0"
        )
    for row in await tx.fetch("SELECT * FROM trails WHERE INSTR(request_id, '-') = 0"):
        told = re.sub(rb"dlv_[0-9A-Z]{26}", rb"\g<0>-%d" % number, zlib.decompress(row["document"]))
        await tx.execute(
            "UPDATE trails SET document = :document WHERE request_id = :id",
            document=compress(told),
            id=f"{row['request_id']}-{number}",
        )


async def fill(exchange: Exchange, leads: int) -> None:
    two = (Tier(1, "First", Strategy.HIGHEST_PRICE), Tier(2, "Last", Strategy.HIGHEST_PRICE))
    await exchange.add(*selling("cedar", tiers=two, floor=usd("10"), slots=2))
    for name in HOSTS:
        await exchange.add(*buying(name, "1000000"))
    await exchange.add(*(contract(name, id=f"late-{name}", tier=2) for name in ("garnet", "hazel")))
    for number in range(SOLD):
        for place, name in enumerate(HOSTS):
            exchange.buyers.answers_pings(name, bid(f"{12 + (number * (place + 3)) % 29}.00"))
        later(exchange, 60)
        await post(exchange, person(number))
    for number in range(1, leads // SOLD):
        await exchange.market.db.write(copy, number)


async def main(leads: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_exchange(Path(folder)) as exchange:
            await fill(exchange, leads)
            market = exchange.market
            span = Span(0, market.clock.now() + 1)
            print(f"{'draft':<28}{'leads':>8}{'changed':>9}{'guessed':>9}{'seconds':>9}{'processor':>11}")
            for name, text in DRAFTS.items():
                began, used = time.perf_counter(), time.process_time()
                found = await simulate(market, OLIVE, Wanted(span, read_draft(market, text)))
                assert found is not None
                result = found.result
                took, worked = time.perf_counter() - began, time.process_time() - used
                share = f"{result.guessed_share / 10:.1f}%"
                print(
                    f"{name:<28}{result.before.leads:>8}{result.changed_count:>9}{share:>9}{took:>9.2f}{worked:>11.2f}"
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=10_000)
    from bench import simulate as itself  # a unit of work must be at home in a module of its own name

    asyncio.run(itself.main(parser.parse_args().leads))
