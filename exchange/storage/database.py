"""What storage functions see: a transaction (`Tx`) with named parameters, and a database (`Db`).

A unit of work is a module-level `async def unit(tx, *args)` with plain frozen arguments, given as
`await db.write(unit, *args)`. It holds no network call and reads no clock; it may run twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

Row = Mapping[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


class StorageError(Exception):
    """The database failed; nothing of the unit is stored."""


class StorageFull(StorageError):
    """The disk is full, or the file cannot be written: new work is refused until it is mended."""


class StorageBusy(StorageError):
    """Too many units wait; the caller answers 503."""


class Conflict(StorageError):
    """A unique constraint was broken: another unit got there first."""


class MissingTable(StorageError):
    """The statement names a table that is not there: the schema is to be migrated first."""


class StorageUnclear(StorageError):
    """The connection was lost while committing: the unit may be stored. Look by id before doing it again."""


Statement = tuple[str, Mapping[str, Any]]


class Tx(Protocol):
    """One transaction. SQL is in the portable subset with `:name` parameters; rows are mappings.

    After a statement failed the transaction takes no more of them: let the error end the unit.
    """

    async def fetch(self, sql: str, **params: Any) -> list[Row]: ...

    async def execute(self, sql: str, **params: Any) -> int:
        """Rows touched."""
        ...

    async def execute_many(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None: ...

    async def together(self, *statements: Statement) -> list[list[str]]:
        """Run statements that touch different tables and do not see each other's work, in one round trip.

        The answer holds the keys of each that ends in `RETURNING <text> AS key`, and nothing of the others.
        """
        ...

    async def execute_all(self, *statements: Statement) -> None:
        """The same where nobody asks what came of them: none has a `RETURNING`."""
        ...

    @property
    def for_update(self) -> str:
        """`FOR UPDATE` where several units write at once, else nothing: put at the end of a SELECT that locks."""
        ...

    @property
    def skip_locked(self) -> str:
        """`FOR UPDATE SKIP LOCKED` where the engine has it, else nothing: put at the end of a SELECT that leases."""
        ...


class Db(Protocol):
    async def write(self, unit: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit in one durable transaction and return its result."""
        ...

    async def write_first(
        self, unit: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run the first of several units that belong together; its result may come before it is durable.

        A later unit is durable only with it. If it is lost after all (a full disk, a writer that died) the later one
        must find that out by itself. Until then nothing may be told or handed over that has to stay true.
        """
        ...

    async def read(self, query: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query on a read-only connection, never the writer."""
        ...

    async def close(self) -> None: ...
