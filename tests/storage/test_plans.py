"""What is rare among very many rows is told apart in an index, on both engines: no row is read that is not shown."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from exchange.model.actor import Actor, Role
from exchange.model.statement import BEGINNING, Cut, Period
from exchange.storage.bought import BoughtFilter, count_bought
from exchange.storage.database import Db, Row, Tx
from exchange.storage.delivery_views import PostFilter, count_posts, posts_to
from exchange.storage.payout_sums import OPEN, first_entry_at

COVERED = r"COVERING INDEX sales_buyer|Index Only Scan (Backward )?using sales_buyer"
BUYER = Actor(Role.BUYER, "ann", "acme")


class _Explained:
    """A transaction that tells how its statements are run."""

    def __init__(self, tx: Tx, sqlite: bool, told: list[str]) -> None:
        self._tx, self._sqlite, self._told = tx, sqlite, told

    async def fetch(self, sql: str, **params: Any) -> list[Row]:
        if self._sqlite:
            self._told += [row["detail"] for row in await self._tx.fetch(f"EXPLAIN QUERY PLAN {sql}", **params)]
        else:  # of tables so small it would read all, and put it in order by itself
            await self._tx.fetch("SELECT set_config('enable_seqscan', 'off', true)")
            await self._tx.fetch("SELECT set_config('enable_bitmapscan', 'off', true)")
            await self._tx.fetch("SELECT set_config('enable_sort', 'off', true)")
            self._told += [row["QUERY PLAN"] for row in await self._tx.fetch(f"EXPLAIN {sql}", **params)]
        return await self._tx.fetch(sql, **params)


async def plan(db: Db, query: Callable[..., Awaitable[Any]], *args: Any) -> str:
    told: list[str] = []

    async def explained(tx: Tx) -> None:
        await query(_Explained(tx, not tx.for_update, told), *args)

    await db.read(explained)
    return "\n".join(told)


async def test_posts_to_a_buyer_are_told_apart_in_the_index_alone(db: Db) -> None:
    for wanted in (PostFilter(), PostFilter("test"), PostFilter(states=("failed",), contract_id="acme-solar")):
        counted = await plan(db, count_posts, BUYER, "acme", wanted, 10_000)
        listed = await plan(db, posts_to, BUYER, "acme", wanted)

        assert re.search(r"COVERING INDEX attempts_buyer|Index Only Scan (Backward )?using attempts_buyer", counted)
        assert "attempts_buyer" in listed and "B-TREE" not in listed and "Sort" not in listed


async def test_what_a_buyer_bought_is_counted_in_the_index_alone(db: Db) -> None:
    for wanted in (BoughtFilter("live"), BoughtFilter("live", contract_id="acme-solar", since=1)):
        told = await plan(db, count_bought, BUYER, wanted, 10_000)
        assert re.search(COVERED, told) and " l" not in told, told


async def test_the_first_entry_of_a_period_is_found_without_reading_the_others(db: Db) -> None:
    told = await plan(db, first_entry_at, Period("seller:cedar:payable", "USD", BEGINNING, Cut(OPEN, OPEN)))

    assert "postings_source" in told and "postings_destination" in told
    assert "B-TREE" not in told and "Sort" not in told
