"""Keeps what is known of sources and buyers up to date: counts what happened, and holds how each stands for the line.

Every process does this for itself; what is counted is shared and counted once. The line reads only what is held here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from exchange import limits
from exchange.flows.market import Market
from exchange.flows.standings import Standings
from exchange.model.actor import SYSTEM, Actor
from exchange.model.quality import DAY_MS, CountedDay, DayWeight, Words
from exchange.model.vertical import Vertical
from exchange.stages.quality.days import BACK_DAYS, Curves, age_of, weights
from exchange.stages.quality.level import levels
from exchange.stages.quality.odds import Bidding, bidding
from exchange.stages.quality.promise import LEAST, NO_PROMISE, Promise, Reached, promise
from exchange.stages.quality.standing import Standing, standing
from exchange.stages.quality.tail import Curve, fitted
from exchange.stages.score.exposure import Exposure, estimate
from exchange.stages.shaving import BEFORE_DAYS, NOW_DAYS
from exchange.storage.database import Db, Row
from exchange.storage.quality import (
    TAKEN_AT_ONCE,
    counted_day,
    first_day,
    read_offer_day,
    read_post_day,
    read_source_day,
    replace_day,
    take_up_outcomes,
)
from exchange.storage.quality_reach import reach_buyers, reach_days, reach_lags
from exchange.storage.quality_sums import (
    bad_sums,
    counted_verticals,
    lags,
    level_sums,
    post_sums,
    sale_sums,
    silent_buyers,
    source_sums,
)
from exchange.storage.screened import BAD_WORDS, GOOD_WORDS

LATE_MS = 5_000  # by then a unit of work is committed, on whichever node
_TURNS = 20  # of outcomes at one stretch
_DAYS_AT_ONCE = 30
_AGAIN_MS = 15_000  # between two counts of the day that runs, when they are quick
_SEEN_MS = 60_000  # between two looks at how everybody stands, when something was told meanwhile
_LOOK_MS = 600_000  # and when nothing was
_REST = 30  # a look that takes long rests so many times as long: it never takes more than a thirtieth of a core
_COUNT_REST = 100  # and a count a hundred times
COUNTED_AGAIN = (1, 2, 7, 31)
"""Days back that are counted once more when a day begins: alerts, held leads and settlements change them."""
_CURVE_DAYS = 180
_CURVE_FROM = 5_000  # reports
_SILENT_FROM = 20  # sold leads without a word
_LEVEL_SOURCES = 300  # those with most sales; the others are told together


async def keep_quality(market: Market) -> int:
    """One turn: outcomes told since, days that are over or run, and how everybody stands. Returns how much was new."""
    now, held = market.clock.now(), market.live.standings
    told = await count_outcomes(market.db, market.verticals, now)
    held.changed = held.changed or told > 0
    if now - held.counted_at >= max(_AGAIN_MS, _COUNT_REST * held.count_ms):
        began = market.clock.monotonic()
        await count_days(market.db, now)
        held.count_ms = round((market.clock.monotonic() - began) * 1000)
        held.counted_at, held.changed = now, True
    if now - held.at >= (max(_SEEN_MS, _REST * held.took_ms) if held.changed else _LOOK_MS):
        began = market.clock.monotonic()
        await look(market.db, held, now)
        held.took_ms = round((market.clock.monotonic() - began) * 1000)
    return told


async def count_outcomes(db: Db, verticals: Mapping[str, Vertical], now: int) -> int:
    """What was sold and reported since, some thousands at one stretch."""
    words, count = words_of(verticals), 0
    for _ in range(_TURNS):
        touched = await db.write(take_up_outcomes, words, now - LATE_MS)
        count += touched
        if touched < TAKEN_AT_ONCE:
            break
    return count


def words_of(verticals: Mapping[str, Vertical]) -> dict[str, Words]:
    """What the dispositions of each vertical say."""
    return {
        name: Words(
            frozenset(GOOD_WORDS) & frozenset(each.dispositions or GOOD_WORDS),
            frozenset(each.score.converted),
            frozenset(each.score.lost),
            frozenset(BAD_WORDS),
        )
        for name, each in verticals.items()
    }


async def count_days(db: Db, now: int) -> None:
    """Posts by sub id and by contract, of the day that runs and of those that are over or may have changed."""
    today = now // DAY_MS
    first, counted = await db.read(first_day), await db.read(counted_day)
    if first is None:
        return
    begin, offers_since = max(counted, first), today - NOW_DAYS - BEFORE_DAYS
    days = list(range(begin, min(today, begin + _DAYS_AT_ONCE) + 1))
    if begin < today:
        days += [today - back for back in COUNTED_AGAIN if first <= today - back < begin]
    for day in days:
        offers = await db.read(read_offer_day, day) if day >= offers_since else []
        found = CountedDay(day, await db.read(read_source_day, day), await db.read(read_post_day, day), offers)
        await db.write(replace_day, found, min(day + 1, today) if day >= begin else None, offers_since)


async def look(db: Db, held: Standings, now: int) -> None:
    """How everybody stands at this moment."""
    standings: dict[str, Standing] = {}
    curves: dict[str, Curves] = {}
    bids: dict[str, Bidding] = {}
    for vertical in await db.read(counted_verticals):
        curves[vertical] = await read_curves(db, vertical, now)
        standings[vertical] = await read_standing(db, SYSTEM, vertical, curves[vertical], now)
        bids[vertical] = await read_bidding(db, SYSTEM, vertical, curves[vertical], now)
    held.verticals, held.bidding, held.curves = standings, bids, curves
    held.at, held.changed = now, False


async def read_standing(db: Db, actor: Actor, vertical: str, curves: Curves, now: int) -> Standing:
    """One vertical's sources as the actor may see them."""
    days = day_weights(now, curves)
    groups, early = ("seller_id", "sub_id"), curves.promise.buyers
    sales = await db.read(sale_sums, actor, vertical, days, groups, "", limits.SOURCES_HELD, curves.silent, early)
    posts = await db.read(source_sums, actor, vertical, days, groups, limits.SOURCES_HELD)
    bad = await db.read(bad_sums, actor, vertical, days, limits.SOURCES_HELD)
    return await asyncio.to_thread(standing, vertical, sales, posts, bad, now // DAY_MS)


async def read_bidding(db: Db, actor: Actor, vertical: str, curves: Curves, now: int) -> Bidding:
    """One vertical's buyers as the actor may see them."""
    days = day_weights(now, curves)
    posts = await db.read(post_sums, actor, vertical, days)
    return bidding(posts, await db.read(sale_sums, actor, vertical, days, ("buyer_id",)))


def day_weights(now: int, curves: Curves) -> list[DayWeight]:
    return weights(now / DAY_MS, curves)


async def read_curves(db: Db, vertical: str, now: int) -> Curves:
    """How late a vertical's reports come, and its level from day to day, from the newest of half a year."""
    usual, since = Curves(), now - _CURVE_DAYS * DAY_MS
    contact = estimate(await _lags(db, vertical, "contacted_at", since, now), usual.contact.usual_days)
    back = estimate(await _lags(db, vertical, "returned_at", since, now), usual.back.usual_days)
    bad = estimate(await _lags(db, vertical, "bad_at", since, now), usual.bad.usual_days)
    cases = await _lags(db, vertical, "converted_at", since, now)
    first = now // DAY_MS - BACK_DAYS
    silent = frozenset(await db.read(silent_buyers, vertical, first, _SILENT_FROM))
    promised = await _promise(db, vertical, since, now)
    rows = await db.read(level_sums, vertical, first, _LEVEL_SOURCES, silent, promised.buyers)
    conversion, level = await asyncio.to_thread(_conversion, cases, promised, rows, now / DAY_MS)
    return Curves(contact, conversion, back, bad, level, silent, promised)


def _conversion(
    cases: Sequence[tuple[float, float]], promised: Promise, rows: Sequence[Row], today: float
) -> tuple[Curve, Mapping[int, float]]:
    curve = fitted(cases, Exposure().usual_days)
    early: float = sum(row["early"] for row in rows) / max(sum(row["sold"] for row in rows), 1)

    def share(day: int) -> float:
        age = age_of(day, today)
        return (1.0 - early) * curve.share(age) + early * promised.told.share(age)

    told = [
        {**row, "converted": row["converted"] + row["early_reached"] * promised.chance(age_of(row["day"], today))}
        for row in rows
    ]
    return curve, levels(told, share, int(today))


async def _promise(db: Db, vertical: str, since: int, now: int) -> Promise:
    """What leads promise that buyers reached, where these say so before they convert."""
    buyers = await db.read(reach_buyers, vertical, since, LEAST)
    if not buyers:
        return NO_PROMISE
    told = await db.read(reach_lags, vertical, since, buyers, _CURVE_FROM)
    conversions = [
        Reached(*(max(each, 0) / DAY_MS for each in (row["wait_ms"], row["after_ms"], now - row["sold_at"])))
        for row in told
    ]
    days = await db.read(reach_days, vertical, since // DAY_MS, buyers)
    ages = {row["day"]: age_of(row["day"], now / DAY_MS) for row in days}
    return await asyncio.to_thread(promise, buyers, conversions, days, ages)


async def _lags(db: Db, vertical: str, moment: str, since: int, now: int) -> list[tuple[float, float]]:
    """Of the newest reports: how late each was, and how old its lead is now, in days."""
    rows = await db.read(lags, vertical, moment, since, _CURVE_FROM)
    return [(max(row["lag_ms"], 0) / DAY_MS, max(now - row["sold_at"], row["lag_ms"]) / DAY_MS) for row in rows]
