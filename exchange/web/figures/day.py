"""One day of the exchange in figures: leads by what became of them, money, and how long sellers waited."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.ids import first_id
from exchange.model.actor import Actor
from exchange.model.money import SCALE, Money
from exchange.model.reason import Reason
from exchange.storage.dashboard import HOUR_MS, answer_times, lead_figures, sold_to
from exchange.storage.database import Row, Tx
from exchange.web.charts.bars import Hour
from exchange.web.lead_query import STATUSES
from exchange.web.words import Times

DAYS: Mapping[str, int] = MappingProxyType({"today": 0, "yesterday": 1})
GROUPS = ("sold", "unsold", "rejected", "held", "unclear", "priced", "in_progress")
"""Every lead is in one of these: they add up to all leads."""

_WEEK = 7
_GROUP_OF: Mapping[str, str] = MappingProxyType({state: name for name in GROUPS for state in STATUSES[name]})


@dataclass(frozen=True, slots=True)
class Totals:
    """Leads by group, and money of one currency. `checks` is what outside checks cost: it comes out of the margin."""

    groups: Mapping[str, int]
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
class Day:
    """`before` is the same day a week earlier, up to the same time of day. `other` is money of other currencies."""

    name: str
    begin: int
    end: int
    now: Totals
    before: Totals
    other: tuple[Totals, ...]
    hours: tuple[Hour, ...]
    leads_by_hour: tuple[int, ...]
    sold_by_hour: tuple[int, ...]
    rejections: tuple[Rejection, ...]
    p50_ms: int | None
    p95_ms: int | None
    p50_before_ms: int | None
    by_seller: Mapping[str, Mapping[str, int]]
    sold_to: tuple[Row, ...]
    weekday: str


async def read_day(market: Market, actor: Actor, mode: str, name: str, times: Times, currency: str) -> Day:
    """`name` is today or yesterday, in the exchange's zone."""
    back = DAYS[name]
    begin, end = times.today(back)
    until = min(end, times.now + 1)
    old_begin, old_end = times.today(back + _WEEK)
    cut = min(old_begin + (until - begin), old_end)
    read = market.db.read
    rows, (old, rest), answers, old_answers, sales = await asyncio.gather(
        read(lead_figures, actor, mode, begin, until),
        read(_compared, actor, mode, old_begin, cut, old_end),
        read(answer_times, actor, mode, begin, until),
        read(answer_times, actor, mode, old_begin, cut),
        read(sold_to, actor, mode, begin, first_id("ld", begin), first_id("ld", until)),
    )
    currencies = sorted({row["currency"] for row in rows if row["revenue"] or row["payout"]} | {currency})
    totals = {each: _totals(rows, each) for each in currencies}
    hours = (end - begin) // HOUR_MS
    return Day(
        name,
        begin,
        end,
        totals[currency],
        _totals(old, currency),
        tuple(total for each, total in totals.items() if each != currency),
        _hours(rows, [*old, *rest], currency, hours, begin, times),
        _by_hour(rows, hours, None),
        _by_hour(rows, hours, "sold"),
        _rejections(rows),
        percentile(answers, 50),
        percentile(answers, 95),
        percentile(old_answers, 50),
        _by_seller(rows),
        tuple(sales),
        f"{times.local(old_begin):%A}",
    )


async def _compared(tx: Tx, actor: Actor, mode: str, begin: int, cut: int, end: int) -> tuple[list[Row], list[Row]]:
    """The day compared with up to the same time of day, and its rest, which only the dashed line shows."""
    shift = (cut - begin) // HOUR_MS
    rest = await lead_figures(tx, actor, mode, cut, end) if cut < end else []
    return await lead_figures(tx, actor, mode, begin, cut), [{**row, "hour": row["hour"] + shift} for row in rest]


def percentile(counted: Sequence[tuple[int, int]], percent: int) -> int | None:
    """Of (value, how often) pairs in order; None of none."""
    total = sum(times for _, times in counted)
    passed = 0
    for value, times in counted:
        passed += times
        if passed * 100 >= total * percent:
            return value
    return None


def _totals(rows: Iterable[Row], currency: str) -> Totals:
    groups = dict.fromkeys(GROUPS, 0)
    revenue = payout = cost = 0
    for row in rows:
        groups[_GROUP_OF.get(row["state"], "in_progress")] += row["leads"]
        if row["currency"] == currency:
            revenue += row["revenue"]
            payout += row["payout"]
            cost += row["cost"]
    money = (Money(units, currency) for units in (revenue, payout, cost))
    return Totals(MappingProxyType(groups), *money)


def _hours(
    rows: Iterable[Row], old: Iterable[Row], currency: str, hours: int, begin: int, times: Times
) -> tuple[Hour, ...]:
    payout, margin, before = [0] * hours, [0] * hours, [0] * hours
    for row in rows:
        if row["currency"] == currency:
            payout[row["hour"]] += row["payout"]
            margin[row["hour"]] += row["revenue"] - row["payout"]
    for row in old:
        if row["currency"] == currency:
            before[min(row["hour"], hours - 1)] += row["revenue"]
    return tuple(
        Hour(
            f"{times.local(begin + hour * HOUR_MS):%H:%M}",
            payout[hour] / SCALE,
            margin[hour] / SCALE,
            before[hour] / SCALE,
            begin + hour * HOUR_MS <= times.now < begin + (hour + 1) * HOUR_MS,
        )
        for hour in range(hours)
    )


def _by_hour(rows: Iterable[Row], hours: int, state: str | None) -> tuple[int, ...]:
    counts = [0] * hours
    for row in rows:
        if state is None or row["state"] == state:
            counts[row["hour"]] += row["leads"]
    return tuple(counts)


def _rejections(rows: Iterable[Row]) -> tuple[Rejection, ...]:
    counts: dict[str, int] = {}
    for row in rows:
        if _GROUP_OF.get(row["state"]) == "rejected":
            counts[row["reason"]] = counts.get(row["reason"], 0) + row["leads"]
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
