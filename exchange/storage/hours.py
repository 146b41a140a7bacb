"""Leads and sales by the hour: hours that are over are read as they were counted, the others from the leads.

A figure and its list always agree: an hour counts only as long as none of its leads has changed since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx
from exchange.storage.ways import COUNTED, IN_STORE, way_of

HOUR_MS = 3_600_000
PARTS = 840  # of a lead: divided evenly among up to eight buyers
_LEAD_KEY = ("mode", "vertical", "seller_id", "state", "reason", "currency")
_LEAD_SUMS = ("leads", "revenue_units", "payout_units", "cost_units")
_SOLD_KEY = ("mode", "vertical", "way", "buyer_id", "currency")
_SOLD_SUMS = ("leads", "parts", "sales", "revenue_units")
_REASON = "CASE WHEN state IN ('rejected', 'duplicate', 'invalid') THEN COALESCE(reason, '') ELSE '' END"


class Reach(NamedTuple):
    """Leads received in [begin, end). `vertical` empty: all."""

    mode: str
    begin: int
    end: int
    vertical: str = ""


class HourSums(NamedTuple):
    """One hour's leads and sales, by their keys: what `save_hour` keeps."""

    leads: Mapping[tuple[str, ...], Sequence[int]]
    sold: Mapping[tuple[str, ...], Sequence[int]]


async def uncounted_hours(tx: Tx, before: int, most: int) -> list[int]:
    """Hours that are over and were never begun to be counted, the newest first."""
    first = (await tx.fetch("SELECT MIN(received_at) AS at FROM leads"))[0]["at"]
    last = before - before % HOUR_MS - HOUR_MS
    if first is None or last < first - first % HOUR_MS:
        return []
    begin = first - first % HOUR_MS
    begun = await tx.fetch(
        "SELECT COUNT(*) AS hours FROM counted_hours WHERE hour >= :begin AND hour <= :last", begin=begin, last=last
    )
    if begun[0]["hours"] == (last - begin) // HOUR_MS + 1:
        return []
    known = {row["hour"] for row in await tx.fetch("SELECT hour FROM counted_hours")}
    return [hour for hour in range(last, begin - 1, -HOUR_MS) if hour not in known][:most]


async def begin_hours(tx: Tx, hours: Sequence[int]) -> None:
    """From now on changes of these hours' leads are noted; they are counted by the next turn."""
    await tx.execute_many(
        "INSERT INTO counted_hours (hour, changes, counted) VALUES (:hour, 1, 0) ON CONFLICT DO NOTHING",
        [{"hour": hour} for hour in hours],
    )


async def changed_hours(tx: Tx, most: int) -> list[int]:
    """Hours whose leads changed since they were counted, the newest first."""
    rows = await tx.fetch(
        "SELECT hour FROM counted_hours WHERE changes <> counted ORDER BY hour DESC LIMIT :most", most=most
    )
    return [row["hour"] for row in rows]


async def count_hour(tx: Tx, hour: int) -> tuple[int, HourSums]:
    """What one hour comes to, and the number of changes it is counted with: read first, so that none is lost."""
    changes = (await tx.fetch("SELECT changes FROM counted_hours WHERE hour = :hour", hour=hour))[0]["changes"]
    leads = await _live_leads(tx, "", "", hour, hour + HOUR_MS)
    sold = await _live_sold(tx, "", "", hour, hour + HOUR_MS)
    return changes, HourSums(
        {_key(row, _LEAD_KEY): [row[name] for name in _LEAD_SUMS] for row in leads},
        {_key(row, _SOLD_KEY): [row[name] for name in _SOLD_SUMS] for row in sold},
    )


async def save_hour(tx: Tx, hour: int, changes: int, sums: HourSums) -> None:
    """Keep what an hour came to."""
    for table, key, names, found in (
        ("lead_hours", _LEAD_KEY, _LEAD_SUMS, sums.leads),
        ("sold_hours", _SOLD_KEY, _SOLD_SUMS, sums.sold),
    ):
        columns = ("hour", *key, *names)
        await tx.execute(f"DELETE FROM {table} WHERE hour = :hour", hour=hour)
        await tx.execute_many(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})",
            [dict(zip(columns, (hour, *place, *amounts), strict=True)) for place, amounts in found.items()],
        )
    await tx.execute("UPDATE counted_hours SET counted = :changes WHERE hour = :hour", changes=changes, hour=hour)


