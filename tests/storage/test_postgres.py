"""The PostgreSQL engine where it fails: deadlocks, lost connections, commits whose answer never came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

import pytest

from exchange.storage.database import StorageError, StorageUnclear, Tx
from exchange.storage.postgres import PostgresDb, open_postgres
from tests.storage import units
from tests.storage.units import Thing


@pytest.fixture
async def things(postgres_db: PostgresDb) -> PostgresDb:
    await postgres_db.write(units.make_table)
    return postgres_db


async def lock_both(tx: Tx, first: str, second: str, mine: asyncio.Event, other: asyncio.Event) -> None:
    """Holds the first row until somebody else holds the second: two of these in opposite order are a deadlock."""
    await units.grow(tx, first, 1)
    mine.set()
    await other.wait()
    await units.grow(tx, second, 1)


async def test_a_deadlock_is_run_again_and_both_units_count(things: PostgresDb) -> None:
    await things.write(units.add_all, [Thing("a", 0), Thing("b", 0)])
    one, two = asyncio.Event(), asyncio.Event()

    await asyncio.gather(things.write(lock_both, "a", "b", one, two), things.write(lock_both, "b", "a", two, one))

    assert 2 == await things.read(units.size_of, "a")
    assert 2 == await things.read(units.size_of, "b")


async def end_other_connections(tx: Tx) -> None:
    """What a restart or a fail-over of the server does to every connection but ours."""
    await tx.fetch(
        """SELECT pg_terminate_backend(pid) AS gone FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    )


async def test_after_the_server_dropped_every_connection_units_and_reads_go_on(
    things: PostgresDb, postgres_migrated: str
) -> None:
    await asyncio.gather(*(things.write(units.add, Thing(f"before{n}", n)) for n in range(20)))
    await things.read(units.names)
    admin = await open_postgres(postgres_migrated, size=1)
    await admin.write(end_other_connections)
    await admin.close()

    await asyncio.gather(*(things.write(units.add, Thing(f"after{n}", n)) for n in range(20)))

    assert 40 == len(await things.read(units.names))


async def lose_connection_once(tx: Tx, thing: Thing, lost: list[bool]) -> int:
    added = await units.add(tx, thing)
    if not lost:
        lost.append(True)
        await tx.fetch("SELECT pg_terminate_backend(pg_backend_pid()) AS gone")
    return added


async def test_a_connection_lost_before_the_commit_stores_nothing_and_the_unit_runs_again(things: PostgresDb) -> None:
    assert 5 == await things.write(lose_connection_once, Thing("a", 5), [])

    assert ["a"] == await things.read(units.names)


class Cable:
    """A real wire to the server that can be cut at the word COMMIT, before or after the server heard it."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.cut = ""
        self.carried: set[asyncio.Task[None]] = set()

    def plug_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.carried.add(asyncio.ensure_future(self.carry(reader, writer)))

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(self.target)
        back = asyncio.ensure_future(self._copy(server_reader, writer))
        while data := await reader.read(65536):
            if self.cut and b"COMMIT;" in data:
                back.cancel()
                await asyncio.wait([back])
                if self.cut == "after":
                    server_writer.write(data)
                    await server_reader.read(65536)  # the server's answer, which nobody will see
                break
            server_writer.write(data)
        for end in (server_writer, writer):
            end.close()
            await asyncio.gather(end.wait_closed(), return_exceptions=True)
        await asyncio.wait([back])

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()


@pytest.fixture
async def cable(postgres_migrated: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Cable, str]]:
    parts = urlsplit(postgres_migrated)
    folder = Path(parse_qs(parts.query)["host"][0])
    carried = folder / "cable"
    carried.mkdir(exist_ok=True)
    wire = Cable(str(folder / ".s.PGSQL.5432"))
    server = await asyncio.start_unix_server(wire.plug_in, carried / ".s.PGSQL.5432")
    yield wire, urlunsplit(parts._replace(query=f"host={quote(str(carried))}"))
    server.close()
    if wire.carried:
        await asyncio.wait(wire.carried)


async def sessions(db: PostgresDb) -> int:
    rows = await db.read(
        units.ask, "SELECT COUNT(*) AS sessions FROM pg_stat_activity WHERE application_name = 'lead-exchange'"
    )
    return int(str(rows[0]["sessions"]))


@pytest.mark.parametrize(("cut", "stored"), [("before", []), ("after", ["a"])])
async def test_a_commit_whose_answer_is_lost_is_unclear_and_is_not_done_again(
    things: PostgresDb, cable: tuple[Cable, str], cut: str, stored: list[str]
) -> None:
    wire, url = cable
    db = await open_postgres(url, size=1)
    wire.cut = cut

    with pytest.raises(StorageUnclear):
        await db.write(units.add, Thing("a", 1))

    wire.cut = ""
    await db.write(units.add, Thing("b", 1))
    await db.close()
    assert [*stored, "b"] == await things.read(units.names)


async def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not answer"):
        await open_postgres(f"postgresql://exchange@/postgres?host={quote(str(tmp_path))}")


@pytest.mark.parametrize(("warm", "connections"), [(True, 6), (False, 1)])
async def test_a_warm_pool_has_its_connections_before_the_first_unit_asks(
    things: PostgresDb, postgres_migrated: str, warm: bool, connections: int
) -> None:
    before = await sessions(things)
    db = await open_postgres(postgres_migrated, size=4, warm=warm)
    after = await sessions(things)
    await db.close()

    assert connections == after - before


async def test_a_value_no_column_takes_is_an_error_of_its_unit_alone(things: PostgresDb) -> None:
    with pytest.raises(StorageError):
        await things.write(units.add, Thing("a", 1 << 80))

    assert 1 == await things.write(units.add, Thing("a", 1))


async def add_slowly(tx: Tx, number: int) -> None:
    await units.add(tx, Thing(f"slow{number}", number))
    await tx.fetch("SELECT pg_sleep(20) AS slept")


async def test_whoever_is_cancelled_in_the_middle_of_a_unit_is_cancelled_and_stores_nothing(things: PostgresDb) -> None:
    """At any moment, while the transaction begins too. As a failed unit, what runs until cancelled would run on."""
    for number in range(40):
        writing = asyncio.create_task(things.write(add_slowly, number))
        for _ in range(number):
            await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing

    assert [] == await things.read(units.names)
    assert 1 == await things.write(units.add, Thing("after", 1))
