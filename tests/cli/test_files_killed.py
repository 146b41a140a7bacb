"""`kill -9` of the real server while a file of leads goes out: the file is whole or not there, each lead one sale."""

from __future__ import annotations

import asyncio
import csv
import io
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from exchange.clock import SimulatedClock, SystemClock
from exchange.flows.documents import save_document, save_secret
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM
from tests.channels.mailed import states
from tests.cli.home import Home, until
from tests.cli.test_serve import free_port
from tests.cli.watched_sftp import MOMENTS, PASSWORD, USER, Watched, watched_sftp
from tests.flows.lab import person, post
from tests.flows.promises import broken
from tests.market import Exchange, buying, open_exchange, selling, usd
from tests.processes import ENDING_S, Child

LEADS = 24
PATIENCE = 300  # looks, a tenth of a second apart
HOUR_MS = 3_600_000
FILE = "marlow-solar-0001.csv"
NOBODY = {"nobody": "127.0.0.1:9"}


async def waiting(exchange: Exchange, server: Watched) -> None:
    """Leads that were to go together some time ago."""
    document = {
        "connection": "marlow",
        "connector": "files",
        "protocol": "sftp",
        "server": f"127.0.0.1:{server.port}",
        "user": USER,
        "password": {"secret": "marlow"},
        "host_key": server.fingerprint,
    }
    await save_secret(exchange.market, "marlow", PASSWORD, SYSTEM)
    await save_document(exchange.market, CONNECTION, "marlow", document, SYSTEM)
    bought = {"price": usd("30"), "schedule": "every 15m"}
    await exchange.add(*selling("cedar"), *buying("marlow", "100000", **bought))
    for number in range(LEADS):
        await post(exchange, person(number))


@asynccontextmanager
async def serving(home: Home) -> AsyncIterator[Child]:
    with home.start("serve", "--port", str(free_port())) as process:
        await asyncio.to_thread(until, lambda line: "Ready in" in line, process.stdout)
        yield process


async def killed(home: Home, server: Watched, moment: str) -> list[str]:
    """What lies on the server once the process was killed at this moment."""
    server.set_up(moment)
    async with serving(home) as process:
        await asyncio.wait_for(server.reached.wait(), ENDING_S)
        process.kill()
        await asyncio.to_thread(process.wait, ENDING_S)
    found = server.names()
    server.go_on()
    return found


def all_sold(home: Home, process: Child) -> None:
    """Once every lead is. The server's life is what there is to wait on meanwhile."""
    for _ in range(PATIENCE):
        if LEADS == home.rows("SELECT COUNT(*) AS found FROM sales")[0]["found"]:
            return
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"it ended with {process.wait(0.1)}")
    raise AssertionError("it did not end in time")


async def test_whenever_it_is_killed_the_file_is_whole_and_each_lead_one_sale(home: Home) -> None:
    async with watched_sftp(home.folder) as server:
        past = SimulatedClock(SystemClock().now() - HOUR_MS)
        async with open_exchange(home.folder, clock=past, by_wire=NOBODY) as exchange:
            await waiting(exchange, server)

        assert [[f"{FILE}.part"], [FILE]] == [await killed(home, server, each) for each in MOMENTS]
        first = (server.root / FILE).read_bytes()
        async with serving(home) as process:
            await asyncio.to_thread(all_sold, home, process)
            process.send_signal(signal.SIGTERM)
            assert 0 == await asyncio.to_thread(process.wait, ENDING_S)

        later = SimulatedClock(SystemClock().now() + HOUR_MS)
        async with open_exchange(home.folder, clock=later, by_wire=NOBODY) as exchange:
            sold = {row["reference"] for row in await exchange.rows("SELECT reference FROM attempts")}
            assert [] == await broken(exchange.market)
            assert [("delivered", "accepted")] * LEADS == await states(exchange)
            assert LEADS == len(sold) == await exchange.count("sales")
    assert [FILE] == server.names() and first == (server.root / FILE).read_bytes()
    rows = list(csv.DictReader(io.StringIO(first.decode("utf-8-sig"))))
    assert (LEADS, sold) == (len(rows), {row["reference"] for row in rows})