async def day_sums(tx: Tx, actor: Actor, span: Reach) -> tuple[list[Row], list[Row], list[Row]]:
    """`lead_sums` and `sold_sums` of one moment: a lead that is sold meanwhile is in both of them or in none."""
    totals, hours = await lead_sums(tx, actor, span)
    return totals, hours, await sold_sums(tx, actor, span)


async def lead_sums(tx: Tx, actor: Actor, span: Reach) -> tuple[list[Row], list[Row]]:
    """Leads of a span twice over: by seller, state, reason and currency; and by `hour`, state and currency.

    Hours are those of UTC, except of a span that begins within one: then they are counted from its beginning.
    """
    if not _insider(actor) or span.end <= span.begin:
        return [], []
    fresh, gaps = await _parted(tx, span)
    totals, hours = await _kept_leads(tx, span) if fresh else ([], [])
    for begin, end in gaps:
        found = await _live_leads(tx, span.mode, span.vertical, begin, end, span.begin % HOUR_MS)
        totals, hours = [*totals, *found], [*hours, *found]
    return totals, hours


async def sold_sums(tx: Tx, actor: Actor, span: Reach) -> list[Row]:
    """Sold leads of a span by way, buyer and currency: `leads`, `parts`, `sales`, `revenue_units`."""
    if not _insider(actor) or span.end <= span.begin:
        return []
    fresh, gaps = await _parted(tx, span)
    rows: list[Row] = await _kept_sold(tx, span) if fresh else []
    for begin, end in gaps:
        rows = [*rows, *await _live_sold(tx, span.mode, span.vertical, begin, end)]
    return rows


async def usual_margin(tx: Tx, lead: Mapping[str, Any], days: int, least: int) -> tuple[int, int]:
    """Margin and revenue (money units) of what its seller sold in its vertical in the days before a lead's own hour,
    of leads of its kind and currency. Zeroes where these are fewer than `least`.
    """
    hour = lead["received_at"] - lead["received_at"] % HOUR_MS
    rows = await tx.fetch(
        """SELECT CAST(SUM(revenue_units) AS BIGINT) AS revenue, CAST(SUM(leads) AS BIGINT) AS leads,
               CAST(SUM(payout_units + cost_units) AS BIGINT) AS spent
           FROM lead_hours WHERE hour >= :since AND hour < :hour AND mode = :mode AND vertical = :vertical
               AND seller_id = :seller AND state = 'sold' AND currency = :currency""",
        since=hour - days * 24 * HOUR_MS,
        hour=hour,
        mode=lead["mode"],
        vertical=lead["vertical"],
        seller=lead["seller_id"],
        currency=lead["currency"],
    )
    found = rows[0]
    return (found["revenue"] - found["spent"], found["revenue"]) if (found["leads"] or 0) >= least else (0, 0)


async def _parted(tx: Tx, span: Reach) -> tuple[bool, list[tuple[int, int]]]:
    """Whether any hour of the span counts as it is kept, and the stretches that are to be read from the leads."""
    if span.begin % HOUR_MS:
        return False, [(span.begin, span.end)]
    rows = await tx.fetch(
        f"SELECT hour FROM counted_hours WHERE {_FRESH} ORDER BY hour", begin=span.begin, last=span.end - HOUR_MS
    )
    gaps, at = [], span.begin
    for row in rows:
        if row["hour"] > at:
            gaps.append((at, row["hour"]))
        at = row["hour"] + HOUR_MS
    if at < span.end:
        gaps.append((at, span.end))
    return bool(rows), gaps


_FRESH = "hour >= :begin AND hour <= :last AND changes = counted"
_OF = "hour IN (SELECT hour FROM counted_hours WHERE " + _FRESH + ") AND mode = :mode"


def _where(vertical: str) -> str:
    return f"{_OF} AND vertical = :vertical" if vertical else _OF


def _params(span: Reach) -> dict[str, object]:
    given: dict[str, object] = {"begin": span.begin, "last": span.end - HOUR_MS, "mode": span.mode}
    return given | ({"vertical": span.vertical} if span.vertical else {})


