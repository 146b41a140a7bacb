"""Unmapped answers are counted, and a buyer that says something new each time fills no table."""

from __future__ import annotations

from exchange.limits import SHAPES_KEPT
from exchange.model.actor import Actor, Role
from exchange.model.work import Unmapped
from exchange.storage.database import Db, Tx
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
