"""How long a suppression list of ten million rows takes to build, what memory that needs, and what a look-up costs.

.venv/bin/python bench/suppression.py            ten million phones, and the same hashed
.venv/bin/python bench/suppression.py 1000000    another number of rows
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from exchange.bootstrap import open_market
from exchange.flows.list_desk import Wish, bring, make_list
from exchange.flows.list_load import Options
from exchange.flows.market import Market
from exchange.model.actor import SYSTEM
from exchange.settings import load_settings

ROWS = 10_000_000
LOOKS = 50_000
_AT_ONCE = 5_000
_FIRST = 2_000_000_000


def phones(rows: int, hash_name: str) -> Iterator[bytes]:
    """A file of different phones in no order, piece by piece; nothing of it is held."""
    step = 1_234_577  # shares no factor with the range, so that no phone comes twice
    number = 0
    for begins in range(0, rows, _AT_ONCE):
        lines = []
        for _ in range(begins, min(begins + _AT_ONCE, rows)):
            number = (number + step) % 8_000_000_000
            digits = str(_FIRST + number)
            lines.append(digits if hash_name == "plain" else hashlib.new(hash_name, digits.encode()).hexdigest())
        yield ("\n".join(lines) + "\n").encode()


def resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(market: Market, rows: int, hash_name: str) -> None:
    before = resident_mb()
    began, used = time.perf_counter(), time.process_time()
    row = await make_list(market, Wish(f"bench {hash_name}"), SYSTEM)
    made = await bring(market, row, "bench.txt", Options(), phones(rows, hash_name), SYSTEM)
    took, used = time.perf_counter() - began, time.process_time() - used
    size = (market.lists.folder / made.row.file).stat().st_size
    rows_made = f"{hash_name:<7} {made.row.rows:>12,} rows"
    print(f"{rows_made}: built in {took:.1f} s ({used:.1f} s of processor)", flush=True)
    memory = f"{before:,.0f} MB before, at most {resident_mb():,.0f} MB while building"
    print(f"        file {size / 1e6:,.0f} MB, memory {memory}", flush=True)
    draw = random.Random(7)
    listed = [{"phone": str(_FIRST + 1_234_577 * draw.randrange(1, rows) % 8_000_000_000)} for _ in range(LOOKS)]
    others = [{"phone": str(draw.randrange(_FIRST, 10_000_000_000))} for _ in range(LOOKS)]
    one = next(each for each in market.lists if each.row.id == row.id)
    keys = [market.lists.key("phone", made.row.hash, str(number)) for number in range(LOOKS)]
    for told, do in (
        ("a key in the file", lambda: [one.holds(key) for key in keys]),
        ("a listed consumer, all lists", lambda: [market.lists.look(each, {}) for each in listed]),
        ("another consumer, all lists", lambda: [market.lists.look(each, {}) for each in others]),
    ):
        do()  # what the pages of the file cost the first time is another question
        began = time.process_time()  # others may be at work on this machine
        found = do()
        print(f"        {told:<30} {(time.process_time() - began) / len(found) * 1e6:6.2f} µs", flush=True)


async def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = load_settings(
            None, database_url=str(folder / "b.db"), key_file=folder / "b.key", files_dir=folder / "files"
        )
        async with open_market(settings, process=False) as market:
            for hash_name in ("plain", "sha256"):
                await measure(market, rows, hash_name)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
