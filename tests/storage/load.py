"""An exchange that writes as fast as it can and says what was acknowledged: `python -m tests.storage.load FILE`."""

from __future__ import annotations

import asyncio
import sys
from itertools import count

from exchange.storage.sqlite import SqliteDb, open_sqlite
from tests.storage import units
from tests.storage.units import Thing


async def write_on(db: SqliteDb, worker: int) -> None:
    for number in count():
        name = f"w{worker}-{number}"
        await db.write(units.add, Thing(name, number))
        sys.stdout.write(name + "\n")
        sys.stdout.flush()


async def main(path: str) -> None:
    db = await open_sqlite(path)
    await asyncio.gather(*(write_on(db, worker) for worker in range(20)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
