"""What people at a buyer look at: their leads by stage, one of them with its history, and how fast they were reached.

A reader is a buyer, or one of its agents: an agent sees the leads that it has, and no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.storage.database import Row, Tx
from exchange.storage.follow import LIVE_SALE
from exchange.storage.rows import listed

_COLUMNS = """f.sale_id, f.lead_id, f.buyer_id, f.contract_id, f.vertical, f.mode, f.state, f.agent_id, f.kind, f.stage,
    f.delivered_at, f.assigned_at, f.opened_at, f.first_touch_at, f.due_at, f.times_back, f.changed_at"""


_FITS = """(:stage = '' OR f.stage = :stage) AND (:agent = '' OR f.agent_id = :agent)
    AND (:contract = '' OR f.contract_id = :contract) AND (:state = '' OR f.state = :state)"""


_HAD_IT = """(SELECT e.agent_id FROM follow_events e WHERE e.sale_id = f.sale_id
    AND e.kind IN ('pushed', 'pulled', 'by_hand') AND e.at <= f.first_touch_at ORDER BY e.at DESC, e.id DESC LIMIT 1)"""


class Reader(NamedTuple):
    """Who looks. `agent_id` None: all of the buyer's leads."""

    buyer_id: str
    agent_id: str | None = None


class FollowFilter(NamedTuple):
    """Empty values take everything. `before` is the time in the order of the list and the sale id of the last one
    seen.
    """

    stage: str = ""
    agent_id: str = ""
    contract_id: str = ""
    state: str = ""
    mode: str = "live"
    before: tuple[int, str] = (2**62, "")
    most: int = 50


async def list_followed(tx: Tx, reader: Reader, asked: FollowFilter) -> list[Row]:
    """Newest first, with what of the lead is no secret in lists: initials, city, state."""
    whose, params = _whose(reader)
    rows = await tx.fetch(
        f"""SELECT {_COLUMNS}, l.initials, l.city, l.us_state, l.zip, s.price_units, s.currency
            FROM follow_ups f JOIN leads l ON l.id = f.lead_id JOIN sales s ON s.id = f.sale_id
            WHERE {whose} AND f.mode = :mode AND s.reversed_at IS NULL
                AND (f.delivered_at < :at OR (f.delivered_at = :at AND f.sale_id < :sale))
                AND {_FITS} ORDER BY f.delivered_at DESC, f.sale_id DESC LIMIT :most""",
        **_asked(asked),
        **params,
    )
    return rows


async def followed_after(tx: Tx, reader: Reader, asked: FollowFilter, until: int) -> list[Row]:
    """What changed after the moment and sale of `before`, up to `until`, oldest change first."""
    whose, params = _whose(reader)
    return await tx.fetch(
        f"""SELECT {_COLUMNS}, s.price_units, s.currency FROM follow_ups f JOIN sales s ON s.id = f.sale_id
            WHERE {whose} AND (f.changed_at, f.sale_id) > (:at, :sale) AND f.changed_at <= :until AND f.mode = :mode
                AND s.reversed_at IS NULL AND {_FITS} ORDER BY f.changed_at, f.sale_id LIMIT :most""",
        until=until,
        **_asked(asked),
        **params,
    )


async def count_stages(tx: Tx, reader: Reader, mode: str, since: int) -> dict[tuple[str, str], int]:
    """How many of the leads delivered since then are where, by stage and state."""
    whose, params = _whose(reader)
    rows = await tx.fetch(
        f"""SELECT f.stage, f.state, COUNT(*) AS n FROM follow_ups f
            WHERE {whose} AND f.mode = :mode AND f.delivered_at >= :since AND {LIVE_SALE}
            GROUP BY f.stage, f.state""",
        mode=mode,
        since=since,
        **params,
    )
    return {(row["stage"], row["state"]): row["n"] for row in rows}


async def read_followed(tx: Tx, reader: Reader, sale_id: str) -> Row | None:
    whose, params = _whose(reader)
    rows = await tx.fetch(
        f"""SELECT {_COLUMNS}, s.price_units, s.currency, s.attempt_id, s.reversed_at FROM follow_ups f
            JOIN sales s ON s.id = f.sale_id WHERE {whose} AND f.sale_id = :sale""",
        sale=sale_id,
        **params,
    )
    return rows[0] if rows else None


