"""Two hundred leads at once, two processes on one database: no cap, no balance and no slot is ever passed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from exchange.clock import SystemClock
from exchange.flows.market import refresh
from exchange.model.party import Cap, SaleMode, Window
from exchange.storage.postgres import open_postgres
from tests.flows.lab import Heard, owed, person, ping, post, post_on, spent, used
from tests.flows.promises import broken
from tests.market import REFUSED, Exchange, buying, open_exchange, reply, selling, usd
from tests.storage import units

CAP = Cap(Window.DAY, "count", 50)
LEADS = 200
PATIENT_MS = 120_000  # on a slow machine two hundred leads at once take their time


@pytest.fixture
async def with_writer(tmp_path: Path) -> AsyncIterator[Exchange]:
    """On SQLite with its writer process and the system's clock, as it is served."""
    async with open_exchange(tmp_path, process=True, clock=SystemClock()) as opened:
        yield opened
        assert [] == await broken(opened.market)


@pytest.fixture
async def two_processes(tmp_path: Path, postgres_migrated: str) -> AsyncIterator[tuple[Exchange, Exchange]]:
    """Two exchanges with one key file on one PostgreSQL database, each with its own memory of the market."""
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(2):
            db = await open_postgres(postgres_migrated)
            stack.push_async_callback(db.close)
            opened.append(await stack.enter_async_context(open_exchange(tmp_path, db=db, clock=SystemClock())))
        yield opened[0], opened[1]
        assert [] == await broken(opened[0].market)


async def all_posted(*exchanges: Exchange, leads: int = LEADS) -> list[Heard]:
    sent = [post(exchanges[number % len(exchanges)], person(number)) for number in range(leads)]
    return list(await asyncio.gather(*sent))


def sold(answers: list[Heard]) -> int:
    return Counter(answer["status"] for answer in answers)["accepted"]


@pytest.fixture(params=["exchange", "with_writer", "on_postgres"])
def each(request: pytest.FixtureRequest) -> Exchange:
    opened: Exchange = request.getfixturevalue(request.param)
    return opened


async def test_a_cap_of_fifty_is_filled_and_never_passed(each: Exchange) -> None:
    await each.add(*buying("acme", "100000", caps=(CAP,)), *selling("cedar", timeout_ms=PATIENT_MS))
    answers = await all_posted(each)

    assert (50, 50) == (sold(answers), await used(each, "acme-solar:day:count"))
    assert "1250.00" == await spent(each, "acme", "100000")


async def test_a_prepaid_balance_is_spent_and_never_passed(either: Exchange) -> None:
    await either.add(*buying("acme", "1010"), *selling("cedar", timeout_ms=PATIENT_MS))
    answers = await all_posted(either)

    assert (40, "1000.00", "800.00") == (sold(answers), await spent(either, "acme", "1010"), await owed(either))


async def test_what_one_buyer_cannot_take_goes_to_the_next(either: Exchange) -> None:
    await either.add(
        *buying("acme", "100000", caps=(CAP,)),
        *buying("birch", "100000", caps=(CAP,)),
        *selling("cedar", timeout_ms=PATIENT_MS),
    )
    either.buyers.bids("birch", "20.00")
    answers = await all_posted(either, leads=120)

    assert 100 == sold(answers)
    assert ("1250.00", "1000.00") == (await spent(either, "acme", "100000"), await spent(either, "birch", "100000"))


async def test_two_processes_share_a_cap_and_a_balance(two_processes: tuple[Exchange, Exchange]) -> None:
    one, other = two_processes
    await one.add(
        *buying("acme", "100000", caps=(CAP,)), *buying("birch", "510"), *selling("cedar", timeout_ms=PATIENT_MS)
    )
    one.buyers.bids("birch", "20.00")
    other.buyers.bids("birch", "20.00")
    await refresh(other.market)
    answers = await all_posted(one, other)

    assert (75, 50) == (sold(answers), await used(one, "acme-solar:day:count"))
    assert ("1250.00", "500.00") == (await spent(one, "acme", "100000"), await spent(one, "birch", "510"))


