"""What an exchange holds that has run for long: a suppression list of millions of rows, and as many earlier leads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bench.duplicates import fill
from bench.suppression import phones
from exchange.flows.list_desk import Wish, bring, make_list
from exchange.flows.list_load import Options
from exchange.flows.market import Market
from exchange.model.actor import SYSTEM


class Crowd(NamedTuple):
    """How many rows the list has, and how many leads came before. Nobody of the stream is among them."""

    suppressed: int = 0
    past: int = 0


async def settle_in(market: Market, crowd: Crowd) -> None:
    if crowd.suppressed:
        row = await make_list(market, Wish("bench"), SYSTEM)
        made = await bring(market, row, "bench.txt", Options(), _strangers(crowd.suppressed), SYSTEM)
        print(f"a list of {made.row.rows:,} phones is in force", flush=True)
    if crowd.past:
        await fill(market, crowd.past, market.clock.now())
        print(f"{crowd.past:,} leads came before", flush=True)


def _strangers(rows: int) -> Iterator[bytes]:
    """Phones that no row of the stream has: its exchanges are 958 and 959."""
    for block in phones(rows, "plain"):
        lines = [line for line in block.split(b"\n") if line[3:6] not in (b"958", b"959")]
        yield b"\n".join(lines) + b"\n"
