"""Answers questions of the analytics explorer: stretches of time that are over are counted once and kept.

A stretch is what it was while no hour of it changed since: figures and the lists behind them always agree. What nobody
asked before is counted newest first, for as long as whoever asks has patience; a job counts the rest.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from exchange.flows.jobs import COUNT_REPORT, job
from exchange.flows.market import Market
from exchange.model.actor import SYSTEM, Actor
from exchange.model.analysis import MEASURES, PLACES, SUMS, Cell, Grain, Question
from exchange.storage.analysis import (
    Hour,
    Stretch,
    count_stretch,
    first_lead,
    forget_kept,
    from_hours,
    hours_of,
    keep,
    read_kept,
    sum_hours,
)
from exchange.storage.asked import counted_until
from exchange.storage.hours import HOUR_MS
from exchange.storage.jobs import add_jobs

PAGE_PATIENCE_MS = 120
"""So long a page counts what was not counted before; with the rest of the page it stays within 300 ms."""
KEPT_MS = 35 * 86_400_000
_PART_HOURS = 6  # of a day that is over: some thousand leads are counted at once
_FORMAT = "1"  # of what is kept: another one is counted anew
_OF_ASKS = (Grain.ASK, Grain.WIN, Grain.FLOOR)
Key = tuple[str, ...]


class Part(NamedTuple):
    """A stretch within one day of the exchange's zone."""

    begin: int
    end: int
    day: date


@dataclass(slots=True)
class Found:
    """`rows` by their values of the groups; days are ISO dates, weeks their Mondays, hours their first instant (ms).

    `base` are leads that are not looked at by place: by the values of the other groups. `missing` of `parts` stretches
    were not counted yet. `rest` is money of `total` that no single sale brought: payouts made up to a promise.
    """

    rows: dict[Key, Counter[str]] = field(default_factory=dict)
    total: Counter[str] = field(default_factory=Counter)
    base: dict[Key, int] = field(default_factory=dict)
    rest: tuple[int, int] = (0, 0)
    parts: int = 0
    missing: int = 0


async def explore(market: Market, actor: Actor, question: Question, patience_ms: int | None = None) -> Found:
    """Everything that a question asks. Without `patience_ms` it is counted to the end."""
    ends = None if patience_ms is None else market.clock.monotonic() + patience_ms / 1_000
    run = _Run(market, actor, question, ends)
    await run.prepare()
    groups, cells = question.groups, question.cells
    for grain in question.grains():
        if grain is not Grain.LEAD or not question.placed:
            run.add_rows(grain, await run.count(grain, groups, cells))
    if question.placed:
        await _placed(run, question)
    else:
        for sums in run.found.rows.values():
            run.found.total.update(sums)
    run.found.parts, run.found.missing = len(run.parts), len(run.missing)
    return run.found


async def _placed(run: _Run, question: Question) -> None:
    """Sales to somebody: leads do not add up over buyers, and of some money no one sale tells."""
    found, grains = run.found, question.grains()
    parts = {part for name in question.measures for part in MEASURES[name].parts(placed=True)}
    for sums in found.rows.values():
        found.total.update(sums)
    if Grain.SALE in grains:
        whole = await run.count(Grain.SALE, (), question.cells)
        found.total.update({name: whole[()][name] - found.total[name] for name in SUMS[Grain.SALE] if () in whole})
    if "base" in parts:
        kept = tuple(cell for cell in question.cells if cell.dimension not in PLACES)
        others = tuple(name for name in question.groups if name not in PLACES)
        found.base = {key: sums["leads"] for key, sums in (await run.count(Grain.LEAD, others, kept)).items()}
    if {"price", "paid", "kept"} & parts and not any(cell.dimension in PLACES for cell in question.cells):
        leads = (await run.count(Grain.LEAD, (), question.cells)).get((), Counter())
        found.rest = (leads["revenue"] - found.total["price"], leads["payout"] - found.total["paid"])
        found.total.update({"price": found.rest[0], "paid": found.rest[1]})