async def events_of(tx: Tx, sale_id: str) -> list[Row]:
    return await tx.fetch(
        """SELECT e.at, e.kind, e.agent_id, e.told_by, a.name FROM follow_events e
           LEFT JOIN agents a ON a.user_id = e.agent_id WHERE e.sale_id = :sale ORDER BY e.at, e.id LIMIT 500""",
        sale=sale_id,
    )


async def told_of_sale(tx: Tx, sale_id: str) -> list[Row]:
    """Every disposition of a sale, oldest first by when it happened."""
    return await tx.fetch(
        """SELECT d.id, d.kind, d.note, d.sealed_note, d.value_units, d.at, d.told_at, d.told_by,
               CASE WHEN s.disposition_id = d.id THEN 1 ELSE 0 END AS stands
           FROM dispositions d LEFT JOIN sale_dispositions s ON s.sale_id = d.sale_id WHERE d.sale_id = :sale
           ORDER BY d.at, d.told_at, d.id LIMIT 500""",
        sale=sale_id,
    )


async def had_before(tx: Tx, sale_id: str) -> list[str]:
    """Agents who had it and gave it back, or did nothing."""
    rows = await tx.fetch(
        """SELECT DISTINCT agent_id FROM follow_events
           WHERE sale_id = :sale AND agent_id IS NOT NULL AND kind IN ('overdue', 'handed_back', 'escalated')""",
        sale=sale_id,
    )
    return [row["agent_id"] for row in rows]


async def told_after(tx: Tx, after: tuple[int, str], most: int) -> list[Row]:
    """What was said about followed sales after the disposition of this moment and id, in that order."""
    return await tx.fetch(
        """SELECT d.id, d.told_at, d.sale_id, f.vertical FROM dispositions d
           JOIN follow_ups f ON f.sale_id = d.sale_id WHERE (d.told_at, d.id) > (:at, :id)
           ORDER BY d.told_at, d.id LIMIT :most""",
        at=after[0],
        id=after[1],
        most=most,
    )


async def mapped_otherwise(tx: Tx, vertical: str, mapping: str, most: int) -> list[Row]:
    """Followed sales whose stage was made under another mapping."""
    return await tx.fetch(
        """SELECT sale_id, vertical FROM follow_ups WHERE vertical = :vertical AND mapping <> :mapping
           ORDER BY sale_id LIMIT :most""",
        vertical=vertical,
        mapping=mapping,
        most=most,
    )


async def waiting(tx: Tx, buyer_id: str, tried_before: int, most: int, *, only_back: bool = False) -> list[Row]:
    """What waits for an agent of a buyer: what was looked at longest ago first, then the oldest.

    `only_back`: only what an agent had before.
    """
    return await tx.fetch(
        f"""SELECT {_COLUMNS}, l.us_state, l.zip FROM follow_ups f JOIN leads l ON l.id = f.lead_id
            WHERE f.state = 'waiting' AND f.buyer_id = :buyer AND f.tried_at <= :tried
                AND (:back = 0 OR f.times_back > 0) AND {LIVE_SALE}
            ORDER BY f.tried_at, f.delivered_at, f.sale_id LIMIT :most""",
        buyer=buyer_id,
        tried=tried_before,
        back=int(only_back),
        most=most,
    )


async def overdue(tx: Tx, now: int, most: int) -> list[Row]:
    """Leads that nobody worked on in time."""
    return await tx.fetch(
        f"""SELECT f.sale_id, f.buyer_id, f.agent_id FROM follow_ups f
            WHERE f.due_at IS NOT NULL AND f.due_at <= :now AND f.state = 'assigned' AND {LIVE_SALE}
            ORDER BY f.due_at, f.sale_id LIMIT :most""",
        now=now,
        most=most,
    )


async def reminders_of(tx: Tx, sale_ids: Sequence[str], agent_id: str) -> list[Row]:
    """Open and told reminders of one agent about these sales, the next first."""
    if not sale_ids:
        return []
    names, params = listed("sale", sale_ids)
    return await tx.fetch(
        f"""SELECT id, sale_id, agent_id, at, note, state FROM reminders
            WHERE sale_id IN {names} AND agent_id = :agent AND state <> 'done' ORDER BY at, id LIMIT 500""",
        agent=agent_id,
        **params,
    )


