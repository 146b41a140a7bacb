"""A real database that can be told to fail, as a full disk or a lost server would make it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from exchange.storage.database import Db, Tx

P = ParamSpec("P")
T = TypeVar("T")


class FailingDb:
    """Passes everything on to `db`; while `error` is set, it is raised instead, once `after` writes have passed."""

    def __init__(self, db: Db, after: int = 0) -> None:
        self.db = db
        self.after = after
        self.error: Exception | None = None

    async def write(self, unit: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        await self.before_write()
        self._fail()
        return await self.db.write(unit, *args, **kwargs)

    write_first = write

    async def read(self, query: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.db.read(query, *args, **kwargs)

    async def close(self) -> None:
        await self.db.close()

    async def before_write(self) -> Any:
        """Where a test may hold a write up."""

    def _fail(self) -> None:
        if self.error is None:
            return
        if self.after:
            self.after -= 1
            return
        raise self.error
