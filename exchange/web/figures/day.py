"""A period of the exchange in figures: leads by what became of them, money, and how long sellers waited."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.counted import Counts
from exchange.model.money import Money
from exchange.model.reason import Reason
from exchange.stages.asked import percentile
from exchange.storage.asked import answer_sums
from exchange.storage.database import Row
from exchange.storage.hours import HOUR_MS, Reach, day_sums, lead_sums
from exchange.web.figures.period import Period
from exchange.web.listed.states import STATUSES
from exchange.web.words import Times

GROUPS = ("sold", "unsold", "rejected", "held", "unclear", "in_progress")
"""Every lead is in one of these: they add up to all leads. One that was pinged and not posted yet is in progress."""

_GROUP_OF: Mapping[str, str] = MappingProxyType({state: name for name in GROUPS for state in STATUSES[name]})


@dataclass(frozen=True, slots=True)
class Totals:
    """Leads by group, and money of one currency. `checks` is what outside checks cost: it comes out of the margin.

    `priced` are those in progress that were pinged, got a price and were not posted.
    """

    groups: Mapping[str, int]
    priced: int
    revenue: Money
    payout: Money
    checks: Money

    @property
    def leads(self) -> int:
        return sum(self.groups.values())

    @property
    def margin(self) -> Money:
        return self.revenue - self.payout


@dataclass(frozen=True, slots=True)
class Rejection:
    """A reason for refusals: how many, and who can mend it."""

    slug: str
    sentence: str
    fixer: str
    leads: int


@dataclass(frozen=True, slots=True)
class Slice:
    """One hour or day of a period: leads, sold ones, units of money, and the revenue of what is compared with.

    `before` is None where that is not known yet, or nothing is compared.
    """

    name: str
    leads: int
    sold: int
    payout: int
    margin: int
    before: int | None
    now: bool
    p50_ms: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """`before` is what it is compared with, up to the same time of day. `other` is money of other currencies."""

    period: Period
    now: Totals
    before: Totals
    other: tuple[Totals, ...]
    slices: tuple[Slice, ...]
    rejections: tuple[Rejection, ...]
    p50_ms: int | None
    p95_ms: int | None
    p50_before_ms: int | None
    by_seller: Mapping[str, Mapping[str, int]]
    sold: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page of figures is about."""

    period: Period
    mode: str
    vertical: str

    @property
    def reach(self) -> Reach:
        return Reach(self.mode, self.period.begin, self.period.until, self.vertical)

    @property
    def old(self) -> Reach:
        return Reach(self.mode, self.period.old_begin, self.period.old_until, self.vertical)


async def read_day(market: Market, actor: Actor, asked: Asked, times: Times, currency: str, waiting: Counts) -> Day:
    """`waiting` are the newest requests, which nobody counted yet."""
    read, period = market.db.read, asked.period
    edges = _edges(period.begin, period.end, period, times)
    (rows, hours, sold), (old, old_hours), answers, old_answers = await asyncio.gather(
        read(day_sums, actor, asked.reach),
        read(lead_sums, actor, asked.old),
        read(answer_sums, actor, asked.reach, edges),
        read(answer_sums, actor, asked.old),
    )
    answers = [*answers, *_waited(waiting, asked.reach)]
    currencies = sorted({row["currency"] for row in rows if row["revenue_units"] or row["payout_units"]} | {currency})
    totals = {each: _totals(rows, each) for each in currencies}
    return Day(
        asked.period,
        totals[currency],
        _totals(old, currency),
        tuple(total for each, total in totals.items() if each != currency),
        _slices(hours, old_hours, answers, currency, asked.period, times),
        _rejections(rows),
        percentile(_sizes(answers), 50),
        percentile(_sizes(answers), 95),
        percentile(_sizes(old_answers), 50),
        _by_seller(rows),
        tuple(_joined(sold)),
    )


def _waited(waiting: Counts, reach: Reach) -> list[Row]:
    return [
        {"hour": hour, "size": size, "times": times}
        for (hour, mode, vertical, size), times in waiting.answers.items()
        if mode == reach.mode and reach.vertical in ("", vertical) and reach.begin - HOUR_MS < hour < reach.end
    ]


def _sizes(rows: Iterable[Row]) -> list[tuple[int, int]]:
    return [(row["size"], row["times"]) for row in rows]


