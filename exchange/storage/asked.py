"""What requests tell of buyers, bids and answers: read one after another, and kept as counts by day and hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.counted import Ask, Counts
from exchange.storage.database import Row, Tx
from exchange.storage.hours import HOUR_MS, Reach
from exchange.storage.rows import listed

_KINDS = "r.endpoint IN ('ping', 'post', 'pingpost')"

_PING_KEY = ("day", "mode", "vertical", "contract_id", "kind", "size")
_BID_KEY = ("facet", "day", "mode", "vertical", "currency", "size")
_ANSWER_KEY = ("hour", "mode", "vertical", "size")


class Mark(NamedTuple):
    """Requests up to this one are counted."""

    at: int
    request_id: str


async def counted_until(tx: Tx) -> Mark:
    row = (await tx.fetch("SELECT at, request_id FROM counted_requests WHERE one = 1"))[0]
    return Mark(row["at"], row["request_id"])


async def oldest_unanswered(tx: Tx, since: int) -> int | None:
    """When the request came that is worked on longest; those from before `since` belong to dead processes."""
    rows = await tx.fetch(
        "SELECT MIN(received_at) AS at FROM requests WHERE status_code IS NULL AND received_at >= :since", since=since
    )
    at: int | None = rows[0]["at"]
    return at


async def requests_after(tx: Tx, mark: Mark, until: int, most: int) -> list[Row]:
    """Answered requests after the mark with their leads and records, in order."""
    return await tx.fetch(
        f"""SELECT r.id, r.received_at, r.endpoint, r.took_ms, r.lead_id, l.received_at AS lead_at, l.campaign_id,
               l.mode, l.vertical, l.currency, l.grade, l.us_state, t.document
            FROM requests r JOIN leads l ON l.id = r.lead_id
                LEFT JOIN trails t ON t.lead_id = r.lead_id AND t.request_id = r.id
            WHERE r.received_at >= :at AND r.received_at < :until AND (r.received_at > :at OR r.id > :request)
                AND {_KINDS} AND r.took_ms IS NOT NULL
            ORDER BY r.received_at, r.id LIMIT :most""",
        at=mark.at,
        request=mark.request_id,
        until=until,
        most=most,
    )


async def other_records(tx: Tx, lead_ids: Sequence[str]) -> dict[str, list[Row]]:
    """All records of these leads: `request_id`, `document`."""
    if not lead_ids:
        return {}
    names, params = listed("lead", lead_ids)
    found: dict[str, list[Row]] = {}
    for row in await tx.fetch(f"SELECT lead_id, request_id, document FROM trails WHERE lead_id IN {names}", **params):
        found.setdefault(row["lead_id"], []).append(row)
    return found


async def add_counts(tx: Tx, before: Mark, after: Mark, counts: Counts, buyers: Mapping[str, str]) -> bool:
    """Add what was counted and move the mark. `buyers` are whose the contracts are that were asked.

    False when another node was faster: then nothing changes.
    """
    moved = await tx.execute(
        """UPDATE counted_requests SET at = :at, request_id = :request
           WHERE one = 1 AND at = :old_at AND request_id = :old_request""",
        at=after.at,
        request=after.request_id,
        old_at=before.at,
        old_request=before.request_id,
    )
    if not moved:
        return False
    await _add(tx, "ping_days", _PING_KEY, ("times",), {key: (times,) for key, times in counts.pings.items()})
    bids = {key: (counts.bids[key], counts.won[key]) for key in sorted(counts.bids.keys() | counts.won.keys())}
    await _add(tx, "bid_days", _BID_KEY, ("bids", "won"), bids)
    await _add(tx, "answer_hours", _ANSWER_KEY, ("times",), {key: (times,) for key, times in counts.answers.items()})
    await tx.execute_many(
        "INSERT INTO lead_bids (lead_id, size) VALUES (:lead, :size) ON CONFLICT DO NOTHING",
        [{"lead": lead, "size": size} for lead, size in sorted(counts.of_leads)],
    )
    await _add_asks(tx, counts, buyers)
    return True


async def _add_asks(tx: Tx, counts: Counts, buyers: Mapping[str, str]) -> None:
    columns = (*Ask._fields, "buyer_id")
    await tx.execute_many(
        f"""INSERT INTO asks ({", ".join(columns)}) VALUES ({", ".join(f":{name}" for name in columns)})
            ON CONFLICT DO NOTHING""",
        [dict(zip(columns, (*ask, buyers[ask.contract_id]), strict=True)) for ask in counts.asks],
    )
    won = """UPDATE asks SET won = 1 WHERE at = :at AND lead_id = :lead AND contract_id = :contract AND asked_at =
                 (SELECT MAX(k.asked_at) FROM asks k WHERE k.at = :at AND k.lead_id = :lead
                      AND k.contract_id = :contract)"""
    await tx.execute_many(won, [{"at": at, "lead": lead, "contract": contract} for at, lead, contract in counts.sold])
    hours = {ask.at - ask.at % HOUR_MS for ask in counts.asks} | {at - at % HOUR_MS for at, *_ in counts.sold}
    await tx.execute_many(  # hours that are not over have no row yet
        "UPDATE counted_hours SET more = more + 1 WHERE hour = :hour", [{"hour": hour} for hour in sorted(hours)]
    )


async def _add(
    tx: Tx, table: str, keys: Sequence[str], sums: Sequence[str], found: Mapping[Any, Sequence[int]]
) -> None:
    columns = (*keys, *sums)
    more = ", ".join(f"{name} = {table}.{name} + :{name}" for name in sums)
    await tx.execute_many(
        f"""INSERT INTO {table} ({", ".join(columns)}) VALUES ({", ".join(f":{name}" for name in columns)})
            ON CONFLICT ({", ".join(keys)}) DO UPDATE SET {more}""",
        [dict(zip(columns, (*key, *amounts), strict=True)) for key, amounts in found.items()],
    )


async def ping_sums(tx: Tx, actor: Actor, span: Reach) -> list[Row]:
    """What contracts said to pings on the days of a span: `contract_id`, `kind`, `size`, `times`."""
    where, params = _of(span)
    if not _insider(actor):
        return []
    return await tx.fetch(
        f"""SELECT contract_id, kind, size, CAST(SUM(times) AS BIGINT) AS times FROM ping_days
            WHERE day >= :begin AND day < :end {where} GROUP BY 1, 2, 3""",
        **params,
    )


async def bid_sums(tx: Tx, actor: Actor, span: Reach, facet: str, currency: str) -> list[Row]:
    """Bids on the days of a span by `size`: `bids`, and how many of them were `won`."""
    where, params = _of(span)
    if not _insider(actor):
        return []
    return await tx.fetch(
        f"""SELECT size, CAST(SUM(bids) AS BIGINT) AS bids, CAST(SUM(won) AS BIGINT) AS won FROM bid_days
            WHERE facet = :facet AND day >= :begin AND day < :end AND currency = :currency {where}
            GROUP BY size ORDER BY size""",
        facet=facet,
        currency=currency,
        **params,
    )


async def answer_sums(tx: Tx, actor: Actor, span: Reach, edges: Sequence[int] = ()) -> list[Row]:
    """How long sellers waited, over the hours of a span: `size`, `times`; each stretch of it, from one of the `edges`
    to the next, for itself, with its begin as `hour`. Without edges the span is one.
    """
    where, params = _of(span)
    if not _insider(actor):
        return []
    begins = [max(edge, span.begin) for edge in edges if edge < span.end] or [span.begin]
    stretches = " UNION ALL ".join(
        f"SELECT CAST(:at_{number} AS BIGINT) AS at, CAST(:until_{number} AS BIGINT) AS until"
        for number in range(len(begins))
    )
    for number, (begin, until) in enumerate(zip(begins, [*begins[1:], span.end], strict=True)):
        params |= {f"at_{number}": begin, f"until_{number}": until}
    del params["begin"], params["end"]
    return await tx.fetch(
        f"""SELECT e.at AS hour, a.size, CAST(SUM(a.times) AS BIGINT) AS times
            FROM ({stretches}) AS e CROSS JOIN answer_hours AS a WHERE a.hour >= e.at AND a.hour < e.until {where}
            GROUP BY e.at, a.size""",
        **params,
    )


def _of(span: Reach) -> tuple[str, dict[str, object]]:
    params: dict[str, object] = {"begin": span.begin, "end": span.end, "mode": span.mode}
    if not span.vertical:
        return "AND mode = :mode", params
    return "AND mode = :mode AND vertical = :vertical", params | {"vertical": span.vertical}


def _insider(actor: Actor) -> bool:
    return actor.role in (Role.OPERATOR, Role.SYSTEM)
