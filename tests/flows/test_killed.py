"""`kill -9` while it sells: every lead that was answered "accepted" is sold exactly once, with the money booked."""

from __future__ import annotations

import random
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange.clock import SystemClock
from exchange.flows.recover import recover
from exchange.intake.encode import encode
from tests.flows.lab import person, post
from tests.flows.promises import broken
from tests.market import Exchange, buying, open_exchange, selling
from tests.processes import started

ROOT = Path(__file__).parents[2]
KILLS = 2
APART = 3_000  # consumers of one process and the next


@dataclass(frozen=True)
class Told:
    number: int
    lead_id: str
    status: str
    price: str


async def test_what_was_answered_accepted_is_sold_once_and_booked(tmp_path: Path) -> None:
    draws = random.Random(9)
    async with open_exchange(tmp_path, clock=SystemClock()) as exchange:
        await exchange.add(*buying("acme", "100000"), *buying("birch", "100000"), *selling("cedar"))
    told: list[Told] = []
    for kill in range(KILLS):
        heard = await _killed(tmp_path, first=kill * APART, after=draws.randrange(40, 160))
        async with open_exchange(tmp_path, process=True, clock=SystemClock()) as exchange:
            await recover(exchange.market, exchange.market.clock.now() + 1, encode)
            assert [] == await broken(exchange.market)
            await _check_sold(exchange, heard)
            await _check_taken(exchange, tmp_path)
            told += heard
            if kill == KILLS - 1:
                await _check_repeats(exchange, told)
    assert len(told) > KILLS * 40


async def _killed(folder: Path, first: int, after: int) -> list[Told]:
    """What was answered by a process that was killed once so many answers had come."""
    async with started(sys.executable, "-m", "tests.flows.load", folder, str(first), cwd=ROOT) as load:
        assert load.stdout is not None
        lines = [await load.stdout.readline() for _ in range(after)]
        load.kill()
        lines += [line async for line in load.stdout if line.endswith(b"\n")]
    assert all(lines), "it ended by itself"
    return [_told(line.decode().split()) for line in lines]


def _told(words: list[str]) -> Told:
    number, lead_id, status, price = words
    return Told(int(number), lead_id, status, price)


async def _check_sold(exchange: Exchange, told: list[Told]) -> None:
    sales = await exchange.rows(
        """SELECT s.lead_id, s.payout_units, t.reference FROM sales s
           LEFT JOIN transactions t ON t.reference = 'sale:' || s.attempt_id"""
    )
    of_lead: dict[str, list[dict[str, Any]]] = {}
    for sale in sales:
        of_lead.setdefault(sale["lead_id"], []).append(sale)
    for each in told:
        if each.status == "accepted":
            (sale,) = of_lead[each.lead_id]
            assert sale["reference"] is not None
            assert each.price == f"{sale['payout_units'] / 10_000:.2f}"


async def _check_taken(exchange: Exchange, folder: Path) -> None:
    """What a buyer took is sold to it or unclear; no consumer was taken by two."""
    taken = [line.split() for line in (folder / "taken").read_text().splitlines()]
    assert 1 == max(Counter(phone for phone, _, _ in taken).values())
    states = {row["reference"]: row["state"] for row in await exchange.rows("SELECT reference, state FROM attempts")}
    assert {states[reference] for _, _, reference in taken} <= {"accepted", "unclear"}


async def _check_repeats(exchange: Exchange, told: list[Told]) -> None:
    """Who asks again hears what it was told."""
    for each in told[:: max(len(told) // 10, 1)]:
        again = await post(exchange, person(each.number), key=f"k{each.number}")
        assert (each.status, again.replayed) == (again["status"], True)
