"""Two nodes on one PostgreSQL with all their doors open, one of them killed in the middle."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiohttp import ClientConnectionError, ClientSession, ClientTimeout, web

from exchange.clock import SimulatedClock, SystemClock
from exchange.flows.documents import save_document
from exchange.flows.recover import recover
from exchange.flows.shapes import CONNECTION
from exchange.flows.shelf import list_unsold
from exchange.intake.encode import encode
from exchange.model.actor import SYSTEM
from exchange.model.party import Cap, Rate, StoreRule, Window
from tests.channels.mailed import DOMAIN, takes_mail
from tests.cli.home import LeadBuyer, command, environment
from tests.cli.test_serve import free_port
from tests.flows.import_bench import csv_of, people
from tests.flows.lab import post
from tests.flows.promises import broken
from tests.flows.receivers import CEDAR, listen, run_for
from tests.mail_server import MailServer, mail_server
from tests.market import Exchange, buyer_key, buying, consumer, live_key, open_exchange, selling, usd
from tests.processes import LIFE_S, started

LEADS = 200
SHELVED = 20
ROWS = 60
CAP = 50
DEPOSIT, PRICE = "1010", "20"  # a prepaid balance for fifty
MAILS = 40
KILLED_AFTER = 70  # answers
LATER_S = 7_200  # by then no lease of the killed holds, and every webhook was sent again


def connection(name: str, port: int) -> dict[str, Any]:
    return {
        "connection": name,
        "connector": "json_http",
        "post": {
            "url": f"http://127.0.0.1:{port}/post",
            "body": {"id": {"term": "reference"}, "phone": "phone", "zip": "zip"},
            "reading": {
                "outcomes": [{"means": "accepted", "when": {"where": "json:status", "equals": "sold"}}],
                "carries": {"reference": "json:id"},
            },
        },
    }


@dataclass
class Receiver:
    """A seller's webhook: it keeps what it is told."""

    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.told.append((request.headers["webhook-id"], orjson.loads(await request.read())))
        return web.Response(status=204)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield made
    finally:
        await runner.cleanup()


@dataclass
class Nodes:
    """Whatever is started ends with `ends`."""

    folder: Path
    url: str
    session: ClientSession
    ends: AsyncExitStack
    ports: tuple[int, ...] = field(default_factory=lambda: (free_port(), free_port()))

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "EXCHANGE_DATABASE_URL": self.url,
            "EXCHANGE_KEY_FILE": str(self.folder / "exchange.key"),
            "EXCHANGE_FILES_DIR": str(self.folder / "files"),
            "EXCHANGE_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
            "EXCHANGE_MAIL_DOMAIN": DOMAIN,
        }

    async def run(self, *words: str) -> asyncio.subprocess.Process:
        words_of_it = command("--data", self.folder, *words)
        return await self.ends.enter_async_context(started(*words_of_it, env={**environment(), **self.settings}))

    async def start(self, number: int) -> asyncio.subprocess.Process:
        node = await self.run("serve", "--port", str(self.ports[number]))
        assert node.stdout is not None
        async for line in node.stdout:
            if b"Ready in" in line:
                return node
        raise AssertionError("it did not start")

    async def ask(
        self, number: int, path: str, body: bytes | None = None, *, key: str = live_key("cedar"), **headers: str
    ) -> dict[str, Any]:
        """What this node answers; raises `OSError` when it is gone."""
        told = {"X-Api-Key": key, "Content-Type": "application/json", **headers}
        address = f"http://127.0.0.1:{self.ports[number]}/api/v1/{path}"
        async with self.session.request(
            "POST" if body is not None else "GET", address, data=body, headers=told
        ) as heard:
            assert heard.status < 500, await heard.text()
            answer: dict[str, Any] = orjson.loads(await heard.read())
            return {**answer, "http": heard.status}


async def test_two_nodes_of_which_one_is_killed_sell_each_lead_once_and_leave_nothing_under_way(
    postgres_empty: str, tmp_path: Path
) -> None:
    capped, prepaid = LeadBuyer(), LeadBuyer()
    try:
        async with (
            asyncio.timeout(LIFE_S),
            mail_server() as server,
            receiver() as hook,
            ClientSession(timeout=ClientTimeout(60)) as session,
            AsyncExitStack() as ends,
        ):
            await settled_market(tmp_path, postgres_empty, (capped, prepaid), server, hook)
            nodes = Nodes(tmp_path, postgres_empty, session, ends)
            answers = await sold_with_a_kill(nodes)
            await nothing_is_stuck(tmp_path, postgres_empty, answers)
            verified = await nodes.run("ledger", "verify")
            assert 0 == await verified.wait()
            await checked(tmp_path, postgres_empty, answers, (capped, prepaid), server, hook)
    finally:
        capped.close()
        prepaid.close()


@asynccontextmanager
async def here(folder: Path, url: str, clock: Any) -> AsyncIterator[Exchange]:
    nobody = {"nobody": "127.0.0.1:9"}
    async with open_exchange(folder, by_wire=nobody, database_url=url, clock=clock, mail_domain=DOMAIN) as exchange:
        yield exchange


