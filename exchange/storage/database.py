"""What storage functions see: a transaction (`Tx`) with named parameters, and a database (`Db`) that runs units of work.

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


class Tx(Protocol):
    """One transaction. SQL is in the portable subset with `:name` parameters; rows are mappings."""

    async def fetch(self, sql: str, **params: Any) -> list[Row]: ...

    async def execute(self, sql: str, **params: Any) -> int:
        """Rows touched."""
        ...

    async def execute_many(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None: ...

    @property
    def skip_locked(self) -> str:
        """`FOR UPDATE SKIP LOCKED` where the engine has it, else nothing: put at the end of a SELECT that leases."""
        ...


class Db(Protocol):
    async def write(self, unit: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit in one durable transaction and return its result."""
        ...

    async def read(self, query: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query on a read-only connection, never the writer."""
        ...

    async def close(self) -> None: ...
