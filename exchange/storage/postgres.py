"""PostgreSQL: the same units on a pool of connections, READ COMMITTED, run again when they collide."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import asyncpg

from exchange.clock import Clock, SystemClock
from exchange.limits import READ_SECONDS, WRITER_QUEUE
from exchange.storage.database import (
    Conflict,
    MissingTable,
    Row,
    Statement,
    StorageBusy,
    StorageError,
    StorageFull,
    StorageUnclear,
    Tx,
)
from exchange.storage.spelling import named, numbered, section

P = ParamSpec("P")
T = TypeVar("T")

TRIES = 5  # of a unit that collided or lost its connection before the commit
LEASE_SECONDS = 15.0  # how long a unit waits for a connection: longer than any seller, what has begun is to be stored
READ_LEASE_SECONDS = 5.0
CLOSE_SECONDS = 5.0  # how long units in flight may take when the exchange leaves
STATEMENTS_KEPT = 2_000
MIGRATION_LOCK = 0x4C454144  # any number that nobody else locks
_TYPE: Mapping[type, str] = {int: "bigint", bool: "bigint", str: "text", bytes: "bytea", float: "double precision"}
_COLLIDED = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
_CUT = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InternalClientError,  # used after the server's farewell was heard and before the line is closed
    ConnectionError,
)
_DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
_FULL = (asyncpg.DiskFullError, asyncpg.ReadOnlySQLTransactionError)
_BUSY = (asyncpg.TooManyConnectionsError, asyncpg.QueryCanceledError, asyncpg.CannotConnectNowError)


class _Lost(Exception):
    """The connection ended before the commit: nothing is stored, and the unit may run again."""


Connection = Any  # asyncpg's pool hands out proxies that its stubs do not call connections


def read_error(error: Exception) -> StorageError:
    """What an error of the driver means to a caller."""
    if isinstance(error, asyncpg.UniqueViolationError):
        return Conflict(f"{error.constraint_name}: {error}")
    if isinstance(error, asyncpg.UndefinedTableError):
        return MissingTable(str(error))
    if isinstance(error, _FULL):
        return StorageFull(f"the database cannot be written: {error}")
    if isinstance(error, _BUSY):
        return StorageBusy(str(error))
    return StorageError(f"{type(error).__name__}: {error}")


class Texts:
    """Statements as asyncpg wants them, remembered by their text and by the types of their values."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[str, ...]] = {}
        self._texts: dict[tuple[str, tuple[str, ...], int], str] = {}
        self._kinds: dict[str, dict[str, str]] = {}

    def of(self, sql: str, params: Mapping[str, Any], first: int = 1) -> tuple[str, list[Any]]:
        """The statement with `$1::bigint` for `:name`, and the values in order."""
        names = self._names_of(sql)
        values = [params[name] for name in names]
        kinds = tuple(_kind(value) for value in values)
        if "" in kinds and sql in self._kinds:  # what is missing has the type it had: one statement to prepare, not two
            known = self._kinds[sql]
            kinds = tuple(kind or known.get(name, "") for name, kind in zip(names, kinds, strict=True))
        return self._text(sql, names, kinds, first), values

    def of_many(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> tuple[str, list[list[Any]]]:
        names = self._names_of(sql)
        kinds = tuple(next((kind for row in rows if (kind := _kind(row[name]))), "") for name in names)
        return self._text(sql, names, kinds, 1), [[row[name] for name in names] for row in rows]

    def _names_of(self, sql: str) -> tuple[str, ...]:
        names = self._names.get(sql)
        if names is None:
            self._names[sql] = names = named(sql)
        return names

    def _text(self, sql: str, names: tuple[str, ...], kinds: tuple[str, ...], first: int) -> str:
        key = (sql, kinds, first)
        text = self._texts.get(key)
        if text is None:
            if len(self._texts) >= STATEMENTS_KEPT:
                self._texts.clear()
                self._names.clear()
                self._kinds.clear()
            self._kinds.setdefault(sql, {}).update(
                (name, kind) for name, kind in zip(names, kinds, strict=True) if kind
            )
            self._texts[key] = text = numbered(sql, dict(zip(names, kinds, strict=True)), first)
        return text


def _kind(value: Any) -> str:
    kind = _TYPE.get(type(value))
    if kind is None:  # a kind of text or number of our own, or None, whose type follows from the place
        kind = next((kind for python, kind in _TYPE.items() if isinstance(value, python)), "")
    return kind


class PostgresTx:
    """One transaction on one connection."""

    __slots__ = ("_connection", "_texts")

    for_update = "FOR UPDATE"
    skip_locked = " FOR UPDATE SKIP LOCKED"

    def __init__(self, connection: Connection, texts: Texts) -> None:
        self._connection = connection
        self._texts = texts

    async def fetch(self, sql: str, **params: Any) -> list[Row]:
        text, values = self._texts.of(sql, params)
        return [dict(record) for record in await self._connection.fetch(text, *values)]

    async def execute(self, sql: str, **params: Any) -> int:
        text, values = self._texts.of(sql, params)
        status: str = await self._connection.execute(text, *values)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def execute_many(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            text, values = self._texts.of_many(sql, rows)
            await self._connection.executemany(text, values)

    async def together(self, *statements: Statement) -> list[list[str]]:
        """One statement for all: each becomes a CTE, in the order given, and is asked for its keys."""
        text, values = self._ctes(statements)
        told = [sql.endswith(" AS key") for sql, _ in statements]
        keys = ", ".join(f"ARRAY(SELECT key FROM s{n})" if tells else "ARRAY[]::text[]" for n, tells in enumerate(told))
        record = await self._connection.fetchrow(f"{text} SELECT {keys}", *values)
        return [list(keys) for keys in record]

    async def execute_all(self, *statements: Statement) -> None:
        text, values = self._ctes(statements)
        await self._connection.execute(f"{text} SELECT 1", *values)

    def _ctes(self, statements: Sequence[Statement]) -> tuple[str, list[Any]]:
        parts: list[str] = []
        values: list[Any] = []
        for index, (sql, params) in enumerate(statements):
            text, more = self._texts.of(sql, params, len(values) + 1)
            values += more
            parts.append(f"s{index} AS ({text})")
        return f"WITH {', '.join(parts)}", values

    async def script(self, text: str) -> None:
        """Run a migration. Two nodes that start together take turns."""
        await self._connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        await self._connection.execute(section(text, "postgresql"))


class PostgresDb:
    """A PostgreSQL database as `Db`. Made by `open_postgres`."""

    def __init__(self, writing: asyncpg.Pool, reading: asyncpg.Pool, clock: Clock) -> None:
        self._writing = writing
        self._reading = reading
        self._clock = clock
        self._texts = Texts()
        self._waiting = 0

    async def write(self, unit: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._waiting >= WRITER_QUEUE:
            raise StorageBusy(f"{WRITER_QUEUE} units of work wait for the database")
        self._waiting += 1
        try:
            for number in range(1, TRIES):
                try:
                    return await self._write_once(unit, *args, **kwargs)
                except (*_COLLIDED, _Lost):
                    # Those that collided come back at different moments: the pause depends on the place in the queue.
                    await self._clock.sleep(0.002 * 4**number * (1 + self._waiting % 7 / 7))
            return await self._write_once(unit, *args, **kwargs)
        except _Lost as error:
            raise StorageError(f"the connection to the database is lost: {error}") from error
        except _DRIVER as error:
            raise read_error(error) from error
        finally:
            self._waiting -= 1

    write_first = write  # a round trip is longer than the wait for the disk

    async def read(self, query: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            async with (
                self._reading.acquire(timeout=READ_LEASE_SECONDS) as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                return await query(PostgresTx(connection, self._texts), *args, **kwargs)
        except TimeoutError:
            raise StorageBusy("every connection that reads is in use") from None
        except _DRIVER as error:
            raise read_error(error) from error

    async def close(self) -> None:
        for pool in (self._writing, self._reading):
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await pool.close()
            except TimeoutError:  # a server that went away without a word
                pool.terminate()

    async def _write_once(
        self, unit: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """One try. Before the commit nothing is stored; a commit whose answer is lost is `StorageUnclear`."""
        try:
            connection = await self._writing.acquire(timeout=LEASE_SECONDS)
        except TimeoutError:
            raise StorageBusy("every connection that writes is in use") from None
        except (asyncpg.CannotConnectNowError, OSError) as error:
            raise _Lost(str(error)) from error
        try:
            return await self._transact(connection, unit, *args, **kwargs)
        finally:
            await self._writing.release(connection)

    async def _transact(
        self,
        connection: Connection,
        unit: Callable[Concatenate[Tx, P], Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        transaction = connection.transaction(isolation="read_committed")
        try:
            await transaction.start()
            result = await unit(PostgresTx(connection, self._texts), *args, **kwargs)
        except BaseException as error:
            if _is_lost(connection, error):
                raise _Lost(str(error)) from error
            try:
                await transaction.rollback()
            except _DRIVER:  # cancelled in the middle of a statement: it is undone when the connection ends
                connection.terminate()
            raise
        try:
            await transaction.commit()
        except _DRIVER as error:
            if _is_lost(connection, error):
                raise StorageUnclear(f"the connection was lost while committing: {error}") from error
            raise
        return result


def _is_lost(connection: Connection, error: BaseException) -> bool:
    """Whether an error took the connection with it. A connection that may still live is cut, so that none is reused."""
    if not isinstance(error, _DRIVER):
        return False
    try:
        if isinstance(error, _CUT):
            connection.terminate()
        closed: bool = connection.is_closed()
    except asyncpg.InterfaceError:  # the pool has already taken it back as dead
        return True
    return closed


async def open_postgres(url: str, *, size: int = 8, warm: bool = False, clock: Clock | None = None) -> PostgresDb:
    """Open pools of `size` writing and half as many reading connections, all at once when `warm`, else as they are
    asked for. Raises `StorageError`.

    `clock` paces units that are run again.
    """
    settings = {"application_name": "lead-exchange"}
    reading = {**settings, "default_transaction_read_only": "on", "statement_timeout": str(int(READ_SECONDS * 1000))}
    try:
        write_pool = await asyncpg.create_pool(
            url,
            min_size=size if warm else 1,
            max_size=size,
            server_settings=settings,
            statement_cache_size=STATEMENTS_KEPT,
            max_cached_statement_lifetime=0,
        )
    except _DRIVER as error:
        raise StorageError(f"the database does not answer: {error}") from error
    readers = max(1, size // 2)
    read_pool = await asyncpg.create_pool(
        url, min_size=readers if warm else 0, max_size=readers, server_settings=reading
    )
    return PostgresDb(write_pool, read_pool, clock or SystemClock())
