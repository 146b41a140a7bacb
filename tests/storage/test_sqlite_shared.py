"""Several processes behind one writer: each hears its own answers, whatever becomes of another or of the writer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from exchange.limits import ANSWERS_UNREAD_BYTES
from exchange.storage import parcel
from exchange.storage.database import StorageError, StorageUnclear
from exchange.storage.sqlite import SqliteDb, open_shared, writer_options
from exchange.storage.sqlite_door import knock, let_go, make_door, spawn_writer
from tests.storage import units
from tests.storage.units import Thing


class House:
    """A door and its writer, as a supervisor keeps them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outside, self.inside = make_door()
        self.start()

    def start(self) -> None:
        self.writer = spawn_writer(self.inside, writer_options(self.path))

    def close(self) -> None:
        self.outside.close()
        self.inside.close()
        let_go(self.writer)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with closing(House(tmp_path / "exchange.db")) as opened:
        yield opened


@pytest.fixture
async def two(house: House) -> AsyncIterator[tuple[SqliteDb, SqliteDb]]:
    """Two processes' ends, and an empty table of things."""
    first, second = [await open_shared(house.path, house.outside) for _ in range(2)]
    await first.write(units.make_table)
    yield first, second
    await first.close()
    await second.close()


@contextmanager
def raw(house: House) -> Iterator[socket.socket]:
    """The end of a process that speaks by hand, once its writer has greeted it."""
    with ExitStack() as opened:
        end = opened.enter_context(knock(house.outside))
        end.settimeout(30)
        assert [(parcel.READY, True)] == [(number, stored) for number, stored, _ in heard(end, 1)]
        yield end


def heard(end: socket.socket, count: int) -> list[tuple[int, bool, bytes]]:
    inbox, found = parcel.Inbox(), list[tuple[int, bool, bytes]]()
    while len(found) < count and (data := end.recv(1 << 20)):
        inbox.add(data)
        found += inbox.take()
    return found


def asking(number: int, size: int) -> bytes:
    return parcel.frame(number, True, parcel.pack_unit(units.answer_with, (size,), {}))


async def test_each_hears_its_own_answers_and_all_write_one_file(two: tuple[SqliteDb, SqliteDb]) -> None:
    given = [
        db.write(units.add, Thing(f"{name}{n}", n)) for n in range(300) for name, db in zip("ab", two, strict=True)
    ]

    assert [n for n in range(300) for _ in range(2)] == await asyncio.gather(*given)
    assert 600 == len(await two[1].read(units.names))


async def test_who_does_not_read_keeps_nobody_waiting_and_loses_nothing(
    house: House, two: tuple[SqliteDb, SqliteDb]
) -> None:
    answers, size = 40, ANSWERS_UNREAD_BYTES // 8
    with raw(house) as slow:
        slow.sendall(b"".join(asking(number, size) for number in range(1, answers + 1)))
        await asyncio.gather(*(two[0].write(units.add, Thing(f"t{n}", n)) for n in range(100)))
        told = await asyncio.to_thread(heard, slow, answers)

    assert list(range(1, answers + 1)) == [number for number, _, _ in told]
    assert {size} == {len(parcel.unpack(blob)) for _, stored, blob in told if stored}


async def test_what_a_process_sent_before_it_went_is_stored_and_the_others_go_on(
    house: House, two: tuple[SqliteDb, SqliteDb]
) -> None:
    with raw(house) as gone:
        for number in range(1, 601):
            gone.sendall(parcel.frame(number, True, parcel.pack_unit(units.add, (Thing(f"gone{number}", 1),), {})))
    await two[0].write(units.add, Thing("after", 1))
    await two[0].close()
    again = await open_shared(house.path, house.outside)  # its units come after all that was sent before
    while len(await again.read(units.names)) < 601:
        await again.write(units.grow, "after", 1)

    assert 601 == len(await again.read(units.names))
    assert 1 == await two[1].write(units.add, Thing("other", 1))
    await again.close()


async def test_when_the_writer_dies_all_are_told_and_another_takes_its_place(
    house: House, two: tuple[SqliteDb, SqliteDb]
) -> None:
    acknowledged: list[str] = []
    enough = asyncio.Event()

    async def write_many(db: SqliteDb, name: str) -> None:
        for number in range(200):
            await db.write(units.add, Thing(f"{name}{number}", 1))
            acknowledged.append(f"{name}{number}")
            if len(acknowledged) == 300:
                enough.set()

    load = asyncio.gather(
        *(write_many(db, f"{side}{worker}-") for side, db in zip("ab", two, strict=True) for worker in range(4)),
        return_exceptions=True,
    )
    await enough.wait()
    house.writer.kill()
    house.writer.wait()
    ended = await load
    later = [asyncio.ensure_future(db.write(units.add, Thing(f"later{n}", n))) for n, db in enumerate(two)]
    await asyncio.sleep(0)
    house.start()

    assert [0, 1] == await asyncio.gather(*later)
    assert {StorageUnclear} == {type(each) for each in ended if each is not None}
    assert set() == set(acknowledged) - set(await two[0].read(units.names))


async def test_the_writer_leaves_with_the_last_of_them(house: House, two: tuple[SqliteDb, SqliteDb]) -> None:
    house.outside.close()
    await two[0].close()
    still = await two[1].write(units.add, Thing("last", 7))
    await two[1].close()

    assert (7, 0) == (still, await asyncio.to_thread(house.writer.wait, 30))


async def test_a_file_that_cannot_be_opened_is_told_to_everybody_who_comes(tmp_path: Path) -> None:
    with closing(House(tmp_path / "nowhere" / "exchange.db")) as house:
        for _ in range(2):
            with pytest.raises(StorageError, match="nowhere"):
                await open_shared(house.path, house.outside)


async def test_where_no_writer_can_come_any_more_that_is_told(house: House, two: tuple[SqliteDb, SqliteDb]) -> None:
    house.inside.close()
    house.writer.kill()
    house.writer.wait()

    with pytest.raises((StorageError, StorageUnclear)):
        await two[0].write(units.add, Thing("lost", 1))
    with pytest.raises(StorageError, match="reached"):
        await two[0].write(units.add, Thing("never", 1))
