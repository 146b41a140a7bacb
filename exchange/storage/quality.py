"""What sources and buyers bring, counted: outcomes of sales as they are told, and days counted again from the leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from exchange.model.quality import (
    DAY_COUNTS,
    DAY_MS,
    LIVE,
    CountedDay,
    OfferDay,
    PostDay,
    SaleOutcome,
    SourceDay,
    Words,
    outcome_of,
)
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed

TAKEN_AT_ONCE = 500
_OUTCOME_COLUMNS = (*SaleOutcome._fields, "day")
_TOLD = (
    ("accepted_at", "id", "sales"),
    ("told_at", "sale_id", "dispositions"),
    ("asked_at", "sale_id", "return_requests"),
    ("d.at", "r.sale_id", "return_decisions d JOIN return_requests r ON r.id = d.return_id"),
    ("reversed_at", "id", "sales"),
)
"""When something was told, of which sale, and where that stands."""
_TOUCHED = " UNION ".join(  # of each the first alone: whoever has a year to catch up with reads no year at each turn
    f"""SELECT * FROM (SELECT {at} AS at, {sale} AS sale_id FROM {where} WHERE {at} >= :since AND {at} <= :until
            AND ({at} > :since OR {sale} > :sale) ORDER BY 1, 2 LIMIT :most) AS t"""
    for at, sale, where in _TOLD
)
_KEY = ("day", "vertical", "seller_id", "sub_id", "buyer_id", "currency")


async def take_up_outcomes(tx: Tx, words: Mapping[str, Words], until: int) -> int:
    """Count what was sold, reported, asked back and undone since the last time, up to `until`; some at once.

    Every sale touched is looked at whole, so an order of reports, a repeat or a second run changes nothing.
    Returns how many were touched: `TAKEN_AT_ONCE` means there may be more.
    """
    seen = (await tx.fetch(f"SELECT at, sale_id FROM quality_seen WHERE one = 1 {tx.for_update}"))[0]
    touched = await tx.fetch(
        f"{_TOUCHED} ORDER BY at, sale_id LIMIT :most",
        since=seen["at"],
        sale=seen["sale_id"],
        until=until,
        most=TAKEN_AT_ONCE,
    )
    if not touched:
        return 0
    await count_sales(tx, sorted({row["sale_id"] for row in touched}), words)
    last = touched[-1]
    await tx.execute(
        "UPDATE quality_seen SET at = :at, sale_id = :sale WHERE one = 1", at=last["at"], sale=last["sale_id"]
    )
    return len(touched)


async def count_sales(tx: Tx, sale_ids: Sequence[str], words: Mapping[str, Words]) -> None:
    """Bring the outcomes of these sales, and the days they lie on, to what is known now."""
    ids, params = listed("sale", sale_ids)
    before = {row["sale_id"]: _outcome(row) for row in await _rows(tx, "sale_outcomes", "sale_id", ids, params)}
    now = {each.sale_id: each for each in await _outcomes(tx, ids, params, words)}
    changes: dict[tuple[object, ...], list[int]] = {}
    for outcomes, sign in ((before, -1), (now, 1)):
        for outcome in outcomes.values():
            day = changes.setdefault(_key_of(outcome), [0] * len(DAY_COUNTS))
            for place, amount in enumerate(outcome.counted):
                day[place] += sign * amount
    await _store(tx, [each for each in now.values() if before.get(each.sale_id) != each])
    if gone := sorted(before.keys() - now.keys()):
        ids, params = listed("gone", gone)
        await tx.execute(f"DELETE FROM sale_outcomes WHERE sale_id IN {ids}", **params)
    await _add_to_days(tx, changes)


async def _outcomes(tx: Tx, ids: str, params: Mapping[str, Any], words: Mapping[str, Words]) -> list[SaleOutcome]:
    """Of live sales that were not undone."""
    sales = await tx.fetch(
        f"""SELECT s.id, s.lead_id, s.accepted_at, l.vertical, s.seller_id, COALESCE(l.sub_id1, '') AS sub_id,
                s.buyer_id, s.currency, s.price_units, s.payout_units
            FROM sales s JOIN leads l ON l.id = s.lead_id
            WHERE s.id IN {ids} AND s.mode = '{LIVE}'
                AND (s.reversed_at IS NULL OR s.returned_at IS NOT NULL)""",
        **params,
    )
    reports: dict[str, list[tuple[str, int, bool]]] = defaultdict(list)
    for row in await tx.fetch(
        f"SELECT sale_id, kind, told_at, overtaken FROM dispositions WHERE sale_id IN {ids}", **params
    ):
        reports[row["sale_id"]].append((row["kind"], row["told_at"], bool(row["overtaken"])))
    asked = await tx.fetch(
        f"SELECT sale_id, asked_at, credit_units FROM return_requests WHERE sale_id IN {ids} AND state <> 'declined'",
        **params,
    )
    back = {row["sale_id"]: (row["asked_at"], row["credit_units"]) for row in asked}
    return [outcome_of(sale, reports[sale["id"]], *back.get(sale["id"], (None, None)), words) for sale in sales]


async def _rows(tx: Tx, table: str, column: str, ids: str, params: Mapping[str, Any]) -> list[Row]:
    return await tx.fetch(f"SELECT * FROM {table} WHERE {column} IN {ids}", **params)


def _outcome(row: Row) -> SaleOutcome:
    return SaleOutcome(*(row[name] for name in SaleOutcome._fields))


_key_of = attrgetter(*_KEY)


async def _store(tx: Tx, outcomes: Iterable[SaleOutcome]) -> None:
    columns = ", ".join(_OUTCOME_COLUMNS)
    values = ", ".join(f":{name}" for name in _OUTCOME_COLUMNS)
    again = ", ".join(f"{name} = :{name}" for name in _OUTCOME_COLUMNS if name != "sale_id")
    await tx.execute_many(
        f"INSERT INTO sale_outcomes ({columns}) VALUES ({values}) ON CONFLICT (sale_id) DO UPDATE SET {again}",
        [{**each._asdict(), "day": each.day} for each in outcomes],
    )


async def _add_to_days(tx: Tx, changes: Mapping[tuple[object, ...], Sequence[int]]) -> None:
    """`changes` are the amounts to add, in the order of `DAY_COUNTS`, by the key of a day."""
    columns, values = ", ".join((*_KEY, *DAY_COUNTS)), ", ".join(f":{name}" for name in (*_KEY, *DAY_COUNTS))
    more = ", ".join(f"{name} = sale_days.{name} + :{name}" for name in DAY_COUNTS)
    await tx.execute_many(
        f"INSERT INTO sale_days ({columns}) VALUES ({values}) ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {more}",
        [
            dict(zip((*_KEY, *DAY_COUNTS), (*key, *amounts), strict=True))
            for key, amounts in sorted(changes.items(), key=lambda each: str(each[0]))
            if any(amounts)
        ],
    )


async def counted_day(tx: Tx) -> int:
    """The first day that was not counted to its end; 0 before any."""
    return int((await tx.fetch("SELECT day FROM quality_seen WHERE one = 1"))[0]["day"])


async def first_day(tx: Tx) -> int | None:
    """The day of the first lead."""
    rows = await tx.fetch("SELECT MIN(received_at) AS at FROM leads")
    return None if rows[0]["at"] is None else rows[0]["at"] // DAY_MS


async def read_source_day(tx: Tx, day: int) -> list[SourceDay]:
    """Live posts of one day, by sub id. Leads of a sub id that was shut out tell nothing, nor do those still at work.

    What is wrong with a field says something of the seller's form: it is refused, and no sign of fraud.
    """
    rows = await tx.fetch(
        f"""SELECT l.vertical, l.seller_id, COALESCE(l.sub_id1, '') AS sub_id, COUNT(*) AS leads,
               CAST(SUM(CASE WHEN l.state IN ('invalid', 'rejected', 'duplicate') THEN 1 ELSE 0 END) AS BIGINT)
                   AS refused,
               CAST(SUM(CASE WHEN l.state = 'duplicate' THEN 1 ELSE 0 END) AS BIGINT) AS duplicate,
               CAST(SUM(CASE WHEN s.outcome = 'refused' OR s.alert_id IS NOT NULL THEN 1 ELSE 0 END) AS BIGINT)
                   AS fraud,
               CAST(SUM(CASE WHEN l.state NOT IN ('invalid', 'rejected', 'duplicate', 'held') AND s.alert_id IS NULL
                   THEN 1 ELSE 0 END) AS BIGINT) AS passed,
               CAST(SUM(CASE WHEN l.times_sold > 0 THEN 1 ELSE 0 END) AS BIGINT) AS sold
           FROM leads l LEFT JOIN screened s ON s.lead_id = l.id
           WHERE l.received_at >= :begin AND l.received_at < :end AND l.mode = '{LIVE}' AND l.kind <> 'ping'
               AND l.state NOT IN ('open', 'selling', 'quoted') AND COALESCE(l.reason, '') NOT IN
                   ('sub_id_blocked', 'filtered', 'cap_reached', 'outside_hours')
           GROUP BY 1, 2, 3""",
        begin=day * DAY_MS,
        end=(day + 1) * DAY_MS,
    )
    return [SourceDay(*(row[name] for name in SourceDay._fields)) for row in rows]


async def read_post_day(tx: Tx, day: int) -> list[PostDay]:
    """Posts about one day's live leads that were answered, by contract and seller."""
    rows = await tx.fetch(
        f"""SELECT l.vertical, l.seller_id, a.buyer_id, a.contract_id, a.currency, COUNT(*) AS posts,
               CAST(SUM(CASE WHEN a.state = 'accepted' THEN 1 ELSE 0 END) AS BIGINT) AS taken,
               CAST(SUM(CASE WHEN s.price_units < a.price_units THEN 1 ELSE 0 END) AS BIGINT) AS lowered,
               CAST(SUM(CASE WHEN a.state = 'accepted' THEN a.price_units ELSE 0 END) AS BIGINT) AS bid_units,
               CAST(SUM(COALESCE(s.price_units, 0)) AS BIGINT) AS price_units,
               CAST(SUM(CASE WHEN a.state = 'rejected' AND l.times_sold > 0 THEN 1 ELSE 0 END) AS BIGINT)
                   AS refused_alive
           FROM leads l JOIN attempts a ON a.lead_id = l.id LEFT JOIN sales s ON s.attempt_id = a.id
           WHERE l.received_at >= :begin AND l.received_at < :end AND l.mode = '{LIVE}'
               AND a.state IN ('accepted', 'rejected')
           GROUP BY 1, 2, 3, 4, 5""",
        begin=day * DAY_MS,
        end=(day + 1) * DAY_MS,
    )
    return [PostDay(*(row[name] for name in PostDay._fields)) for row in rows]


