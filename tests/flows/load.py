"""An exchange that sells as fast as it can until it is killed: `python -m tests.flows.load FOLDER FIRST`.

Each answer is a line on the output, after it was heard: the consumer's number, the lead, status and price. What the
buyers took is a line in FOLDER/taken, written before they answer: consumer's phone, buyer and our reference.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from exchange.clock import SystemClock
from exchange.courier.scripted import Delay, ScriptedCourier
from exchange.model.wire import HttpMessage
from tests.flows.lab import person, post
from tests.market import REFUSED, SOLD, Exchange, bid, open_exchange
from tests.scripted_buyers import Answer

WORKERS = 16


class Buyers:
    """Every fifth post is refused; what is taken is on disk before the answer leaves."""

    def __init__(self, taken: int) -> None:
        self._taken = taken
        self._posts = count(1)

    def __call__(self, message: HttpMessage) -> Answer:
        url = urlsplit(message.url)
        name = url.netloc.partition(".")[0]
        if url.path == "/ping":
            return Delay(2, bid("30.00" if name == "acme" else "25.00"))
        body = orjson.loads(message.body)
        if next(self._posts) % 5 == 0:
            return Delay(3, REFUSED)
        os.write(self._taken, f"{body['phone'][-10:]} {name} {body['id']}\n".encode())
        return Delay(3, SOLD)


async def sell_on(exchange: Exchange, numbers: Iterator[int]) -> None:
    for number in numbers:
        answer = await post(exchange, person(number), key=f"k{number}")
        sys.stdout.write(f"{number} {answer['lead_id']} {answer['status']} {answer['price']}\n")
        sys.stdout.flush()


async def main(folder: Path, first: int) -> None:
    taken = os.open(folder / "taken", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    clock = SystemClock()
    async with open_exchange(folder, process=True, clock=clock) as opened:
        market = replace(opened.market, courier=ScriptedCourier(Buyers(taken), clock))
        numbers = count(first)
        await asyncio.gather(*(sell_on(replace(opened, market=market), numbers) for _ in range(WORKERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
