"""The writing side of SQLite: a connection, a transaction, and a group of units committed with one fsync."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

from exchange.storage import parcel
from exchange.storage.database import (
    Conflict,
    MissingTable,
    Row,
    Statement,
    StorageBusy,
    StorageError,
    StorageFull,
)
from exchange.storage.spelling import named, placed, sqlite_statements

CACHED_STATEMENTS = 1_000
CHECKPOINT_PAGES = 16_000  # 64 MB of log: what is written again and again is copied into the file once
_UNIQUE = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID)
_UNWRITABLE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_NO_TABLE = re.compile(r"no such table: (\S+)")


def read_error(error: sqlite3.Error) -> StorageError:
    """What an SQLite error means to a caller."""
    code = getattr(error, "sqlite_errorcode", None) or 0
    if code in _UNIQUE:
        return Conflict(str(error))
    if code & 0xFF in _UNWRITABLE:
        return StorageFull(f"the database file cannot be written: {error}")
    if code & 0xFF in _BUSY:
        return StorageBusy(f"another program holds the database file: {error}")
    if missing := _NO_TABLE.search(str(error)):
        return MissingTable(f"no table {missing[1]}")
    return StorageError(str(error))


@lru_cache(maxsize=CACHED_STATEMENTS)
def _by_place(sql: str) -> tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    """A statement with numbers for its names, and what puts values in their order: SQLite would look each name up."""
    names = named(sql)
    text = placed(sql, names)
    if len(names) > 1:
        return text, itemgetter(*names)
    return text, lambda params: tuple(params[name] for name in names)


class SqliteTx:
    """A transaction whose statements run inline: it never suspends."""

    __slots__ = ("_connection", "_cursor", "_ended")

    for_update = skip_locked = ""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._ended = ""

    async def fetch(self, sql: str, **params: Any) -> list[Row]:
        cursor = self._run(sql, params)
        rows = self._all(cursor)
        if not rows:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in rows]

    async def execute(self, sql: str, **params: Any) -> int:
        cursor = self._run(sql, params)
        if cursor.description is not None:
            return len(self._all(cursor))
        if cursor.rowcount >= 0:
            return cursor.rowcount
        changes: int = self._run("SELECT changes()", {}).fetchone()[0]  # a WITH … UPDATE does not count for the driver
        return changes

    async def execute_many(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if self._ended:
            raise StorageError(self._ended)
        text, take = _by_place(sql)
        try:
            self._cursor.executemany(text, [take(row) for row in rows])
        except sqlite3.Error as error:
            raise self._fail(error) from error

    async def together(self, *statements: Statement) -> list[list[str]]:
        return [[str(row[0]) for row in self._all(self._run(sql, params))] for sql, params in statements]

    async def execute_all(self, *statements: Statement) -> None:
        for sql, params in statements:
            self._run(sql, params)

    async def script(self, text: str) -> None:
        """Run a migration written in the PostgreSQL spelling."""
        for statement in sqlite_statements(text):
            self._run(statement, {})

    def end(self, why: str) -> None:
        """Refuse every later statement: the unit is over."""
        self._ended = self._ended or why

    def _run(self, sql: str, params: Mapping[str, Any]) -> sqlite3.Cursor:
        if self._ended:
            raise StorageError(self._ended)
        text, take = _by_place(sql)
        try:
            return self._cursor.execute(text, take(params))
        except sqlite3.Error as error:
            raise self._fail(error) from error
        except KeyError as missing:
            raise StorageError(f"no value for the parameter {missing} of a statement") from missing

    def _all(self, cursor: sqlite3.Cursor) -> list[tuple[Any, ...]]:
        try:
            return cursor.fetchall()
        except sqlite3.Error as error:
            raise self._fail(error) from error

    def _fail(self, error: sqlite3.Error) -> StorageError:
        self.end("a statement failed before in this transaction")
        return read_error(error)


def drive(tx: SqliteTx, unit: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Run a unit to its end without an event loop. One that suspends is an error."""
    running = unit(tx, *args, **kwargs)
    try:
        running.send(None)
    except StopIteration as stop:
        return stop.value
    finally:
        tx.end("the transaction is over")
        running.close()
    raise StorageError(f"{unit.__qualname__} waited for something that is not the database")


