"""The writing side of SQLite: a connection, a transaction, and a group of units committed with one fsync."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

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


class Units:
    """Runs units that came as bytes, and remembers the functions they name."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def run(self, blob: bytes, tx: SqliteTx) -> bytes:
        """The packed result. It is packed inside the savepoint, so that what cannot travel is not stored either."""
        name, args, *rest = parcel.unpack(blob)
        unit = self._known.get(name)
        if unit is None:
            unit = self._known[name] = parcel.find_unit(name)
        return parcel.pack(drive(tx, unit, args, rest[0] if rest else {}))


def open_writing(path: Path, *, busy_ms: int, durable: bool) -> sqlite3.Connection:
    """A connection that may write. `durable` False may forget the last commits when power is lost."""
    try:
        connection = sqlite3.connect(
            path, isolation_level=None, timeout=busy_ms / 1000, cached_statements=CACHED_STATEMENTS
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute("PRAGMA journal_size_limit = 67108864")
    except sqlite3.Error as error:
        raise StorageError(f"{path} cannot be opened: {error}") from error
    return connection


@dataclass(frozen=True, slots=True)
class Stored:
    result: Any


@dataclass(frozen=True, slots=True)
class NotStored:
    error: Exception


Work = Callable[[SqliteTx], Any]


def run_group(connection: sqlite3.Connection, works: Sequence[Work]) -> list[Stored | NotStored]:
    """Run units and commit them together; the answers are in the order of `works`.

    A unit that raises is undone alone. An error of the file may undo the whole group: then every unit hears of it.
    """
    try:
        return _commit(connection, works, _run_bare)
    except _Raised as raised:
        return _commit(connection, works, _run_guarded) if len(works) > 1 else [NotStored(raised.error)]


class _Raised(Exception):
    """A unit of a group that runs bare raised: everything is undone."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def _commit(
    connection: sqlite3.Connection, works: Sequence[Work], run: Callable[[sqlite3.Connection, Work], Stored | NotStored]
) -> list[Stored | NotStored]:
    answers: list[Stored | NotStored] = []
    try:
        connection.execute("BEGIN IMMEDIATE")
        for work in works:
            answers.append(run(connection, work))
            if not connection.in_transaction:  # SQLite itself undid everything: the disk is full or failing
                return _undone(answers, len(works), _last_error(answers))
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return _undone(answers, len(works), read_error(error))
    return answers


def _run_bare(connection: sqlite3.Connection, work: Work) -> Stored | NotStored:
    """A savepoint copies every page its unit touches, and nearly no unit raises: a group first does without."""
    try:
        return Stored(work(SqliteTx(connection)))
    except Exception as error:  # whatever a unit raises goes to its caller
        if not connection.in_transaction:
            return NotStored(error)
        connection.execute("ROLLBACK")
        raise _Raised(error) from error


def _run_guarded(connection: sqlite3.Connection, work: Work) -> Stored | NotStored:
    connection.execute("SAVEPOINT unit")
    try:
        result = work(SqliteTx(connection))
    except Exception as error:  # as above
        if connection.in_transaction:
            connection.execute("ROLLBACK TO unit")
            connection.execute("RELEASE unit")
        return NotStored(error)
    connection.execute("RELEASE unit")
    return Stored(result)


def _last_error(answers: Sequence[Stored | NotStored]) -> StorageError:
    last = answers[-1]
    if isinstance(last, NotStored) and isinstance(last.error, StorageError):
        return last.error
    return StorageError("the transaction ended inside a unit")


def _undone(answers: Sequence[Stored | NotStored], size: int, cause: StorageError) -> list[Stored | NotStored]:
    """Every unit that stood, or had not run yet, gets the cause; one that raised by itself keeps its own error."""
    told = [answer if isinstance(answer, NotStored) else NotStored(type(cause)(str(cause))) for answer in answers]
    return [*told, *(NotStored(type(cause)(str(cause))) for _ in range(size - len(told)))]
