"""Which engine a database address names."""

from __future__ import annotations

from pathlib import Path

from exchange.clock import Clock
from exchange.storage.database import Db, StorageError
from exchange.storage.sqlite import open_sqlite


def is_postgres(address: str) -> bool:
    return address.startswith(("postgresql://", "postgres://"))


async def open_database(
    address: str, *, process: bool = True, exclusive: bool | None = None, size: int = 8, clock: Clock | None = None
) -> Db:
    """Open `postgresql://…`, `sqlite:///path` or a plain path. `process` and `exclusive` as in `open_sqlite`.

    With `process`, which means that many callers come, all of PostgreSQL's connections are made now: the first burst
    of leads does not wait for them.
    """
    if is_postgres(address):
        try:
            from exchange.storage.postgres import open_postgres  # an extra: asyncpg may not be installed
        except ModuleNotFoundError as error:
            raise StorageError("PostgreSQL needs one more package: pip install 'lead-exchange[postgres]'") from error
        return await open_postgres(address, size=size, warm=process, clock=clock)
    path = Path(address.removeprefix("sqlite:///"))
    return await open_sqlite(path, process=process, exclusive=exclusive)
