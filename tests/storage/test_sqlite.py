"""The SQLite engine where it fails: a full disk, a killed process, a held file."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvloop

from exchange.storage.database import Conflict, Db, StorageBusy, StorageError, StorageFull, StorageUnclear
from exchange.storage.file_lock import FileInUse
from exchange.storage.migrate import read_applied
from exchange.storage.sqlite import SqliteDb, open_sqlite
from exchange.storage.sqlite_group import NotStored, Stored, drive, open_writing, run_group
from tests.databases import lay_file
from tests.processes import started
from tests.storage import units
from tests.storage.units import Thing

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "sqlite_process"])
def either(request: pytest.FixtureRequest) -> SqliteDb:
    """Both ways to write a SQLite file."""
    opened: SqliteDb = request.getfixturevalue(f"{request.param}_db")
    return opened


@pytest.fixture
async def things(either: SqliteDb) -> SqliteDb:
    """A database with an empty table of things."""
    await either.write(units.make_table)
    return either


async def test_a_unit_that_waits_for_something_else_is_refused_and_undone(things: Db) -> None:
    with pytest.raises(StorageError, match="waited for something"):
        await things.write(units.add_and_wait, Thing("a", 1))

    assert [] == await things.read(units.names)


async def test_a_unit_another_process_cannot_find_is_refused_at_once(things: Db) -> None:
    async def local(tx: object) -> None:
        raise AssertionError

    with pytest.raises(TypeError, match="module level"):
        await things.write(local)


async def test_a_result_that_cannot_travel_is_not_stored_either(things: Db) -> None:
    with pytest.raises(Exception, match="pickle"):
        await things.write(units.add_and_answer_what_cannot_travel, Thing("a", 1))

    assert [] == await things.read(units.names)


async def test_an_exception_that_cannot_be_rebuilt_is_told_by_name(sqlite_process_db: Db) -> None:
    await sqlite_process_db.write(units.make_table)

    with pytest.raises(StorageError, match="Stubborn"):
        await sqlite_process_db.write(units.add_and_be_stubborn, Thing("a", 1))


async def test_a_full_disk_is_told_and_once_mended_work_goes_on(things: Db) -> None:
    await things.write(units.add, Thing("before", 1))
    await things.write(units.limit_pages, await things.read(units.page_count) + 2)

    with pytest.raises(StorageFull):
        await things.write(units.add_large, "large", 1_000_000)
    assert ["before"] == await things.read(units.names)

    await things.write(units.limit_pages, 1_000_000)
    await things.write(units.add_large, "large", 1_000_000)
    assert ["before", "large"] == await things.read(units.names)


def test_when_the_disk_fills_up_in_a_group_every_waiter_hears_of_it(tmp_path: Path) -> None:
    connection = open_writing(tmp_path / "x.db", busy_ms=100, synchronous="OFF")
    run_group(connection, [lambda tx: drive(tx, units.make_table, (), {})])
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    answers = run_group(
        connection,
        [
            lambda tx: drive(tx, units.add, (Thing("a", 1),), {}),
            lambda tx: drive(tx, units.add_and_refuse, (Thing("b", 1),), {}),
            lambda tx: drive(tx, units.add_large, ("large", 1_000_000), {}),
            lambda tx: drive(tx, units.add, (Thing("c", 1),), {}),
        ],
    )

    errors = [type(answer.error).__name__ for answer in answers if isinstance(answer, NotStored)]
    assert ["StorageFull", "Refused", "StorageFull", "StorageFull"] == errors
    assert [] == connection.execute("SELECT name FROM things").fetchall()
    connection.execute("PRAGMA max_page_count = 100000")
    assert [Stored(1)] == run_group(connection, [lambda tx: drive(tx, units.add, (Thing("a", 1),), {})])
    connection.close()


def test_a_commit_that_fails_undoes_the_group_and_tells_every_waiter(tmp_path: Path) -> None:
    """A deferred foreign key is checked by the commit alone: the surest way to make a real commit fail."""
    connection = open_writing(tmp_path / "x.db", busy_ms=100, synchronous="OFF")
    connection.execute("CREATE TABLE things (name TEXT PRIMARY KEY, size BIGINT)")
    connection.execute("CREATE TABLE parts (thing TEXT REFERENCES things (name) DEFERRABLE INITIALLY DEFERRED)")

    answers = run_group(
        connection,
        [
            lambda tx: drive(tx, units.add, (Thing("a", 1),), {}),
            lambda tx: drive(tx, units.tell, ("INSERT INTO parts VALUES ('nothing')",), {}),
        ],
    )

    assert ["StorageError"] * 2 == [type(each.error).__name__ for each in answers if isinstance(each, NotStored)]
    assert [] == connection.execute("SELECT name FROM things").fetchall()
    connection.close()


async def test_a_shell_that_holds_the_file_makes_writers_busy_and_then_they_go_on(tmp_path: Path) -> None:
    connection = open_writing(tmp_path / "x.db", busy_ms=50, synchronous="OFF")
    shell = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")

    held = run_group(connection, [lambda tx: drive(tx, units.make_table, (), {})])
    shell.execute("ROLLBACK")
    freed = run_group(connection, [lambda tx: drive(tx, units.make_table, (), {})])

    assert isinstance(held[0], NotStored) and isinstance(held[0].error, StorageBusy)
    assert [Stored(None)] == freed
    shell.close()
    connection.close()


async def test_a_reader_sees_one_moment_while_writers_go_on(things: Db) -> None:
    await things.write(units.add, Thing("a", 1))

    seen = await asyncio.gather(*(things.read(units.names) for _ in range(20)), things.write(units.add, Thing("b", 1)))

    assert all(names in (["a"], ["a", "b"]) for names in seen[:20])


async def test_a_second_exchange_on_the_same_file_is_told_which_process_has_it(sqlite_process_db: SqliteDb) -> None:
    path = (await sqlite_process_db.read(units.ask, "PRAGMA database_list"))[0]["file"]

    with pytest.raises(FileInUse, match=f"in use by another exchange .process {sqlite_process_db.writer_process_id}"):
        await open_sqlite(str(path), process=False, exclusive=True)


async def test_a_one_shot_command_may_write_beside_a_running_exchange(sqlite_process_db: SqliteDb) -> None:
    path = (await sqlite_process_db.read(units.ask, "PRAGMA database_list"))[0]["file"]
    await sqlite_process_db.write(units.make_table)
    command = await open_sqlite(str(path), process=False)

    await asyncio.gather(*(sqlite_process_db.write(units.add, Thing(f"served{n}", n)) for n in range(50)))
    await command.write(units.add, Thing("command", 1))
    await command.close()

    assert 51 == len(await sqlite_process_db.read(units.names))


async def test_a_file_that_cannot_be_opened_is_an_error_with_its_name(tmp_path: Path) -> None:
    for process in (True, False):
        with pytest.raises(StorageError, match="nowhere"):
            await open_sqlite(tmp_path / "nowhere" / "x.db", process=process)


def test_the_writer_process_works_under_uvloop_as_the_exchange_is_served(tmp_path: Path) -> None:
    async def live() -> list[str]:
        db = await open_sqlite(tmp_path / "exchange.db")
        await db.write(units.make_table)
        await asyncio.gather(*(db.write(units.add, Thing(f"t{n}", n)) for n in range(5)))
        process_id = db.writer_process_id
        assert process_id is not None
        os.kill(process_id, signal.SIGKILL)
        await asyncio.gather(db.write(units.add, Thing("lost", 1)), return_exceptions=True)
        await db.write(units.add, Thing("t5", 5))
        names = await db.read(units.names)
        await db.close()
        return [name for name in names if name != "lost"]

    assert [f"t{n}" for n in range(6)] == uvloop.run(live())


@pytest.fixture
async def killed(sqlite_process_db: SqliteDb) -> AsyncIterator[SqliteDb]:
    await sqlite_process_db.write(units.make_table)
    yield sqlite_process_db


async def test_a_killed_writer_loses_nothing_acknowledged_and_another_takes_its_place(killed: SqliteDb) -> None:
    acknowledged: list[str] = []
    enough = asyncio.Event()

    async def write(name: str) -> None:
        await killed.write(units.add, Thing(name, 1))
        acknowledged.append(name)
        if len(acknowledged) == 300:
            enough.set()

    async def write_many(worker: int) -> None:
        for number in range(100):
            await write(f"{worker}-{number}")

    load = asyncio.gather(*(write_many(worker) for worker in range(10)), return_exceptions=True)
    await enough.wait()
    before = killed.writer_process_id
    assert before is not None
    os.kill(before, signal.SIGKILL)
    ended = await load
    stored = await killed.read(units.names)
    await killed.write(units.add, Thing("after", 1))

    assert set() == set(acknowledged) - set(stored)
    assert {StorageUnclear} == {type(each) for each in ended if each is not None}
    assert before != killed.writer_process_id


async def test_an_exchange_killed_in_mid_load_loses_nothing_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    db = await open_sqlite(path, process=False)
    await db.write(units.make_table)
    await db.close()
    async with started(sys.executable, "-m", "tests.storage.load", path, cwd=ROOT) as parent:
        assert parent.stdout is not None
        acknowledged = {(await parent.stdout.readline()).decode().strip() for _ in range(300)}
        parent.kill()
        acknowledged |= {line.decode().strip() async for line in parent.stdout if line.endswith(b"\n")}
        await parent.wait()
        again = await open_sqlite(path)  # waits for the old writer to leave
        stored = await again.read(units.names)
        await again.close()

    assert len(acknowledged) >= 300
    assert set() == acknowledged - set(stored)


async def test_closing_lets_every_unit_that_was_given_end(tmp_path: Path) -> None:
    db = await open_sqlite(tmp_path / "exchange.db")
    await db.write(units.make_table)
    given = [asyncio.ensure_future(db.write(units.add, Thing(f"t{n:03d}", n))) for n in range(100)]
    await asyncio.sleep(0)

    await db.close()

    assert list(range(100)) == [await each for each in given]
    with pytest.raises(StorageError, match="closed"):
        await db.write(units.add, Thing("late", 1))


async def test_a_caller_that_gave_up_does_not_disturb_the_others(sqlite_process_db: Db) -> None:
    await sqlite_process_db.write(units.make_table)
    gone = asyncio.ensure_future(sqlite_process_db.write(units.add, Thing("gone", 1)))
    await asyncio.sleep(0)
    gone.cancel()

    assert 2 == await sqlite_process_db.write(units.add, Thing("there", 2))
    with pytest.raises(Conflict):
        await sqlite_process_db.write(units.add, Thing("gone", 1))


async def test_readers_that_are_cancelled_wherever_they_are_leave_nothing_open(tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    db = await open_sqlite(lay_file(tmp_path))
    for steps in range(0, 60, 3):
        reader = asyncio.ensure_future(db.read(read_applied))
        for _ in range(steps):
            await asyncio.sleep(0)
        reader.cancel()
        await asyncio.sleep(0)
        reader.cancel()  # once more, while the first is cleared away
        await asyncio.wait([reader])
    await db.close()
    await asyncio.get_running_loop().shutdown_default_executor()
    for thread in (left := set(threading.enumerate()) - threads):
        thread.join(5)

    assert [] == [thread for thread in left if thread.is_alive()]
