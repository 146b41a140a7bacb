"""Unmapped answers are counted, and a buyer that says something new each time fills no table."""

from __future__ import annotations

import asyncio

from exchange.limits import SHAPES_KEPT
from exchange.model.actor import Actor, Role
from exchange.model.work import Closing, LeadState, Unmapped
from exchange.storage.closing import close_lead
from exchange.storage.database import Db, Tx
from exchange.storage.postgres import PostgresDb
from exchange.storage.unmapped import count_unmapped, unmapped_answers

OPERATOR = Actor(Role.OPERATOR, "pat@exchange.example")


async def count_many(tx: Tx, times: int) -> None:
    for number in range(times):
        await count_unmapped(tx, Unmapped("ct_1", "ping", number.to_bytes(16, "big")), f"ld_{number}", number)


async def test_kinds_beyond_the_limit_are_counted_as_one(db: Db) -> None:
    await db.write(count_many, SHAPES_KEPT + 20)

    [row] = await db.read(unmapped_answers, OPERATOR)
    assert (SHAPES_KEPT + 20, SHAPES_KEPT + 1) == (row["answers"], row["shapes"])
    assert f"ld_{SHAPES_KEPT + 19}" == row["lead_id"]


async def test_only_operators_read_them(db: Db) -> None:
    await db.write(count_many, 1)

    assert [] == await db.read(unmapped_answers, Actor(Role.BUYER, "dana@buyer.example", "acme"))


def closing(number: int) -> Closing:
    """The end of a lead that many contracts answered in words unknown, heard in another order each time."""
    said = [Unmapped(f"ct_{contract}", "ping", b"held") for contract in range(8)]
    heard = said if number % 2 else said[::-1]
    return Closing(f"ld_{number}", "2026-11", number, LeadState.UNSOLD, None, None, None, unmapped=tuple(heard))


async def make_leads(tx: Tx, count: int) -> None:
    await tx.execute_many(
        """INSERT INTO leads (id, month, received_at, seller_id, campaign_id, campaign_version, vertical, mode, kind,
               state, facts, subject, currency, revenue_units, payout_units, times_sold, changed_at)
           VALUES (:id, '2026-11', 1, 's', 'c', 1, 'solar', 'live', 'post', 'open', '{}', 'r', 'USD', 0, 0, 0, 1)""",
        [{"id": f"ld_{number}"} for number in range(count)],
    )


async def deadlocks(tx: Tx) -> int:
    await tx.fetch("SELECT pg_stat_force_next_flush() AS flushed")
    rows = await tx.fetch("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return int(rows[0]["deadlocks"])


async def test_leads_that_hear_the_same_at_once_never_wait_for_each_other(postgres_db: PostgresDb) -> None:
    await postgres_db.write(make_leads, 60)
    before = await postgres_db.write(deadlocks)  # of tests that mean to have some

    await asyncio.gather(*(postgres_db.write(close_lead, closing(number)) for number in range(60)))

    assert before == await postgres_db.write(deadlocks)
    assert [60] * 8 == [row["answers"] for row in await postgres_db.read(unmapped_answers, OPERATOR)]