async def settled_market(
    folder: Path, url: str, posted: Sequence[LeadBuyer], server: MailServer, hook: Receiver
) -> None:
    """Fifty go to one, fifty to the next, forty by mail, the rest to the store."""
    fifty = Cap(Window.TOTAL, "count", CAP)
    async with here(folder, url, SystemClock()) as exchange:
        rule, rate = StoreRule(usd("10"), (), days=3), Rate(1_000, 1_000, 1_000)
        await exchange.add(*selling("cedar", timeout_ms=20_000, store=rule, rate=rate))
        for number in range(SHELVED):
            await post(exchange, consumer(8_000 + number))
        assert SHELVED == await list_unsold(exchange.market)
        for name, each in zip(("acme", "birch"), posted, strict=True):
            await save_document(exchange.market, CONNECTION, name, connection(name, each.port), SYSTEM)
        await exchange.add(
            *buying("acme", "100000", price=usd("30"), caps=(fifty,), post_ms=15_000),
            *buying("birch", DEPOSIT, price=usd(PRICE), post_ms=15_000),
            *buying("delta", connection="store"),
            *buying("ember", connection="store"),
        )
        mails = Cap(Window.TOTAL, "count", MAILS)
        await takes_mail(exchange, server, "cobalt", "15", deposit="100000", caps=(mails,))
        await listen(exchange, hook.url, CEDAR, "*")


async def sold_with_a_kill(nodes: Nodes) -> list[dict[str, Any]]:
    """Two hundred leads at once over both nodes beside a list and claims in the store; one node is killed. Whoever
    heard nothing asks the other with the same key."""
    first, other = await asyncio.gather(nodes.start(0), nodes.start(1))
    rows = csv_of(people(ROWS, 5_000))
    await nodes.ask(1, "imports?name=november.csv", rows, **{"Content-Type": "text/csv"})
    answered = 0

    async def sent(number: int) -> dict[str, Any]:
        nonlocal answered
        body, key = orjson.dumps(consumer(number)), {"Idempotency-Key": f"k{number}"}
        try:
            return await nodes.ask(number % 2, "post", body, **key)
        except ClientConnectionError:
            return await nodes.ask(1, "post", body, **key)
        finally:
            answered += 1
            if answered == KILLED_AFTER:
                first.kill()

    posts = [asyncio.create_task(sent(number)) for number in range(LEADS)]
    claims = asyncio.gather(*(claimed(nodes, name) for name in ("delta", "ember")))
    answers = await asyncio.gather(*posts)
    assert SHELVED <= sum(await claims)
    await first.wait()
    first = await nodes.start(0)
    assert 200 == (await nodes.ask(0, "leads?since=0"))["http"]
    for node in (first, other):
        node.terminate()
        assert 0 == await node.wait()
    return answers


async def claimed(nodes: Nodes, buyer_id: str) -> int:
    """A buyer that empties the store beside another. Returns how many leads it got."""
    bought, key = 0, buyer_key(buyer_id)
    while cards := (await nodes.ask(1, "store", key=key))["leads"]:
        for card in cards:
            held = await nodes.ask(1, f"store/{card['lead_id']}/claim", b"{}", key=key)
            if held["http"] == 200:
                got = await nodes.ask(1, f"store/claims/{held['claim_id']}/confirm", b"{}", key=key)
                bought += got["http"] == 200
    return bought


async def nothing_is_stuck(folder: Path, url: str, answers: Sequence[dict[str, Any]]) -> None:
    """Once the leases of the killed have ended all is taken up, and who asks again hears how it ended."""
    clock = SimulatedClock(SystemClock().now() + LATER_S * 1_000)
    async with here(folder, url, clock) as exchange:
        await recover(exchange.market, clock.now(), encode)
        await run_for(exchange, 1_000)
        assert [] == await broken(exchange.market)
        assert [] == await exchange.rows("SELECT kind, state FROM jobs WHERE state <> 'done'")
        assert ["done"] == [row["state"] for row in await exchange.rows("SELECT state FROM imports")]
        assert {"delivered"} == {row["state"] for row in await exchange.rows("SELECT state FROM webhook_sends")}
        for number, told in enumerate(answers):
            again = await post(exchange, consumer(number), key=f"k{number}")
            assert told["status"] == again["status"] or told["reason"] == "still_running"
            assert again["status"] != "error" and again["reason"] != "still_running"


async def checked(
    folder: Path,
    url: str,
    answers: Sequence[dict[str, Any]],
    posted: Sequence[LeadBuyer],
    server: MailServer,
    hook: Receiver,
) -> None:
    """No limit was passed and all were reached; what was told "accepted" is sold once, to one; all were told."""
    async with here(folder, url, SystemClock()) as exchange:
        taken = Counter(
            (row["buyer_id"], row["state"])
            for row in await exchange.rows("SELECT buyer_id, state FROM attempts WHERE state <> 'failed'")
        )
        sales = Counter(row["lead_id"] for row in await exchange.rows("SELECT lead_id FROM sales"))
        balance = await exchange.balance("birch")
        events = {row["id"] for row in await exchange.rows("SELECT id FROM webhook_events")}
    of_buyer = Counter[str]()
    for (buyer_id, _), count in taken.items():
        of_buyer[buyer_id] += count
    assert (CAP, CAP, MAILS) == tuple(of_buyer[name] for name in ("acme", "birch", "cobalt"))
    assert {"accepted", "unclear"} >= {state for _, state in taken}
    assert "10.00" == balance.available.text
    assert {1} == set(sales.values())
    assert {each["lead_id"] for each in answers if each["status"] == "accepted"} <= set(sales)
    phones = Counter(phone for each in posted for phone in each.phones())
    assert {1} == set(phones.values()) and sum(taken[(name, "accepted")] for name in ("acme", "birch")) <= len(phones)
    assert MAILS == len({mail.message_id for mail in server.taken})
    assert events == {event_id for event_id, _ in hook.told}