@pytest.mark.parametrize("key", ["k1", None])
async def test_two_processes_sell_one_lead_once(two_processes: tuple[Exchange, Exchange], key: str | None) -> None:
    one, other = two_processes
    await one.add(*buying("acme"), *selling("cedar", timeout_ms=PATIENT_MS))
    await refresh(other.market)
    answers = await asyncio.gather(*(post(each, key=key) for each in (one, other) for _ in range(25)))

    assert (1, 1) == (await one.count("sales"), len(one.buyers.posts("acme")) + len(other.buyers.posts("acme")))
    if key is not None:
        assert 1 == len({answer.body for answer in answers})
    assert {answer["status"] for answer in answers} <= {"accepted", "duplicate", "queued"}


async def test_two_processes_race_for_a_ping(two_processes: tuple[Exchange, Exchange]) -> None:
    one, other = two_processes
    await one.add(*buying("acme"), *selling("cedar", timeout_ms=PATIENT_MS))
    await refresh(other.market)
    pinged = await ping(one)
    answers = await asyncio.gather(*(post_on((one, other)[number % 2], pinged, person(number)) for number in range(10)))

    assert (1, 1) == (sold(list(answers)), await one.count("sales"))


async def test_shared_leads_of_one_market_at_once(either: Exchange) -> None:
    for name in ("acme", "birch", "cobalt"):
        await either.add(*buying(name, "100000", sale_mode=SaleMode.SHARED, caps=(CAP,)))
    await either.add(*selling("cedar", slots=2, timeout_ms=PATIENT_MS))
    either.buyers.bids("acme", "30.00")
    answers = await all_posted(either, leads=100)

    assert 150 == sum(answer["times_sold"] or 0 for answer in answers)
    for name in ("acme", "birch", "cobalt"):
        assert 50 == await used(either, f"{name}-solar:day:count")


async def test_a_money_cap_is_never_passed(either: Exchange) -> None:
    cap = Cap(Window.DAY, "money", usd("260").units)
    await either.add(*buying("acme", "100000", caps=(cap,)), *selling("cedar", timeout_ms=PATIENT_MS))

    assert 10 == sold(await all_posted(either, leads=40))


@pytest.mark.parametrize("sale_mode", [SaleMode.EXCLUSIVE, SaleMode.SHARED])
async def test_leads_that_go_from_buyer_to_buyer_in_every_order_never_wait_for_each_other(
    two_processes: tuple[Exchange, Exchange], postgres_migrated: str, sale_mode: SaleMode
) -> None:
    """What a lead gives back to one buyer and takes from the next is locked in one order, whichever way it goes."""
    one, other = two_processes
    names = ("acme", "birch", "cobalt", "delta")
    for name in names:
        await one.add(*buying(name, "100000", sale_mode=sale_mode, caps=(CAP,)))
    slots = 2 if sale_mode is SaleMode.SHARED else 1
    await one.add(*selling("cedar", slots=slots, timeout_ms=PATIENT_MS))
    await refresh(other.market)
    for number, name in enumerate(names):
        for exchange, place in ((one, number), (other, len(names) - number)):
            exchange.buyers.bids(name, f"{20 + place}.00")
            exchange.buyers.answers_posts(name, *[REFUSED, reply(status="sold", id="b1")] * 40)
    before = await deadlocks(postgres_migrated)
    answers = await all_posted(one, other, leads=80)

    assert {("accepted", None), ("unsold", "buyer_rejected")} >= {answer.told for answer in answers}
    assert 20 < sold(answers)
    assert before == await deadlocks(postgres_migrated)


async def deadlocks(url: str) -> int:
    """How many PostgreSQL has ended in this database. A session tells its own when it ends its transaction."""
    db = await open_postgres(url, size=2)
    rows = await db.read(units.ask, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    await db.close()
    return int(str(rows[0]["deadlocks"]))
