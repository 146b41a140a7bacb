"""Many at once, through the door, on both engines: one lead, one sale, no cap passed, no balance spent twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from exchange import limits
from exchange.clock import SystemClock
from exchange.model.party import Cap, Rate, Window
from exchange.storage.ledger import house_balance
from tests.market import POST, Exchange, Party, buying, consumer, open_exchange, selling, usd
from tests.web.served import Heard, Served, serve_exchange

WIDE = Rate(100_000, 100_000, 100_000)


def patient(name: str) -> tuple[Party, ...]:
    """A seller that may send much and waits long: what is asked here is no matter of speed."""
    return selling(name, rate=WIDE, timeout_ms=limits.TIMEOUT_MS_MOST)


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return count(1)


@pytest.fixture(params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest) -> str | None:
    """Each engine in turn: None is SQLite."""
    return str(request.getfixturevalue("postgres_url")) if request.param == "postgres" else None


@pytest.fixture
async def exchange(server: str | None, tmp_path: Path, numbers: Iterator[int]) -> AsyncIterator[Exchange]:
    """On each engine as it is served: SQLite with its writer process, PostgreSQL with its connections."""
    if server is None:
        async with open_exchange(tmp_path, process=True, clock=SystemClock()) as opened:
            yield opened
        return
    name = f"web_{next(numbers)}"
    await _tell(server, f"CREATE DATABASE {name}")
    try:
        url = server.replace("/postgres?", f"/{name}?")
        async with open_exchange(tmp_path, database_url=url, clock=SystemClock()) as opened:
            yield opened
    finally:
        await _tell(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _tell(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def statuses(answers: list[Heard]) -> Counter[str]:
    return Counter(str(answer["status"]) for answer in answers)


async def together(served: Served, leads: list[dict[str, str]], headers: dict[str, str] | None = None) -> list[Heard]:
    return await asyncio.gather(*(served.send("pingpost", lead, headers=headers) for lead in leads))


async def check_books(exchange: Exchange, sold: int) -> None:
    """Every sale is delivered once, booked once, and the sums fit."""
    posted = sum(len(exchange.buyers.posts(buyer_id)) for buyer_id in ("acme", "birch"))
    assert sold == posted == await exchange.count("sales")
    margin = await exchange.market.db.read(house_balance, "house:margin", "USD")
    (seller,) = await exchange.rows("SELECT posted_units FROM account_balances WHERE account = 'seller:cedar:payable'")
    assert usd("5").units * sold == margin.units
    assert usd("20").units * sold == seller["posted_units"]
    assert [] == await exchange.rows("SELECT attempt_id FROM holds WHERE state = 'held'")


async def test_50_identical_posts_at_once_make_one_lead_and_one_sale(exchange: Exchange) -> None:
    await exchange.add(*patient("cedar"), *buying("acme"))
    async with serve_exchange(exchange) as served:
        answers = await together(served, [POST] * 50)
        late = await served.send("pingpost", POST)

    assert {"accepted"} <= set(statuses(answers)) <= {"accepted", "duplicate", "queued"}
    assert 1 == len({answer.body for answer in answers if answer["status"] == "accepted"})
    assert "duplicate" == late["status"]
    assert [{"n": 1}] == await exchange.rows("SELECT COUNT(*) AS n FROM leads WHERE state = 'sold'")
    await check_books(exchange, 1)


async def test_50_identical_posts_with_a_key_get_one_answer_to_the_byte(exchange: Exchange) -> None:
    await exchange.add(*patient("cedar"), *buying("acme"))
    async with serve_exchange(exchange) as served:
        answers = await together(served, [POST] * 50, {"Idempotency-Key": "k-1"})

    assert Counter({200: 50}) == Counter(answer.http_status for answer in answers)
    assert 1 == len({answer.body for answer in answers})
    assert 49 == sum(answer.headers.get("Idempotent-Replayed") == "true" for answer in answers)
    assert 1 == await exchange.count("leads")
    await check_books(exchange, 1)


async def test_200_leads_at_once_never_pass_a_cap_of_50(exchange: Exchange) -> None:
    caps = (Cap(Window.DAY, "count", 50),)
    await exchange.add(*patient("cedar"), *buying("acme", "10000", caps=caps))
    async with serve_exchange(exchange) as served:
        answers = await together(served, [consumer(number) for number in range(200)])

    assert Counter({"accepted": 50, "unsold": 150}) == statuses(answers)
    assert {"no_eligible_buyer"} == {answer["reason"] for answer in answers if answer["status"] == "unsold"}
    assert [{"used_units": 50}] == await exchange.rows("SELECT used_units FROM cap_use")
    await check_books(exchange, 50)


async def test_200_leads_at_once_never_pass_a_prepaid_balance_and_go_on_to_the_next_buyer(exchange: Exchange) -> None:
    await exchange.add(*patient("cedar"), *buying("acme", "500", priority=1), *buying("birch", "750", priority=2))
    async with serve_exchange(exchange) as served:
        answers = await together(served, [consumer(number) for number in range(200)])

    assert Counter({"accepted": 50, "unsold": 150}) == statuses(answers)
    assert (usd("0"), usd("0")) == (
        (await exchange.balance("acme")).available,
        (await exchange.balance("birch")).available,
    )
    await check_books(exchange, 50)


async def test_an_unsold_lead_is_posted_again_at_once_by_many_and_sold_once(exchange: Exchange) -> None:
    await exchange.add(*patient("cedar"), *buying("acme"))
    async with serve_exchange(exchange) as served:
        exchange.buyers.bids("acme", None)
        first = await served.send("pingpost", {**POST, "seller_lead_id": "A-1"})
        exchange.buyers.bids("acme", "25.00")
        answers = await together(served, [{**POST, "seller_lead_id": "A-1"}] * 20)

    assert "unsold" == first["status"]
    assert 20 == statuses(answers)["accepted"]
    assert 1 == len({answer["lead_id"] for answer in answers})
    await check_books(exchange, 1)


async def test_many_posts_race_on_one_ping_and_one_wins(exchange: Exchange) -> None:
    await exchange.add(*patient("cedar"), *buying("acme"))
    async with serve_exchange(exchange) as served:
        ping = await served.send("ping", {name: POST[name] for name in ("zip", "state", "monthly_bill", "homeowner")})
        posts = [{**consumer(number), "ping_id": str(ping["ping_id"])} for number in range(20)]
        answers = await asyncio.gather(*(served.send("post", post) for post in posts))

    assert Counter({"accepted": 1, "rejected": 19}) == statuses(answers)
    assert {"ping_used"} == {answer["reason"] for answer in answers if answer["status"] == "rejected"}
    await check_books(exchange, 1)
