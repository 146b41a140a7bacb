"""SQLite: one writer for the file, readers beside it that never wait for it."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar
from urllib.parse import quote

import aiosqlite

from exchange.limits import READ_SECONDS
from exchange.storage import parcel
from exchange.storage.database import Row, Statement, StorageBusy, StorageError, Tx
from exchange.storage.file_lock import hold_file
from exchange.storage.sqlite_group import (
    CACHED_STATEMENTS,
    Answer,
    NotStored,
    SqliteTx,
    drive,
    open_writing,
    read_error,
    run_group,
    run_packed,
)
from exchange.storage.sqlite_link import OwnWriter, SharedWriter, WriterCalls

P = ParamSpec("P")
T = TypeVar("T")

BUSY_MS = 5_000  # how long a write waits for a shell or a backup that holds the file
LOCK_MS = 5_000  # how long a start waits for a writer that is just leaving
READERS = 4


class _Writes(Protocol):
    async def run(
        self, unit: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], *, first: bool = False
    ) -> Any: ...

    async def close(self) -> None: ...


class _Reads(Protocol):
    async def run(self, query: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any: ...

    async def close(self) -> None: ...


class SqliteDb:
    """A SQLite file as `Db`. Made by `open_sqlite`."""

    def __init__(self, writes: _Writes, reads: _Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def write(self, unit: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = await self._writes.run(unit, args, kwargs)
        return result

    async def write_first(
        self, unit: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        result: T = await self._writes.run(unit, args, kwargs, first=True)
        return result

    async def read(self, query: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = await self._reads.run(query, args, kwargs)
        return result

    async def close(self) -> None:
        await self._reads.close()  # first, so that the writer leaves last and folds the write-ahead log into the file
        await self._writes.close()

    @property
    def writer_process_id(self) -> int | None:
        """The writer's process, None when it works in this one."""
        return self._writes.process_id if isinstance(self._writes, WriterCalls) else None


async def open_sqlite(
    path: Path | str, *, process: bool = True, exclusive: bool | None = None, durable: bool = True, packed: bool = True
) -> SqliteDb:
    """Open a database file, made when missing.

    `process` True starts the writer process; False writes inside `write()` without ever suspending, for tests,
    simulated loops and one-shot commands. `exclusive` (as `process` unless given) refuses a file another exchange
    holds. `durable` False does not wait for the disk, and `packed` False spares units that run here their way through
    bytes: for made-up histories only. Raises `StorageError`.
    """
    file = Path(path).absolute()
    exclusive = process if exclusive is None else exclusive
    if not process:
        return SqliteDb(_WritesHere(file, exclusive, durable, packed), _ReadsHere(file))
    return await _opened(file, WriterCalls(OwnWriter(writer_options(file, exclusive=exclusive, durable=durable))))


async def open_shared(path: Path | str, door: socket.socket) -> SqliteDb:
    """Open a database file whose writer serves other processes too: `door` leads to it. Raises `StorageError`."""
    return await _opened(Path(path).absolute(), WriterCalls(SharedWriter(door)))


async def _opened(file: Path, writes: WriterCalls) -> SqliteDb:
    try:
        await writes.start()
    except BaseException:
        await writes.close()
        raise
    return SqliteDb(writes, _ReadPool(file, READERS))


def writer_options(path: Path, *, exclusive: bool = True, durable: bool = True) -> Mapping[str, Any]:
    """What a writer process is told, for `spawn_writer`."""
    return {
        "path": str(path.absolute()),
        "exclusive": exclusive,
        "durable": durable,
        "busy_ms": BUSY_MS,
        "lock_ms": LOCK_MS,
    }


