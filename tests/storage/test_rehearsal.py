"""A rehearsal runs to its end on every connection and leaves nothing behind, on both engines."""

from __future__ import annotations

import asyncio
import re

import pytest

from exchange.storage.database import Db, Tx
from exchange.storage.migrate import migrations
from exchange.storage.postgres import open_postgres
from exchange.storage.rehearsal import Rehearsed, rehearse, sell_nothing
from tests.storage.conftest import NOW

WRITTEN = "\n".join(each.text for each in migrations())
TABLES = sorted({*re.findall(r"CREATE TABLE (\w+)", WRITTEN)} - {*re.findall(r"DROP TABLE (\w+)", WRITTEN)})
CONNECTIONS = 4


async def counts(tx: Tx) -> dict[str, int]:
    return {table: (await tx.fetch(f"SELECT COUNT(*) AS n FROM {table}"))[0]["n"] for table in TABLES}


async def test_it_comes_to_its_end(every_db: Db) -> None:
    with pytest.raises(Rehearsed):
        await every_db.write(sell_nothing, 1, NOW)


async def test_nothing_of_it_is_stored_however_often_and_however_many_at_once(every_db: Db) -> None:
    before = await every_db.read(counts)
    await asyncio.gather(*(rehearse(every_db, CONNECTIONS, NOW) for _ in range(3)))

    assert before == await every_db.read(counts)


async def prepared(tx: Tx, all_here: asyncio.Barrier) -> tuple[int, int]:
    """Which connection this is, and how many statements it has prepared."""
    await all_here.wait()
    rows = await tx.fetch("SELECT pg_backend_pid() AS pid, COUNT(*) AS n FROM pg_prepared_statements")
    return rows[0]["pid"], rows[0]["n"]


async def test_every_connection_has_prepared_the_same_statements(postgres_migrated: str) -> None:
    db = await open_postgres(postgres_migrated, size=CONNECTIONS, warm=True)
    await rehearse(db, CONNECTIONS, NOW)
    all_here = asyncio.Barrier(CONNECTIONS)
    found = await asyncio.gather(*(db.write(prepared, all_here) for _ in range(CONNECTIONS)))
    await db.close()

    assert CONNECTIONS == len({pid for pid, _ in found})
    assert 1 == len({statements for _, statements in found}) and found[0][1] > 10


async def test_one_that_fails_stops_nothing_and_is_told(every_db: Db, caplog: pytest.LogCaptureFixture) -> None:
    await every_db.write(lose_a_table)
    await rehearse(every_db, 2, NOW)

    assert ["a rehearsal failed: MissingTable"] * 2 == [record.getMessage() for record in caplog.records]


async def lose_a_table(tx: Tx) -> None:
    await tx.execute("DROP TABLE wires")
