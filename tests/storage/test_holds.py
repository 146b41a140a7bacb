"""Holds: no cap and no balance is ever passed, and what is given back goes where it came from."""

from __future__ import annotations

import asyncio

import pytest

from exchange.model.hold import BalanceShort, CapFull, Held
from exchange.storage.database import Conflict, Db, Tx
from exchange.storage.holds import (
    WINDOWS_MS,
    HoldExceeded,
    all_cap_use,
    cap_use,
    forget_caps,
    held_account,
    open_holds,
    post_holds,
    reserve,
    void_holds,
)
from exchange.storage.ledger import balances, book, set_account
from exchange.storage.postgres import PostgresDb, open_postgres
from exchange.storage.verify import verify_books
from tests.storage.books import BUYER, CREDIT, NOW, count_cap, hold, money_cap, sale, top_up, usd

DAY, MONTH = ("ct_1:day", 1_000), ("ct_1:month", 2_000)


@pytest.fixture
async def funded(db: Db) -> Db:
    """A prepaid buyer with 100 dollars."""
    await db.write(book, top_up("t1", usd("100")))
    return db


@pytest.fixture
async def crowded(every_db: Db) -> Db:
    """The same buyer, for many callers at once."""
    await every_db.write(book, top_up("t1", usd("100")))
    return every_db


async def available(db: Db, account: str = BUYER) -> str:
    return (await db.read(balances, [account]))[account].available.text


async def test_a_hold_takes_the_caps_and_the_price(funded: Db) -> None:
    held = await funded.write(reserve, hold("a1", usd("30"), count_cap(), money_cap(usd("30"), usd("500"))), NOW)

    assert Held((("ct_1:day", 1), ("ct_1:month", 300_000)), usd("70")) == held
    assert {DAY: 1, MONTH: 300_000} == await funded.read(cap_use, [DAY, MONTH, ("ct_2:day", 1_000)])
    assert "70.00" == await available(funded)


async def test_two_hundred_concurrent_holds_never_pass_a_cap_of_fifty(crowded: Db) -> None:
    """Thirty of them at first, for it is spread, then the rest."""
    spread = count_cap(most=50)._replace(by_now=30)
    first = await asyncio.gather(*(crowded.write(reserve, hold(f"b{n}", usd("0.01"), spread), NOW) for n in range(100)))
    assert (30, {DAY: 30}) == (
        sum(isinstance(result, Held) for result in first), await crowded.read(cap_use, [DAY])
    )  # fmt: skip
    results = await asyncio.gather(
        *(crowded.write(reserve, hold(f"a{n}", usd("0.01"), count_cap(most=50)), NOW) for n in range(200))
    )
    results += [each for each in first if isinstance(each, Held)]

    assert 50 == sum(isinstance(result, Held) for result in results)
    assert {CapFull("ct_1:day", "cap:ct_1:day", 50, 50, NOW)} == {
        each for each in results if not isinstance(each, Held)
    }
    assert {DAY: 50} == await crowded.read(cap_use, [DAY])
    assert "99.50" == await available(crowded)


async def test_two_hundred_concurrent_holds_never_pass_a_prepaid_balance(crowded: Db) -> None:
    results = await asyncio.gather(
        *(crowded.write(reserve, hold(f"a{n}", usd("3"), count_cap(most=500)), NOW) for n in range(200))
    )

    assert 33 == sum(isinstance(result, Held) for result in results)
    assert {BalanceShort(usd("1"), usd("3"))} == {each for each in results if not isinstance(each, Held)}
    assert {DAY: 33} == await crowded.read(cap_use, [DAY])
    assert "1.00" == await available(crowded)


async def test_two_hundred_concurrent_holds_on_several_caps_never_pass_the_smallest_credit(every_db: Db) -> None:
    await every_db.write(set_account, CREDIT, "USD", usd("100").units)
    caps = (count_cap(most=70), count_cap("ct_1:hour", most=60), money_cap(usd("2"), usd("90")))

    results = await asyncio.gather(
        *(every_db.write(reserve, hold(f"a{n}", usd("2"), *caps, account=CREDIT), NOW) for n in range(200))
    )

    assert 45 == sum(isinstance(result, Held) for result in results)
    assert {DAY: 45, ("ct_1:hour", 1_000): 45, MONTH: 900_000} == await every_db.read(
        cap_use, [DAY, ("ct_1:hour", 1_000), MONTH]
    )
    assert (await verify_books(every_db)).sound


async def test_two_nodes_share_one_cap_exactly(postgres_db: PostgresDb, postgres_migrated: str) -> None:
    await postgres_db.write(book, top_up("t1", usd("100")))
    other = await open_postgres(postgres_migrated)

    results = await asyncio.gather(
        *(node.write(reserve, hold(f"{name}{n}", usd("1"), count_cap(most=50)), NOW)
          for name, node in (("a", postgres_db), ("b", other)) for n in range(60))
    )  # fmt: skip
    await other.close()

    assert 50 == sum(isinstance(result, Held) for result in results)


async def test_a_refused_hold_takes_nothing_and_names_what_was_full(funded: Db) -> None:
    await funded.write(reserve, hold("a1", usd("1"), count_cap("ct_1:hour", most=1)), NOW)

    refused = await funded.write(reserve, hold("a2", usd("1"), count_cap(), count_cap("ct_1:hour", most=1)), NOW)

    assert CapFull("ct_1:hour", "cap:ct_1:hour", 1, 1, NOW) == refused
    assert {("ct_1:hour", 1_000): 1} == {
        key: use for key, use in (await funded.read(all_cap_use, 0)).used.items() if use
    }
    assert "99.00" == await available(funded)
    assert ["a1", "a1"] == [row["attempt_id"] for row in await funded.read(open_holds, NOW + 1)]