class _WritesHere:
    """The same writer in this process: one unit, one commit. `packed`: through bytes here too, so that both agree."""

    def __init__(self, path: Path, exclusive: bool, durable: bool, packed: bool) -> None:
        self._opened, self._packed = ExitStack(), packed
        with ExitStack() as opened:
            if exclusive:
                opened.enter_context(hold_file(path))
            self._connection = opened.enter_context(
                closing(open_writing(path, busy_ms=BUSY_MS, synchronous="FULL" if durable else "OFF"))
            )
            self._opened = opened.pop_all()

    async def run(
        self, unit: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], *, first: bool = False
    ) -> Any:
        if not self._packed:
            return _result(run_group(self._connection, [lambda tx: drive(tx, unit, args, kwargs)]))
        blob = parcel.pack_unit(unit, args, kwargs)
        return parcel.unpack(_result(run_group(self._connection, [partial(run_packed, blob)])))

    async def close(self) -> None:
        self._opened.close()


def _result(answers: Sequence[Answer]) -> Any:
    (answer,) = answers
    if isinstance(answer, NotStored):
        raise answer.error
    return answer.result


class _ReadsHere:
    """Reads on a connection of this process, without suspending."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            _read_only(path), uri=True, isolation_level=None, cached_statements=CACHED_STATEMENTS
        )
        self._connection.execute("PRAGMA query_only = ON")

    async def run(self, query: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        self._connection.execute("BEGIN")
        try:
            return drive(SqliteTx(self._connection), query, args, kwargs)
        finally:
            self._connection.execute("ROLLBACK")

    async def close(self) -> None:
        self._connection.close()


class _ReadPool:
    """A few read-only connections with a thread each. A read is one snapshot and is ended after `READ_SECONDS`."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._free = asyncio.Semaphore(size)
        self._idle: list[aiosqlite.Connection] = []

    async def run(self, query: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        async with self._lease() as connection:
            tx = ReadTx(connection)
            try:
                async with asyncio.timeout(READ_SECONDS):
                    return await query(tx, *args, **kwargs)
            except TimeoutError:
                raise StorageBusy(f"the read took more than {READ_SECONDS:.0f} s and was ended") from None

    async def close(self) -> None:
        for connection in self._idle:
            await connection.close()
        self._idle.clear()

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[aiosqlite.Connection]:
        async with self._free:
            connection = self._idle.pop() if self._idle else await self._open()
            try:
                await connection.execute("BEGIN")
                yield connection
            except BaseException:
                await connection.interrupt()  # a statement that still runs would hold the snapshot, and the WAL with it
                raise
            finally:
                await self._give_back(connection)

    async def _give_back(self, connection: aiosqlite.Connection) -> None:
        """One whose reader is cancelled here too is closed by its thread: it would else stay open, and its thread."""
        try:
            await connection.rollback()
        except BaseException:
            connection.stop()
            raise
        self._idle.append(connection)

    async def _open(self) -> aiosqlite.Connection:
        try:
            connection = await aiosqlite.connect(
                _read_only(self._path), uri=True, isolation_level=None, cached_statements=CACHED_STATEMENTS
            )
        except sqlite3.Error as error:
            raise read_error(error) from error
        try:
            await connection.execute("PRAGMA query_only = ON")
        except BaseException as error:
            connection.stop()
            if isinstance(error, sqlite3.Error):
                raise read_error(error) from error
            raise
        connection.row_factory = sqlite3.Row
        return connection


class ReadTx:
    """A snapshot on a read-only connection; every statement is one hop to its thread."""

    for_update = skip_locked = ""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, **params: Any) -> list[Row]:
        try:
            return [dict(row) for row in await self._connection.execute_fetchall(sql, params)]
        except sqlite3.Error as error:
            raise read_error(error) from error

    async def execute(self, sql: str, **params: Any) -> int:
        return len(await self.fetch(sql, **params))

    async def execute_many(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        raise StorageError("a read writes nothing")

    async def together(self, *statements: Statement) -> list[list[str]]:
        return [[str(row["key"]) for row in await self.fetch(sql, **params)] for sql, params in statements]

    async def execute_all(self, *statements: Statement) -> None:
        raise StorageError("a read writes nothing")


def _read_only(path: Path) -> str:
    return f"file:{quote(str(path))}?mode=ro"
