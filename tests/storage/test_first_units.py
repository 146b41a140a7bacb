"""The first unit of a lead is told before it is durable; what follows waits for the disk, and finds out a loss."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from exchange.model.auction import AttemptState
from exchange.model.money import Money
from exchange.model.work import Closing, Intent, LeadState, Move
from exchange.storage.closing import LeadLost
from exchange.storage.database import Db
from exchange.storage.selling import advance, lead_attempts
from exchange.storage.sqlite_commits import Commits, Disk
from exchange.storage.sqlite_group import Answer, SqliteTx, Stored, drive, open_writing
from tests.storage import units
from tests.storage.conftest import NOW
from tests.storage.units import Thing

LOST = "ld_lost"
CLOSED = Closing(LOST, "2026-11", NOW, LeadState.UNSOLD, None, None, None)
INTENT = Intent(
    attempt_id="dlv_1",
    month="2026-11",
    lead_id=LOST,
    request_id="req_1",
    buyer_id="acme",
    contract_id="acme-solar",
    contract_version=1,
    leg="acme",
    slot=1,
    reference="ref_1",
    state=AttemptState.SENDING,
    exclusive=True,
    price=Money(250_000, "USD"),
    made_at=NOW,
    mode="live",
    hold=None,
)


async def test_nothing_is_posted_of_a_lead_whose_first_unit_was_lost(db: Db) -> None:
    with pytest.raises(LeadLost, match=LOST):
        await db.write(advance, Move(intents=(INTENT,)))

    assert [] == await db.read(lead_attempts, LOST)


async def test_nor_is_its_end_answered_as_if_it_were_stored(db: Db) -> None:
    with pytest.raises(LeadLost, match=LOST):
        await db.write(advance, Move(closing=CLOSED))


async def test_a_later_unit_sees_what_the_first_one_stored(every_db: Db) -> None:
    await every_db.write(units.make_table)

    assert 1 == await every_db.write_first(units.add, Thing("a", 1))
    assert 2 == await every_db.write(units.add, Thing("b", 2))
    assert ["a", "b"] == await every_db.read(units.names)


def adding(name: str, tx: SqliteTx) -> int:
    size: int = drive(tx, units.add, (Thing(name, 1),), {})
    return size


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_writing(tmp_path / "x.db", busy_ms=100, synchronous="NORMAL")) as opened:
        opened.execute("CREATE TABLE things (name TEXT PRIMARY KEY, size BIGINT)")
        yield opened


def test_only_the_first_unit_is_told_before_the_disk_has_it(connection: sqlite3.Connection, tmp_path: Path) -> None:
    told: list[str] = []

    def heard(name: str, _: Answer) -> None:
        told.append(name)

    with closing(Disk(tmp_path / "x.db")) as disk:
        commits = Commits(connection, disk)
        commits.run(partial(adding, "first"), partial(heard, "first"), first=True)
        commits.run(partial(adding, "later"), partial(heard, "later"), first=False)
        assert ["first"] == told
        commits.settle()
        commits.run(partial(adding, "next"), partial(heard, "next"), first=False)
        commits.settle()  # one sync at a time: the next group stays open
        with closing(sqlite3.connect(tmp_path / "x.db")) as reader:
            assert 2 == reader.execute("SELECT COUNT(*) FROM things").fetchone()[0]
        disk.wait()
        commits.hear()
        assert ["first", "later"] == told
        commits.settle()
        disk.wait()
        commits.hear()

    assert (["first", "later", "next"], True) == (told, commits.idle)


def test_a_disk_that_does_not_take_the_log_ends_the_writer_and_nobody_is_told_stored(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    told: list[Answer] = []
    with closing(Disk(tmp_path / "another.db")) as disk:  # it has no log: the sync fails as a dying disk's would
        commits = Commits(connection, disk)
        commits.run(partial(adding, "a"), told.append, first=False)
        commits.settle()
        disk.wait()
        with pytest.raises(OSError, match=r"another\.db-wal"):
            commits.hear()

    assert [] == told


def test_a_unit_that_raises_in_a_group_takes_nothing_of_the_others_along(connection: sqlite3.Connection) -> None:
    told: list[Answer] = []
    commits = Commits(connection, None)
    for name in ("a", "b", "a", "c", "b", "d"):
        commits.run(partial(adding, name), told.append, first=False)
    commits.settle()

    assert [True, True, False, True, False, True] == [isinstance(answer, Stored) for answer in told]
    assert ["a", "b", "c", "d"] == [name for (name,) in connection.execute("SELECT name FROM things ORDER BY name")]