@dataclass(slots=True)
class _Run:
    """One answer being made. What is counted for it is kept as it goes."""

    market: Market
    actor: Actor
    question: Question
    ends: float | None
    found: Found = field(default_factory=Found)
    parts: list[Part] = field(default_factory=list)
    missing: set[Part] = field(default_factory=set)
    hours: Mapping[int, Hour] = field(default_factory=dict)
    asked_until: int = 0

    async def prepare(self) -> None:
        market, asked = self.market, self.question
        first = await market.db.read(first_lead)
        if first is None or first >= asked.until:
            return
        begin = max(asked.begin, first - first % HOUR_MS)
        every = parts_of(asked.begin, asked.until, ZoneInfo(market.zone), market.clock.now())
        self.parts = [part for part in every if part.end > begin]
        self.hours = await market.db.read(hours_of, begin, asked.until)
        self.asked_until = (await market.db.read(counted_until)).at

    def add_rows(self, grain: Grain, counted: Mapping[Key, Counter[str]]) -> None:
        for key, sums in counted.items():
            self.found.rows.setdefault(key, Counter()).update(sums)

    async def count(self, grain: Grain, groups: tuple[str, ...], cells: tuple[Cell, ...]) -> dict[Key, Counter[str]]:
        """The sums of a grain over all stretches, by the groups."""
        inner = tuple(name for name in groups if name not in ("day", "week"))
        made: dict[Key, Counter[str]] = {}
        parts = list(self.parts)
        if from_hours(grain, inner, cells):
            parts = await self._from_hours(made, groups, inner, cells)
        digest = self._digest(grain, inner, cells)
        kept = await self.market.db.read(read_kept, digest, self.question.begin, self.question.until) if parts else {}
        new: list[tuple[int, int, str, str]] = []
        read: list[tuple[Part, list[list[Any]]]] = []
        for part in reversed(parts):
            state = self._state(part, grain)
            told = kept.get((part.begin, part.end))
            if told is not None and told[0] == state:
                read.append((part, orjson.loads(told[1])))
                continue
            if state and self._late():
                self.missing.add(part)
                continue
            rows = await self.market.db.read(
                count_stretch, self.actor, grain, inner, cells, self._stretch(part.begin, part.end)
            )
            read.append((part, rows))
            if state:
                new.append((part.begin, part.end, state, orjson.dumps(rows).decode()))
        if new:
            await self.market.db.write(keep, digest, new, self.market.clock.now())
        await asyncio.to_thread(_merge, made, grain, groups, read)
        return made

    async def _from_hours(
        self, made: dict[Key, Counter[str]], groups: tuple[str, ...], inner: tuple[str, ...], cells: tuple[Cell, ...]
    ) -> list[Part]:
        """Add what counted hours tell, and return the stretches that they do not."""
        whole = {hour: part for part in self.parts for hour in self._whole(part)}
        if whole:
            span = self._stretch(min(whole), max(whole) + HOUR_MS)
            for hour, *rest in await self.market.db.read(sum_hours, self.actor, inner, cells, span):
                if (part := whole.get(hour)) is not None:
                    values = iter(rest[: -len(SUMS[Grain.LEAD])])
                    told = [str((hour - part.begin) // HOUR_MS) if name == "hour" else next(values) for name in inner]
                    _add(made, Grain.LEAD, groups, part, [*told, *rest[-len(SUMS[Grain.LEAD]) :]])
        fresh = set(whole.values())
        return [part for part in self.parts if part not in fresh]

    def _whole(self, part: Part) -> Iterable[int]:
        """The hours of a stretch, if they are all counted."""
        hours = range(part.begin, part.end, HOUR_MS)
        if part.begin % HOUR_MS or part.end % HOUR_MS:
            return ()
        counted = all((told := self.hours.get(hour)) is not None and told.changes == told.counted for hour in hours)
        return hours if counted else ()

    def _state(self, part: Part, grain: Grain) -> str:
        """How the hours of a stretch stand; empty while one of them is not over or not begun to be counted."""
        told = [self.hours.get(hour) for hour in range(part.begin - part.begin % HOUR_MS, part.end, HOUR_MS)]
        begun = [each for each in told if each is not None]
        if len(begun) < len(told) or (grain in _OF_ASKS and self.asked_until < part.end):
            return ""
        return f"{sum(each.changes for each in begun)}.{sum(each.more for each in begun)}"

    def _late(self) -> bool:
        return self.ends is not None and self.market.clock.monotonic() >= self.ends

    def _stretch(self, begin: int, end: int) -> Stretch:
        return Stretch(begin, end, self.question.mode, self.question.currency)

    def _digest(self, grain: Grain, inner: tuple[str, ...], cells: tuple[Cell, ...]) -> str:
        told: list[object] = [
            _FORMAT,
            grain.value,
            inner,
            sorted(map(list, cells)),
            self.question.mode,
            self.question.currency,
        ]
        if "tier" in (*inner, *(cell.dimension for cell in cells)):  # the one a contract is in now, for all its past
            told.append(sorted((each.id, each.tier) for each in self.market.deals.contracts.values()))
        return hashlib.sha256(orjson.dumps(told)).hexdigest()


def _merge(
    made: dict[Key, Counter[str]], grain: Grain, groups: tuple[str, ...], read: Sequence[tuple[Part, list[list[Any]]]]
) -> None:
    for part, rows in read:
        for row in rows:
            _add(made, grain, groups, part, row)


def _add(made: dict[Key, Counter[str]], grain: Grain, groups: tuple[str, ...], part: Part, row: Sequence[Any]) -> None:
    values = iter(row)
    key = tuple([_value(name, part, values) for name in groups])
    amounts = list(values)
    if any(amounts):  # without a group there is a row of nothing too
        made.setdefault(key, Counter()).update(dict(zip(SUMS[grain], amounts, strict=True)))


def _value(name: str, part: Part, values: Iterator[Any]) -> str:
    if name == "day":
        return part.day.isoformat()
    if name == "week":
        return (part.day - timedelta(days=part.day.weekday())).isoformat()
    value = next(values)
    return str(part.begin + int(value) * HOUR_MS) if name == "hour" else str(value)


def parts_of(begin: int, until: int, zone: ZoneInfo, now: int) -> list[Part]:
    """A time in stretches that are kept: parts of days that are over, hours of the day that runs."""
    day, today = _local(begin, zone), _local(now, zone)
    found = []
    while (start := _midnight(day, zone)) < until:
        end = _midnight(day + timedelta(days=1), zone)
        step = HOUR_MS if day >= today else _PART_HOURS * HOUR_MS
        for at in range(start, end, step):
            low, high = max(at, begin), min(at + step, end, until)
            if low < high:
                found.append(Part(low, high, day))
        day += timedelta(days=1)
    return found


def _local(at: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at / 1_000, zone).date()


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * 1_000


async def count_on(market: Market, question: Question) -> None:
    """Let a job count what a page had no patience for; one for each question."""
    now = market.clock.now()
    told: dict[str, object] = {**question._asdict(), "cells": [list(cell) for cell in question.cells]}
    name = hashlib.sha256(orjson.dumps(told)).hexdigest()[:24]
    made = job(market, f"{COUNT_REPORT}:{name}", COUNT_REPORT, told, now, now, f"{COUNT_REPORT}:{name}:{now // 60_000}")
    await market.db.write(add_jobs, [made])


async def count_report(market: Market, payload: Mapping[str, Any]) -> None:
    """The job: count a question to its end. What it counts is kept; nobody reads the answer."""
    told = dict(payload)
    told |= {name: tuple(told[name]) for name in ("measures", "groups")}
    told["cells"] = tuple(Cell(*cell) for cell in told["cells"])
    await explore(market, SYSTEM, Question(**told))


async def forget_sums(market: Market) -> int:
    """Drop what nobody asked for lately."""
    return await market.db.write(forget_kept, market.clock.now() - KEPT_MS)
