"""Units of work that tests send to writers. A writer process imports this file, so it imports little."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from exchange.storage.database import Tx


@dataclass(frozen=True)
class Thing:
    name: str
    size: int


class Refused(Exception):
    """A business exception with an argument of its own."""

    def __init__(self, why: str, code: int) -> None:
        super().__init__(why, code)
        self.code = code


class Stubborn(Exception):
    """It cannot be rebuilt from its arguments."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)


async def make_table(tx: Tx) -> None:
    await tx.execute("CREATE TABLE things (name TEXT PRIMARY KEY, size BIGINT, body BYTEA)")


async def add(tx: Tx, thing: Thing) -> int:
    await tx.execute("INSERT INTO things (name, size) VALUES (:name, :size)", name=thing.name, size=thing.size)
    return thing.size


async def add_all(tx: Tx, things: list[Thing]) -> None:
    await tx.execute_many(
        "INSERT INTO things (name, size) VALUES (:name, :size)", [{"name": t.name, "size": t.size} for t in things]
    )


async def add_large(tx: Tx, name: str, size: int) -> None:
    await tx.execute("INSERT INTO things (name, body) VALUES (:name, :body)", name=name, body=bytes(size))


async def add_and_refuse(tx: Tx, thing: Thing) -> None:
    await add(tx, thing)
    raise Refused("not today", 42)


async def add_and_be_stubborn(tx: Tx, thing: Thing) -> None:
    await add(tx, thing)
    raise Stubborn("a", "b")


async def add_and_answer_what_cannot_travel(tx: Tx, thing: Thing) -> object:
    await add(tx, thing)
    return lambda: thing


async def add_and_wait(tx: Tx, thing: Thing) -> None:
    await add(tx, thing)
    await asyncio.sleep(0)


async def add_after_an_error(tx: Tx, thing: Thing) -> None:
    """Hides an error and goes on, which no engine allows."""
    try:
        await tx.execute("SELECT nothing FROM nowhere")
    except Exception:
        await add(tx, thing)


async def grow(tx: Tx, name: str, by: int) -> int:
    return await tx.execute("UPDATE things SET size = size + :by WHERE name = :name", name=name, by=by)


async def limit_pages(tx: Tx, pages: int) -> None:
    """SQLite then has a disk of this many pages."""
    await tx.fetch(f"PRAGMA max_page_count = {pages}")


async def page_count(tx: Tx) -> int:
    return int((await tx.fetch("PRAGMA page_count"))[0]["page_count"])


async def names(tx: Tx) -> list[str]:
    return [row["name"] for row in await tx.fetch("SELECT name FROM things ORDER BY name")]


async def size_of(tx: Tx, name: str) -> int:
    return int((await tx.fetch("SELECT size FROM things WHERE name = :name", name=name))[0]["size"])


async def ask(tx: Tx, sql: str) -> list[dict[str, object]]:
    return [dict(row) for row in await tx.fetch(sql)]


async def tell(tx: Tx, sql: str) -> int:
    return await tx.execute(sql)


async def answer_with(tx: Tx, size: int) -> bytes:
    return bytes(size)