def run_packed(blob: bytes, tx: SqliteTx) -> bytes:
    """Run a unit that came as bytes; returns the packed result. It is packed inside the savepoint, so that what cannot
    travel is not stored either."""
    return parcel.pack(drive(tx, *parcel.unpack_unit(blob)))


Synchronous = Literal["FULL", "NORMAL", "OFF"]
"""What a commit waits for: its own fsync, none because `Disk` does it, or none because nobody minds a lost commit."""


def open_writing(path: Path, *, busy_ms: int, synchronous: Synchronous) -> sqlite3.Connection:
    """A connection that may write. A file that is not there yet is made for its owner alone."""
    try:
        path.touch(mode=0o600)  # what SQLite puts beside it gets the same mode
        connection = sqlite3.connect(
            path, isolation_level=None, timeout=busy_ms / 1000, cached_statements=CACHED_STATEMENTS
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute("PRAGMA journal_size_limit = 67108864")
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"{path} cannot be opened: {error}") from error
    return connection


@dataclass(frozen=True, slots=True)
class Stored:
    result: Any


@dataclass(frozen=True, slots=True)
class NotStored:
    error: Exception


Answer = Stored | NotStored
Work = Callable[[SqliteTx], Any]


class Group:
    """Units in one transaction: each runs as it comes, and all are committed together.

    A unit that raises is undone alone. An error of the file may undo the whole group: then every unit hears of it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._works: list[Work] = []  # those that stand, in their order
        self._answers: list[Answer] = []
        self._guarded = False
        self._cause: StorageError | None = None

    def __len__(self) -> int:
        return len(self._answers)

    def run(self, work: Work) -> Answer:
        """What a unit came to. What it stored holds once `commit` says so too."""
        if self._cause is None:
            try:
                answer = self._run(work)
            except sqlite3.Error as error:
                answer = NotStored(read_error(error))
                self._undo(read_error(error))
        else:
            answer = NotStored(_again(self._cause))
        self._answers.append(answer)
        return answer

    def commit(self) -> list[Answer]:
        """The answers of all units, in their order."""
        if self._cause is None:
            try:
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._undo(read_error(error))
        cause = self._cause
        if cause is None:
            return self._answers
        return [each if isinstance(each, NotStored) else NotStored(_again(cause)) for each in self._answers]

    def _run(self, work: Work) -> Answer:
        if not self._answers:
            self._connection.execute("BEGIN IMMEDIATE")
        answer = self._savepoint(work) if self._guarded else self._bare(work)
        if isinstance(answer, Stored):
            self._works.append(work)
        elif not self._connection.in_transaction:  # SQLite itself undid everything: the disk is full or failing
            error = answer.error
            self._cause = error if isinstance(error, StorageError) else StorageError("the transaction ended in a unit")
        return answer

    def _bare(self, work: Work) -> Answer:
        """A savepoint copies every page its unit touches, and nearly no unit raises: a group first does without."""
        try:
            return Stored(work(SqliteTx(self._connection)))
        except Exception as error:  # whatever a unit raises goes to its caller
            if self._connection.in_transaction:
                self._without_the_last()
            return NotStored(error)

    def _without_the_last(self) -> None:
        """Undo everything and run once more what stood before: a unit comes to the same on the same rows."""
        self._guarded = True
        self._connection.execute("ROLLBACK")
        self._connection.execute("BEGIN IMMEDIATE")
        for work in self._works:
            try:
                work(SqliteTx(self._connection))
            except Exception as error:  # the file fails now, or the unit is none
                self._undo(error if isinstance(error, StorageError) else StorageError(f"a unit ran twice: {error}"))
                return

    def _savepoint(self, work: Work) -> Answer:
        self._connection.execute("SAVEPOINT unit")
        try:
            result = work(SqliteTx(self._connection))
        except Exception as error:  # as above
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO unit")
                self._connection.execute("RELEASE unit")
            return NotStored(error)
        self._connection.execute("RELEASE unit")
        return Stored(result)

    def _undo(self, cause: StorageError) -> None:
        self._cause = cause
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _again(cause: StorageError) -> StorageError:
    return type(cause)(str(cause))


def run_group(connection: sqlite3.Connection, works: Sequence[Work]) -> list[Answer]:
    """Run units and commit them together; the answers are in the order of `works`."""
    group = Group(connection)
    for work in works:
        group.run(work)
    return group.commit()
