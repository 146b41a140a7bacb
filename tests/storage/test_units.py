"""Units of work: what every engine promises."""

from __future__ import annotations

import asyncio

import pytest

from exchange.storage.database import Conflict, Db, MissingTable, StorageError
from tests.storage import units
from tests.storage.units import Refused, Thing


@pytest.fixture
async def things(every_db: Db) -> Db:
    """A database with an empty table of things."""
    await every_db.write(units.make_table)
    return every_db


async def test_what_a_unit_returns_comes_back_and_what_it_wrote_is_read(things: Db) -> None:
    assert 7 == await things.write(units.add, Thing("a", 7))

    assert 7 == await things.read(units.size_of, "a")


async def test_a_second_unit_with_the_same_key_is_a_conflict_and_the_first_stands(things: Db) -> None:
    await things.write(units.add, Thing("a", 1))

    with pytest.raises(Conflict):
        await things.write(units.add, Thing("a", 2))

    assert 1 == await things.read(units.size_of, "a")


async def test_an_exception_of_a_unit_reaches_its_caller_whole_and_undoes_that_unit_alone(things: Db) -> None:
    results = await asyncio.gather(
        *(things.write(units.add, Thing(f"good{n}", n)) for n in range(5)),
        things.write(units.add_and_refuse, Thing("bad", 1)),
        *(things.write(units.add, Thing(f"more{n}", n)) for n in range(5)),
        return_exceptions=True,
    )

    assert isinstance(results[5], Refused) and 42 == results[5].code
    assert [0, 1, 2, 3, 4] == results[:5]
    assert [*(f"good{n}" for n in range(5)), *(f"more{n}" for n in range(5))] == await things.read(units.names)


async def test_after_a_failed_statement_a_unit_cannot_go_on(things: Db) -> None:
    with pytest.raises(StorageError):
        await things.write(units.add_after_an_error, Thing("a", 1))

    assert [] == await things.read(units.names)


async def test_a_missing_table_is_told_from_other_errors(db: Db) -> None:
    with pytest.raises(MissingTable):
        await db.read(units.names)


async def test_a_read_writes_nothing(things: Db) -> None:
    with pytest.raises(StorageError):
        await things.read(units.add, Thing("a", 1))

    assert [] == await things.read(units.names)


async def test_a_text_stays_as_it_is_however_hostile(things: Db) -> None:
    name = "'; DROP TABLE things; -- :name $1 ☃ \x7f"

    await things.write(units.add, Thing(name, 1))

    assert [name] == await things.read(units.names)


async def test_rows_touched_are_counted(things: Db) -> None:
    await things.write(units.add_all, [Thing("a", 1), Thing("b", 2)])

    assert 1 == await things.write(units.grow, "a", 5)
    assert 0 == await things.write(units.grow, "nobody", 5)
    assert 2 == await things.write(units.tell, "WITH x AS (SELECT 1 AS one) UPDATE things SET size = 0")


async def test_two_hundred_concurrent_updates_of_one_row_all_count(things: Db) -> None:
    await things.write(units.add, Thing("a", 0))

    await asyncio.gather(*(things.write(units.grow, "a", 1) for _ in range(200)))

    assert 200 == await things.read(units.size_of, "a")
