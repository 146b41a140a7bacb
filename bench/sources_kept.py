"""What each evening of a replay had counted, kept in a file: rules may be judged again over it within seconds.

A replay through the real flows takes many minutes, and nearly all of it is leads. What sources are judged by are a few
tables of days; their changes from evening to evening are kept, put back in the same order, and looked at by the same
flow. While a stream is recorded no rule acts, so that nothing of it is missing.
"""

from __future__ import annotations

import asyncio
import gzip
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from bench.quality_stream import DAY_MS, read_truths
from bench.sources_replay import Evenings, Key, Replayed, replayed, told_of
from exchange.demo.stream import read_rows
from exchange.flows.market import Market
from exchange.flows.quality import look
from exchange.flows.standings import Standings
from exchange.model.measure import Action, SourceRule
from exchange.stages.quality.measures import action_for, is_over
from exchange.storage.database import Row, Tx
from exchange.storage.engine import open_database
from exchange.storage.migrate import migrate

KEYS: Mapping[str, tuple[str, ...]] = {
    "sale_outcomes": ("sale_id",),
    "sale_days": ("day", "vertical", "seller_id", "sub_id", "buyer_id", "currency"),
    "source_days": ("day", "vertical", "seller_id", "sub_id"),
}
"""The tables that sources are judged by, and what a row of each is known by."""
_RULE = SourceRule("", Action.BLOCK)
Known = dict[tuple[Any, ...], Row]


class Recorder(Evenings):
    """Evenings that also write down what was counted since the one before, a line of JSON each."""

    def __init__(self, began: int, path: Path) -> None:
        super().__init__(began, acts=False)
        self._file = gzip.open(path, "wb", compresslevel=3)  # noqa: SIM115
        self._known: dict[str, Known] = {table: {} for table in KEYS}

    async def __call__(self, market: Market) -> None:
        await super().__call__(market)
        changes = {table: self._changed(table, await market.db.read(_rows, table)) for table in KEYS}
        self._file.write(orjson.dumps({"at": market.clock.now(), **changes}) + b"\n")

    def _changed(self, table: str, rows: list[Row]) -> dict[str, Any]:
        """Rows that are new or other than before, and the keys of those that are gone."""
        before, now = self._known[table], {tuple(row[name] for name in KEYS[table]): dict(row) for row in rows}
        self._known[table] = {**now}
        changed = [row for key, row in now.items() if before.get(key) != row]
        return {"rows": changed, "gone": [list(key) for key in before if key not in now]}

    def close(self, sold: list[str]) -> None:
        """With the leads that were sold, by the stream's ids."""
        self._file.write(orjson.dumps({"sold": sold}) + b"\n")
        self._file.close()


def record(stream: Path, truth: Path, lists: Path, kept: Path, days: int | None = None) -> Replayed:
    """Send a stream through, or its first days, no rule acting, and keep its evenings and what of it was sold."""
    made: list[Recorder] = []

    def recorder(began: int) -> Recorder:
        made.append(Recorder(began, kept))
        return made[0]

    run = replayed(stream, truth, lists, recorder, days)
    made[0].close([row.lead_id for row in run.sold])
    return run


async def _rows(tx: Tx, table: str) -> list[Row]:
    return await tx.fetch(f"SELECT * FROM {table}")


def judged(stream: Path, truth: Path, kept: Path, every: int = 1) -> Replayed:
    """A recorded stream, as the rules of now would have judged each `every`th evening of it."""
    truths = read_truths(truth)
    rows = [row for row in read_rows(stream) if row.lead_id in truths]
    evenings = Evenings(rows[0].at)
    sold = asyncio.run(_judged(evenings, kept, every))
    return Replayed(rows, truths, [row for row in rows if row.lead_id in sold], evenings)


async def _judged(evenings: Evenings, kept: Path, every: int) -> set[str]:
    """Returns the leads that were sold."""
    with tempfile.TemporaryDirectory() as folder, gzip.open(kept, "rb") as lines:
        db = await open_database(str(Path(folder) / "kept.db"), process=False)
        try:
            await migrate(db, evenings.began)
            for number, evening in enumerate(map(orjson.loads, lines)):
                if "sold" in evening:
                    return set(evening["sold"])
                await db.write(_put_back, evening)
                if number % every == 0:
                    held, now = Standings(), evening["at"]
                    await look(db, held, now)
                    day = -((evenings.began - now) // DAY_MS)
                    _judge(evenings, held, day, evenings.held.get(max(evenings.held, default=0), frozenset()))
                    await told_of(evenings, db, held, now)
        finally:
            await db.close()
    raise ValueError(f"{kept} breaks off: record it again")


async def _put_back(tx: Tx, evening: Mapping[str, Any]) -> None:
    for table, keys in KEYS.items():
        rows, gone = evening[table]["rows"], evening[table]["gone"]
        old = [
            *(dict(zip(keys, key, strict=True)) for key in gone),
            *({name: row[name] for name in keys} for row in rows),
        ]
        await tx.execute_many(f"DELETE FROM {table} WHERE {' AND '.join(f'{name} = :{name}' for name in keys)}", old)
        if rows:
            names = ", ".join(rows[0])
            values = ", ".join(f":{name}" for name in rows[0])
            await tx.execute_many(f"INSERT INTO {table} ({names}) VALUES ({values})", rows)


def _judge(evenings: Evenings, held: Standings, day: int, before: frozenset[Key]) -> None:
    rotten: set[Key] = set()
    for vertical, standing in held.verticals.items():
        for (seller_id, sub_id), source in standing.sources.items():
            key = (vertical, seller_id, sub_id)
            action = action_for(source, _RULE) if sub_id else None
            if action is not None or (key in before and not is_over(source)):
                rotten.add(key)
            if action is Action.BLOCK:
                evenings.blocked.setdefault(key, day)
    evenings.say(day, rotten)
