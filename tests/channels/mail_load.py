"""An exchange that sells by mail until it is killed: `python -m tests.channels.mail_load FOLDER RUN`.

The buyer of that run, which is the only one in its state, and its mail server are there already. Each lead that was
posted is a line on the output.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from exchange.clock import SystemClock
from exchange.intake.encode import encode
from exchange.worker import work
from tests.channels.mailed import DOMAIN
from tests.flows.lab import person, post
from tests.market import open_exchange

LEADS = 24
APART = 1_000  # consumers of one run and the next
STATES = ({"zip": "85016", "state": "AZ"}, {"zip": "94103", "state": "CA"})


async def main(folder: Path, run: int) -> None:
    nobody = {"nobody": "127.0.0.1:9"}
    async with open_exchange(folder, process=True, clock=SystemClock(), by_wire=nobody, mail_domain=DOMAIN) as exchange:
        beside = asyncio.create_task(work(exchange.market, encode))
        for number in range(LEADS):
            answer = await post(exchange, person(run * APART + number, **STATES[run]))
            sys.stdout.write(f"{answer['lead_id']} {answer['status']}\n")
            sys.stdout.flush()
        await beside


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
