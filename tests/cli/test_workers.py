"""Several workers on one SQLite file: no limit is passed, each lead is sold once, whoever of them is killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiohttp import ClientConnectionError, ClientSession, ClientTimeout, TCPConnector

from exchange.clock import SimulatedClock, SystemClock
from exchange.flows.documents import save_document
from exchange.flows.recover import recover
from exchange.flows.shapes import CONNECTION
from exchange.intake.encode import encode
from exchange.model.actor import SYSTEM
from exchange.model.party import Cap, Rate, Window
from tests.cli.home import LeadBuyer, command, environment
from tests.cli.test_serve import free_port
from tests.cli.test_two_nodes import connection
from tests.flows.lab import post
from tests.flows.promises import broken
from tests.flows.receivers import run_for
from tests.market import Exchange, buying, consumer, key_for_tests, live_key, open_exchange, selling, usd
from tests.processes import LIFE_S, started

LEADS = 200
CAP = 50
DEPOSIT, PRICE = "1010", "20"  # a prepaid balance for fifty
SAME = 50
BURST = 10  # requests that a hasty seller may send at once
LATER_S = 7_200  # by then no lease of the killed holds
ASKED_AGAIN = 200
HURRIED_MS = 4_000  # so long a worker without supervisor stays, for posts whose first sender was killed
KILLS = {40: "worker", 90: "writer", 140: "supervisor"}  # after so many answers


@dataclass
class Served:
    """An exchange of two workers on a file in `folder`, started again on the same port."""

    folder: Path
    session: ClientSession
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "EXCHANGE_DATABASE_URL": str(self.folder / "exchange.db"),
            "EXCHANGE_KEY_FILE": str(self.folder / "exchange.key"),
            "EXCHANGE_FILES_DIR": str(self.folder / "files"),
            "EXCHANGE_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
        }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        words = command("--data", self.folder, "serve", "--workers", "2", "--port", str(self.port))
        async with started(*words, env={**environment(), **self.settings}) as self.process:
            assert self.process.stdout is not None
            lines = [await self.process.stdout.readline() for _ in range(4)]
            assert b"SQLite WAL, 2 workers" in lines[0], lines
            yield

    async def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        assert 0 == await self.process.wait()

    def family(self, what: str) -> list[int]:
        """Process ids: `supervisor`, `writer` or `worker`."""
        assert self.process is not None
        if what == "supervisor":
            return [self.process.pid]
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        writes = {int(each): b"sqlite_writer" in Path(f"/proc/{each}/cmdline").read_bytes() for each in found}
        return [each for each, writer in writes.items() if writer == (what == "writer")]

    async def post(self, number: int, key: str, api_key: str = live_key("cedar")) -> dict[str, Any]:
        """What a seller hears; raises `OSError` when nobody is there."""
        told = {"X-Api-Key": api_key, "Content-Type": "application/json", "Idempotency-Key": key}
        address = f"http://127.0.0.1:{self.port}/api/v1/post"
        async with self.session.post(address, data=orjson.dumps(consumer(number)), headers=told) as heard:
            answer: dict[str, Any] = orjson.loads(await heard.read())
            return {**answer, "http": heard.status}


@asynccontextmanager
async def here(folder: Path, clock: Any = None) -> AsyncIterator[Exchange]:
    nobody = {"nobody": "127.0.0.1:9"}
    async with open_exchange(folder, by_wire=nobody, clock=clock or SystemClock()) as exchange:
        yield exchange


@asynccontextmanager
async def market(
    folder: Path, patience_ms: int, *prices: tuple[str, Mapping[str, Any]]
) -> AsyncIterator[tuple[Served, list[LeadBuyer]]]:
    """One seller, who waits so long; a buyer for each name, over HTTP."""
    buyers = [LeadBuyer() for _ in prices]
    connections = TCPConnector(limit=60)
    try:
        async with asyncio.timeout(LIFE_S), ClientSession(connector=connections, timeout=ClientTimeout(60)) as session:
            async with here(folder) as exchange:
                await exchange.add(*selling("dune", rate=Rate(0.01, BURST, 100)))
                await exchange.add(*selling("cedar", timeout_ms=patience_ms, rate=Rate(10_000, 10_000, 10_000)))
                for (name, terms), buyer in zip(prices, buyers, strict=True):
                    await save_document(exchange.market, CONNECTION, name, connection(name, buyer.port), SYSTEM)
                    await exchange.add(*buying(name, **{"post_ms": patience_ms - 1_000, **terms}))
            yield Served(folder, session), buyers
    finally:
        for buyer in buyers:
            buyer.close()


CAPPED = ("acme", {"deposit": "100000", "price": usd("30"), "caps": (Cap(Window.TOTAL, "count", CAP),)})
PREPAID = ("birch", {"deposit": DEPOSIT, "price": usd(PRICE)})
RICH = ("cobalt", {"deposit": "100000", "price": usd("10")})


async def test_two_workers_share_the_clients_pass_no_limit_and_sell_the_same_post_once(tmp_path: Path) -> None:
    async with market(tmp_path, 60_000, CAPPED, PREPAID) as (served, buyers):
        async with served.running():
            clients = await spread(served)
            same = await asyncio.gather(*(served.post(0, "same") for _ in range(SAME)))
            others = await asyncio.gather(*(served.post(number, f"k{number}") for number in range(1, LEADS)))
            hasty = await asyncio.gather(*(served.post(0, f"h{n}", key_for_tests("dune")) for n in range(3 * BURST)))
            await served.stop()
        async with here(tmp_path) as exchange:
            assert [] == await broken(exchange.market)
            sales = Counter(row["buyer_id"] for row in await exchange.rows("SELECT buyer_id FROM sales"))
            balance = await exchange.balance("birch")
            leads = await exchange.rows("SELECT id FROM leads WHERE mode = 'live'")

    assert [8, 8] == clients
    assert BURST <= sum(each["http"] != 429 for each in hasty) <= BURST + 1  # two may take the last at the same moment
    assert {("accepted", same[0]["lead_id"], "24.00")} == {
        (each["status"], each["lead_id"], each["price"]) for each in same
    }
    assert (CAP, CAP) == (sales["acme"], sales["birch"])
    assert "10.00" == balance.available.text
    assert 2 * CAP - 1 == Counter(each["status"] for each in others)["accepted"]
    assert LEADS == len(leads)
    assert {1} == set(Counter(phone for buyer in buyers for phone in buyer.phones()).values())


async def spread(served: Served) -> list[int]:
    """How many of sixteen clients that stay each worker has."""
    before = {worker: sockets(worker) for worker in served.family("worker")}
    async with ClientSession() as session, asyncio.TaskGroup() as group:
        asked = [group.create_task(session.get(f"http://127.0.0.1:{served.port}/health")) for _ in range(16)]
        for each in asked:
            (await each).release()
        return [sockets(worker) - count for worker, count in before.items()]


def sockets(process_id: int) -> int:
    return sum(str(each.readlink()).startswith("socket:") for each in Path(f"/proc/{process_id}/fd").iterdir())


async def test_whoever_is_killed_what_was_answered_accepted_is_sold_once_and_booked(tmp_path: Path) -> None:
    """A worker, then the writer, then the supervisor, each in the middle of the load; who heard nothing asks again."""
    async with market(tmp_path, HURRIED_MS, CAPPED, RICH) as (served, buyers):
        answers = await sold_with_kills(served)
        await checked(tmp_path, answers, buyers)


async def sold_with_kills(served: Served) -> list[dict[str, Any]]:
    answered = 0
    back = asyncio.Event()
    back.set()

    async def sent(number: int) -> dict[str, Any]:
        nonlocal answered
        for _ in range(ASKED_AGAIN):
            await back.wait()
            try:
                answer = await served.post(number, f"k{number}")
            except ClientConnectionError:
                continue
            if answer["http"] >= 500 or answer.get("reason") == "still_running":
                continue
            answered += 1
            if what := KILLS.get(answered):
                if what == "supervisor":
                    back.clear()
                os.kill(served.family(what)[0], signal.SIGKILL)
            return answer
        raise AssertionError(f"{number} was never answered")

    async with asyncio.TaskGroup() as group:
        async with served.running():
            posts = [group.create_task(sent(number)) for number in range(LEADS)]
            assert served.process is not None
            assert -signal.SIGKILL == await served.process.wait()
        async with served.running():
            back.set()
            answers = list(await asyncio.gather(*posts))
            assert 2 == len(served.family("worker"))
            await served.stop()
    return answers


async def checked(folder: Path, answers: list[dict[str, Any]], buyers: list[LeadBuyer]) -> None:
    clock = SimulatedClock(SystemClock().now() + LATER_S * 1_000)
    async with here(folder, clock) as exchange:
        await recover(exchange.market, clock.now(), encode)
        await run_for(exchange, 1_000)
        assert [] == await broken(exchange.market)
        taken = await exchange.rows("SELECT buyer_id, state FROM attempts WHERE state IN ('accepted', 'unclear')")
        sales = Counter(row["lead_id"] for row in await exchange.rows("SELECT lead_id FROM sales"))
        for number, told in list(enumerate(answers))[:: LEADS // 20]:
            again = await post(exchange, consumer(number), key=f"k{number}")
            assert (told["status"], told["lead_id"]) == (again["status"], again["lead_id"])
    told = Counter(each["status"] for each in answers)
    assert told["accepted"] > LEADS // 2, told
    assert {each["lead_id"] for each in answers if each["status"] == "accepted"} <= set(sales)
    assert {1} == set(sales.values())
    assert CAP >= Counter(row["buyer_id"] for row in taken)["acme"]
    assert {1} == set(Counter(phone for buyer in buyers for phone in buyer.phones()).values())