async def read_offer_day(tx: Tx, day: int) -> list[OfferDay]:
    """Posts about one day's live leads that were answered, by sub id and buyer."""
    rows = await tx.fetch(
        f"""SELECT l.vertical, l.seller_id, COALESCE(l.sub_id1, '') AS sub_id, a.buyer_id, COUNT(*) AS posts,
               CAST(SUM(CASE WHEN a.state = 'accepted' THEN 1 ELSE 0 END) AS BIGINT) AS taken
           FROM leads l JOIN attempts a ON a.lead_id = l.id
           WHERE l.received_at >= :begin AND l.received_at < :end AND l.mode = '{LIVE}'
               AND a.state IN ('accepted', 'rejected')
           GROUP BY 1, 2, 3, 4""",
        begin=day * DAY_MS,
        end=(day + 1) * DAY_MS,
    )
    return [OfferDay(*(row[name] for name in OfferDay._fields)) for row in rows]


async def replace_day(tx: Tx, found: CountedDay, counted: int | None = None, offers_since: int = 0) -> None:
    """Keep a day as it was counted now; `counted` is the first day that is not over yet.

    Offers are kept of days from `offers_since` on.
    """
    day = found.day
    await tx.fetch(f"SELECT day FROM quality_seen WHERE one = 1 {tx.for_update}")  # one node at a time
    await tx.execute("DELETE FROM source_days WHERE day = :day", day=day)
    await tx.execute("DELETE FROM post_days WHERE day = :day", day=day)
    await tx.execute("DELETE FROM post_source_days WHERE day = :day OR day < :since", day=day, since=offers_since)
    offers = found.offers if day >= offers_since else ()
    for table, names, rows in (
        ("source_days", SourceDay._fields, found.sources),
        ("post_days", PostDay._fields, found.posts),
        ("post_source_days", OfferDay._fields, offers),
    ):
        await tx.execute_many(_insert(table, names), [{**each._asdict(), "day": day} for each in rows])
    if counted is not None:
        await tx.execute("UPDATE quality_seen SET day = :day WHERE one = 1 AND day < :day", day=counted)


def _insert(table: str, names: Sequence[str]) -> str:
    columns = ", ".join(("day", *names))
    values = ", ".join(f":{name}" for name in ("day", *names))
    return f"INSERT INTO {table} ({columns}) VALUES ({values})"