async def test_a_price_above_a_whole_money_cap_is_refused_before_anything_is_taken(funded: Db) -> None:
    refused = await funded.write(reserve, hold("a1", usd("30"), money_cap(usd("30"), usd("20"))), NOW)

    assert CapFull("ct_1:month", "cap:ct_1:month", 0, 200_000) == refused
    assert "100.00" == await available(funded)


async def test_an_account_nobody_opened_is_short(db: Db) -> None:
    assert BalanceShort(usd("0"), usd("1")) == await db.write(reserve, hold("a1", usd("1")), NOW)


async def test_an_attempt_holds_once(funded: Db) -> None:
    await funded.write(reserve, hold("a1", usd("1"), count_cap()), NOW)

    with pytest.raises(Conflict):
        await funded.write(reserve, hold("a1", usd("1"), count_cap()), NOW)

    assert {DAY: 1} == await funded.read(cap_use, [DAY])


async def sell(tx: Tx, attempt_id: str, price: str, payout: str) -> bool:
    freed = await post_holds(tx, attempt_id, usd(price), NOW)
    return bool(freed) and await book(tx, sale(f"sale:{attempt_id}", usd(price), usd(payout)), freed)


async def test_a_sale_below_the_bid_gives_the_difference_back_to_money_caps_and_keeps_the_count(funded: Db) -> None:
    await funded.write(reserve, hold("a1", usd("30"), count_cap(), money_cap(usd("30"), usd("500"))), NOW)

    assert await funded.write(sell, "a1", "25", "20")

    assert {DAY: 1, MONTH: 250_000} == await funded.read(cap_use, [DAY, MONTH])
    assert "75.00" == await available(funded)
    assert (await verify_books(funded)).sound


async def test_a_sale_is_posted_once_however_often_it_is_told(crowded: Db) -> None:
    await crowded.write(reserve, hold("a1", usd("30"), count_cap()), NOW)

    posted = await asyncio.gather(*(crowded.write(sell, "a1", "30", "20") for _ in range(5)))

    assert [False] * 4 + [True] == sorted(posted)
    assert "70.00" == await available(crowded)


async def test_more_than_was_held_is_never_charged(funded: Db) -> None:
    await funded.write(reserve, hold("a1", usd("30"), count_cap()), NOW)

    with pytest.raises(HoldExceeded):
        await funded.write(sell, "a1", "30.01", "20")

    assert "70.00" == await available(funded)


async def test_a_void_hold_goes_back_to_the_window_it_was_taken_from_after_midnight_too(funded: Db) -> None:
    await funded.write(reserve, hold("a1", usd("30"), count_cap(window=1_000)), NOW)
    await funded.write(reserve, hold("a2", usd("30"), count_cap(window=87_400)), NOW + 1)

    assert await funded.write(void_holds, "a1", NOW + 2)

    assert {("ct_1:day", 1_000): 0, ("ct_1:day", 87_400): 1} == await funded.read(
        cap_use, [("ct_1:day", 1_000), ("ct_1:day", 87_400)]
    )
    assert "70.00" == await available(funded)


async def test_two_people_who_settle_one_attempt_free_it_once(crowded: Db) -> None:
    await crowded.write(reserve, hold("a1", usd("30"), count_cap()), NOW)
    await crowded.write(reserve, hold("a2", usd("30"), count_cap()), NOW)

    freed = await asyncio.gather(*(crowded.write(void_holds, "a1", NOW) for _ in range(10)))

    assert 1 == sum(freed)
    assert {DAY: 1} == await crowded.read(cap_use, [DAY])
    assert "70.00" == await available(crowded)
    assert not await crowded.write(post_holds, "a1", usd("30"), NOW)


async def test_a_raised_limit_takes_effect_at_the_next_hold(funded: Db) -> None:
    await funded.write(reserve, hold("a1", usd("1"), count_cap(most=1)), NOW)

    assert isinstance(await funded.write(reserve, hold("a2", usd("1"), count_cap(most=1)), NOW), CapFull)
    assert isinstance(await funded.write(reserve, hold("a2", usd("1"), count_cap(most=2)), NOW + 5), Held)
    assert {DAY: NOW + 5} == (await funded.read(all_cap_use, 0)).reached
    await funded.write(void_holds, "a2", NOW + 9)
    assert {} == (await funded.read(all_cap_use, 0)).reached


async def test_open_windows_are_seen_and_old_ones_forgotten_unless_a_hold_may_come_back(funded: Db) -> None:
    old, new = NOW - WINDOWS_MS - 1, NOW - 1_000
    for number, window in enumerate((0, old, old - 1, new)):
        await funded.write(reserve, hold(f"a{number}", usd("1"), count_cap(window=window)), NOW)
    await funded.write(post_holds, "a1", usd("1"), NOW)

    assert {0, new} == {start for _, start in (await funded.read(all_cap_use, NOW)).used}
    assert 1 == await funded.write(forget_caps, NOW - WINDOWS_MS)
    windows = [("ct_1:day", start) for start in (0, old, old - 1, new)]
    assert [0, old - 1, new] == sorted(start for _, start in await funded.read(cap_use, windows))


async def test_the_account_of_a_hold_is_known_while_it_holds(funded: Db) -> None:
    await funded.write(reserve, hold("a1", usd("25"), count_cap()), NOW)
    assert BUYER == await funded.read(held_account, "a1")

    await funded.write(void_holds, "a1", NOW)
    assert (None, None) == (await funded.read(held_account, "a1"), await funded.read(held_account, "a2"))