def _totals(rows: Iterable[Row], currency: str) -> Totals:
    groups = dict.fromkeys(GROUPS, 0)
    revenue = payout = cost = priced = 0
    for row in rows:
        priced += row["leads"] if row["state"] in STATUSES["priced"] else 0
        groups[_GROUP_OF.get(row["state"], "in_progress")] += row["leads"]
        if row["currency"] == currency:
            revenue += row["revenue_units"]
            payout += row["payout_units"]
            cost += row["cost_units"]
    money = (Money(units, currency) for units in (revenue, payout, cost))
    return Totals(MappingProxyType(groups), priced, *money)


def _slices(
    rows: Sequence[Row], old: Sequence[Row], answers: Sequence[Row], currency: str, period: Period, times: Times
) -> tuple[Slice, ...]:
    edges = _edges(period.begin, period.end, period, times)
    old_edges = _edges(period.old_begin, period.old_begin + (period.end - period.begin), period, times)
    leads, sold, payout, margin = (Counter[int]() for _ in range(4))
    for row in rows:
        at = _place(edges, row["hour"])
        leads[at] += row["leads"]
        sold[at] += row["leads"] if row["state"] == "sold" else 0
        if row["currency"] == currency:
            payout[at] += row["payout_units"]
            margin[at] += row["revenue_units"] - row["payout_units"]
    before: Counter[int] = Counter()
    for row in old:
        if row["currency"] == currency:
            before[_place(old_edges, row["hour"])] += row["revenue_units"]
    waits: dict[int, list[tuple[int, int]]] = {}
    for row in answers:
        waits.setdefault(_place(edges, row["hour"]), []).append((row["size"], row["times"]))
    return tuple(
        Slice(
            f"{times.local(begin):%H:%M}" if period.by_hour else f"{times.local(begin).day} {times.local(begin):%b}",
            leads[at],
            sold[at],
            payout[at],
            margin[at],
            before[at] if at < len(old_edges) and old_edges[at] < period.old_until else None,
            begin <= times.now < (edges[at + 1] if at + 1 < len(edges) else period.end),
            percentile(waits.get(at, ()), 50),
        )
        for at, begin in enumerate(edges)
    )


def _edges(begin: int, end: int, period: Period, times: Times) -> list[int]:
    """Where the hours or the local days between two instants begin: a day may have 23 or 25 hours."""
    if period.by_hour:
        return list(range(begin, end, HOUR_MS))
    edges, at = [], begin
    while at < end:
        edges.append(at)
        at = times.bounds(times.local(at).date())[1]
    return edges


def _place(edges: Sequence[int], at: int) -> int:
    """Which of the stretches an instant is in."""
    low, high = 0, len(edges)
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if edges[middle] <= at else (low, middle)
    return low


def _rejections(rows: Iterable[Row]) -> tuple[Rejection, ...]:
    counts: Counter[str] = Counter()
    for row in rows:
        if _GROUP_OF.get(row["state"]) == "rejected":
            counts[row["reason"]] += row["leads"]
    known = {reason.slug: reason for reason in Reason}
    found = []
    for slug, leads in counts.items():
        reason = known.get(slug)
        sentence = reason.sentence.rstrip(".") if reason is not None else slug.replace("_", " ").capitalize()
        found.append(Rejection(slug, sentence, reason.fixer if reason is not None else "operator", leads))
    return tuple(sorted(found, key=lambda each: (-each.leads, each.slug)))


def _by_seller(rows: Iterable[Row]) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        groups = found.setdefault(row["seller_id"], dict.fromkeys(GROUPS, 0))
        groups[_GROUP_OF.get(row["state"], "in_progress")] += row["leads"]
    return MappingProxyType(found)


def _joined(rows: Iterable[Row]) -> list[Row]:
    """By way, buyer and currency, once each."""
    sums: dict[tuple[str, str, str], dict[str, int]] = {}
    for row in rows:
        told = sums.setdefault((row["way"], row["buyer_id"], row["currency"]), Counter())
        for name in ("leads", "parts", "sales", "revenue_units"):
            told[name] += row[name]
    return [{"way": key[0], "buyer_id": key[1], "currency": key[2], **told} for key, told in sorted(sums.items())]