async def _kept_leads(tx: Tx, span: Reach) -> tuple[list[Row], list[Row]]:
    sums = ", ".join(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in _LEAD_SUMS)
    where, params = _where(span.vertical), _params(span)
    totals = await tx.fetch(
        f"SELECT seller_id, state, reason, currency, {sums} FROM lead_hours WHERE {where} GROUP BY 1, 2, 3, 4", **params
    )
    hours = await tx.fetch(
        f"SELECT hour, state, currency, {sums} FROM lead_hours WHERE {where} GROUP BY 1, 2, 3", **params
    )
    return totals, hours


async def _kept_sold(tx: Tx, span: Reach) -> list[Row]:
    sums = ", ".join(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in _SOLD_SUMS)
    return await tx.fetch(
        f"SELECT way, buyer_id, currency, {sums} FROM sold_hours WHERE {_where(span.vertical)} GROUP BY 1, 2, 3",
        **_params(span),
    )


async def _live_leads(tx: Tx, mode: str, vertical: str, begin: int, end: int, shift: int = 0) -> list[Row]:
    where, params = _of(mode, vertical, "leads.")
    return await tx.fetch(
        f"""SELECT received_at - (received_at - :shift) % :length AS hour, mode, vertical, seller_id, state,
               {_REASON} AS reason, currency, COUNT(*) AS leads,
               CAST(SUM(revenue_units) AS BIGINT) AS revenue_units, CAST(SUM(payout_units) AS BIGINT) AS payout_units,
               CAST(SUM(cost_units) AS BIGINT) AS cost_units
            FROM leads WHERE received_at >= :begin AND received_at < :end {where} GROUP BY 1, 2, 3, 4, 5, 6, 7""",
        shift=shift,
        length=HOUR_MS,
        begin=begin,
        end=end,
        **params,
    )


async def _live_sold(tx: Tx, mode: str, vertical: str, begin: int, end: int) -> list[Row]:
    """Of leads that count as sold. Their sales are brought together here: who has which part of each."""
    where, params = _of(mode, vertical, "l.")
    rows = await tx.fetch(
        f"""SELECT l.id, l.mode, l.vertical, s.buyer_id, s.currency, a.exclusive,
               s.price_units - s.returned_units AS units, CASE WHEN {IN_STORE} THEN 1 ELSE 0 END AS in_store
            FROM leads l JOIN sales s ON s.lead_id = l.id JOIN attempts a ON a.id = s.attempt_id
            WHERE l.received_at >= :begin AND l.received_at < :end AND l.state = 'sold' AND {COUNTED} {where}
            ORDER BY l.received_at, l.id, s.id""",
        begin=begin,
        end=end,
        **params,
    )
    leads: dict[str, list[Row]] = {}
    for row in rows:
        leads.setdefault(row["id"], []).append(row)
    return _by_buyer(leads.values())


def _by_buyer(leads: Iterable[list[Row]]) -> list[Row]:
    sums: dict[tuple[str, ...], list[int]] = {}
    for sales in leads:
        way = way_of([(bool(sale["exclusive"]), bool(sale["in_store"])) for sale in sales])
        places = [(sale["mode"], sale["vertical"], way, sale["buyer_id"], sale["currency"]) for sale in sales]
        owners = list(dict.fromkeys(places))
        for index, place in enumerate(owners):
            told = sums.setdefault(place, [0, 0, 0, 0])
            told[0] += 1
            told[1] += PARTS // len(owners) + (index < PARTS % len(owners))
        for sale, place in zip(sales, places, strict=True):
            sums[place][2] += 1
            sums[place][3] += sale["units"]
    return [dict(zip((*_SOLD_KEY, *_SOLD_SUMS), (*place, *amounts), strict=True)) for place, amounts in sums.items()]


def _of(mode: str, vertical: str, table: str) -> tuple[str, dict[str, object]]:
    """Written out, not as a parameter: one index is for test leads only."""
    where = f" AND {table}mode = '{'test' if mode == 'test' else 'live'}'" if mode else ""
    if not vertical:
        return where, {}
    return f"{where} AND {table}vertical = :vertical", {"vertical": vertical}


def _key(row: Row, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(row[name] for name in names)


def _insider(actor: Actor) -> bool:
    return actor.role in (Role.OPERATOR, Role.SYSTEM)