async def due_reminders(tx: Tx, agent_id: str, now: int) -> list[Row]:
    """What an agent was reminded of, or is now, and is not done with."""
    return await tx.fetch(
        f"""SELECT r.id, r.sale_id, r.at FROM reminders r JOIN follow_ups f ON f.sale_id = r.sale_id
            WHERE r.agent_id = :agent AND r.state <> 'done' AND r.at <= :now AND f.agent_id = :agent AND {LIVE_SALE}
            ORDER BY r.at DESC, r.id LIMIT 20""",
        agent=agent_id,
        now=now,
    )


async def read_reminder(tx: Tx, reminder_id: str) -> Row | None:
    rows = await tx.fetch(
        """SELECT r.id, r.sale_id, r.agent_id, r.at, r.state, f.agent_id AS has_it, f.buyer_id, f.state AS lead_state
           FROM reminders r JOIN follow_ups f ON f.sale_id = r.sale_id WHERE r.id = :id""",
        id=reminder_id,
    )
    return rows[0] if rows else None


async def sale_buyer(tx: Tx, sale_id: str) -> str | None:
    rows = await tx.fetch("SELECT buyer_id FROM follow_ups WHERE sale_id = :sale", sale=sale_id)
    return rows[0]["buyer_id"] if rows else None


async def first_contacts(tx: Tx, buyer_id: str, by: str, since: int, until: int) -> list[Row]:
    """How long it took from delivery to the first attempt, by `agent` or `contract`: count, median, 90 of a hundred.

    `leads` are all that were delivered, reached or not; a percentile is a time that really occurred. What was reached
    is of whoever had it then.
    """
    column = {"agent": f"{_HAD_IT}, f.agent_id", "contract": "f.contract_id"}[by]
    return await tx.fetch(
        f"""WITH own AS (SELECT COALESCE({column}, '') AS name, f.first_touch_at - f.delivered_at AS took
                FROM follow_ups f WHERE f.buyer_id = :buyer AND f.mode = 'live' AND f.delivered_at >= :since
                    AND f.delivered_at < :until AND {LIVE_SALE}),
            ranked AS (SELECT name, took, ROW_NUMBER() OVER (PARTITION BY name ORDER BY took) AS place,
                COUNT(*) OVER (PARTITION BY name) AS n FROM own WHERE took IS NOT NULL),
            placed AS (SELECT name, MAX(n) AS reached,
                MAX(CASE WHEN place = (n + 1) / 2 THEN took END) AS median_ms,
                MAX(CASE WHEN place = (n * 9 + 9) / 10 THEN took END) AS most_ms FROM ranked GROUP BY name),
            counted AS (SELECT name, COUNT(*) AS leads FROM own GROUP BY name)
            SELECT counted.name, counted.leads, COALESCE(placed.reached, 0) AS reached, placed.median_ms,
                placed.most_ms FROM counted LEFT JOIN placed ON placed.name = counted.name ORDER BY counted.name""",
        buyer=buyer_id,
        since=since,
        until=until,
    )


async def is_revoked(tx: Tx, lead_id: str) -> bool:
    """Whether the consumer took the consent back: nobody contacts them any more."""
    rows = await tx.fetch(
        """SELECT 1 AS one FROM leads l JOIN revocations r ON r.phone_index = l.phone_index
               OR r.email_index = l.email_index
           WHERE l.id = :lead AND (r.vertical = '' OR r.vertical = l.vertical) LIMIT 1""",
        lead=lead_id,
    )
    return bool(rows)


def _whose(reader: Reader) -> tuple[str, dict[str, str]]:
    if reader.agent_id is None:
        return "f.buyer_id = :buyer", {"buyer": reader.buyer_id}
    return "f.buyer_id = :buyer AND f.agent_id = :reader", {"buyer": reader.buyer_id, "reader": reader.agent_id}


def _asked(asked: FollowFilter) -> dict[str, str | int]:
    return {
        "mode": asked.mode,
        "at": asked.before[0],
        "sale": asked.before[1],
        "stage": asked.stage,
        "agent": asked.agent_id,
        "contract": asked.contract_id,
        "state": asked.state,
        "most": asked.most,
    }
