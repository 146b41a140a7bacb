"""An exchange that delivers until it is killed: `python -m tests.flows.deliver_load FOLDER LEADS`.

It sells so many leads to birch (mail) and cobalt (fax) and lets the worker deliver them. What each took is a line in
FOLDER/delivered, written before it answers: buyer and our reference; and a line on the output after it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

from exchange.clock import SystemClock
from exchange.courier.scripted import Delay, ScriptedCourier
from exchange.model.party import SaleMode
from exchange.model.wire import EmailMessage, Reply
from exchange.worker import Jobs
from tests.flows.lab import person, post
from tests.later_buyers import FaxBuyer, LaterBuyer, connect
from tests.market import buying, open_exchange, selling, usd

BUYERS = {"birch": LaterBuyer("birch"), "cobalt": FaxBuyer("cobalt")}


class Servers:
    """Both take everything; it is on disk before the answer leaves."""

    def __init__(self, delivered: int) -> None:
        self._delivered = delivered

    def __call__(self, message: EmailMessage) -> Delay:
        name = message.address.partition("@")[2].partition(".")[0]
        reference = message.message_id.partition("@")[0][1:]
        os.write(self._delivered, f"{name} {reference}\n".encode())
        sys.stdout.write(f"{name} {reference}\n")
        sys.stdout.flush()
        return Delay(4, Reply(250, {}, b""))


async def main(folder: Path, leads: int) -> None:
    delivered = os.open(folder / "delivered", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    clock = SystemClock()
    async with open_exchange(folder, process=True, clock=clock) as opened:
        for name in BUYERS:
            await opened.add(*buying(name, "100000", price=usd("20"), sale_mode=SaleMode.SHARED))
        await opened.add(*selling("cedar", slots=2))
        market = replace(opened.market, courier=ScriptedCourier(Servers(delivered), clock))
        connect(market, **BUYERS)
        for number in range(leads):
            await post(replace(opened, market=market), person(number))
        await Jobs(market).run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
