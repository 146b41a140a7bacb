"""Deliveries as people look at them: lists with filters, and all that is known about those of one lead."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed
from exchange.storage.selling import TAKEN
from exchange.storage.spans import TOP, Span, stretch_of

_NEXT = """(SELECT MIN(j.run_at) FROM jobs j WHERE j.queue = d.queue AND j.state = 'waiting'
                   AND j.unique_key = 'deliver:' || d.attempt_id) AS run_at,
               (SELECT q.rest_until FROM job_queues q WHERE q.queue = d.queue) AS rest_until,
               (SELECT COUNT(*) FROM jobs j WHERE j.queue = d.queue AND j.state = 'dead'
                   AND j.unique_key = 'deliver:' || d.attempt_id) AS dead"""


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries: None or empty leaves a filter out."""

    mode: str = "live"
    states: tuple[str, ...] = ()
    buyer_id: str | None = None
    channel: str | None = None
    since: int | None = None
    until: int | None = None
    span: Span = TOP


_ORDERS = {"made": "d.made_at"}
_RARE = ("failed", "refused", "bounced", "expired", "cancelled", "shelved")
"""States that few deliveries are in; of the others the newest are found by time."""


async def list_deliveries(tx: Tx, actor: Actor, wanted: DeliveryFilter) -> list[Row]:
    """The newest first, each with its lead's place, what was bid, and `run_at`, `rest_until` and `dead` of its job."""
    if not _insider(actor):
        return []
    where, params = _where(wanted)
    stretch = stretch_of(wanted.span, _ORDERS, "d.attempt_id")
    return await tx.fetch(
        f"""SELECT d.*, a.state AS attempt, a.price_units AS bid_units, a.currency, a.reason,
               l.initials, l.city, l.us_state, {_NEXT}
           FROM deliveries d CROSS JOIN attempts a JOIN leads l ON l.id = d.lead_id
           WHERE a.id = d.attempt_id AND {" AND ".join([*where, *stretch.where])}
           ORDER BY {stretch.order} LIMIT :limit""",
        limit=wanted.span.limit,
        **params,
        **stretch.params,
    )


async def count_deliveries(tx: Tx, actor: Actor, wanted: DeliveryFilter, most: int) -> int:
    """How many match, counted up to `most`."""
    if not _insider(actor):
        return 0
    where, params = _where(wanted)
    stretch = stretch_of(wanted.span, _ORDERS, "d.attempt_id")
    rows = await tx.fetch(
        f"""SELECT COUNT(*) AS found FROM (SELECT d.attempt_id FROM deliveries d CROSS JOIN attempts a
            WHERE a.id = d.attempt_id AND {" AND ".join([*where, *stretch.where])} LIMIT :most) AS counted""",
        most=most,
        **params,
        **stretch.params,
    )
    return int(rows[0]["found"])


def _where(wanted: DeliveryFilter) -> tuple[list[str], dict[str, object]]:
    where, params = ["a.mode = :mode"], dict[str, object](mode=wanted.mode)
    if wanted.states:
        names, states = listed("state", wanted.states)
        where.append(f"d.state IN {names}")
        params |= states
        if set(wanted.states) <= set(_RARE):
            where.append("d.state IN ('failed', 'refused', 'bounced', 'expired', 'cancelled', 'shelved')")  # its index
    for column, value in (("buyer_id", wanted.buyer_id), ("channel", wanted.channel)):
        if value:
            where.append(f"d.{column} = :{column}")
            params[column] = value
    if wanted.since is not None:
        where.append("d.made_at >= :since")
        params["since"] = wanted.since
    if wanted.until is not None:
        where.append("d.made_at < :until")
        params["until"] = wanted.until
    return where, params


async def deliveries_of(tx: Tx, lead_id: str) -> list[Row]:
    """The deliveries of a lead beside its requests, oldest first."""
    return await tx.fetch(
        f"SELECT d.*, {_NEXT} FROM deliveries d WHERE d.lead_id = :lead ORDER BY d.made_at, d.attempt_id", lead=lead_id
    )


async def tries_of(tx: Tx, lead_id: str) -> list[Row]:
    return await tx.fetch(
        "SELECT * FROM delivery_tries WHERE lead_id = :lead ORDER BY at, attempt_id, number", lead=lead_id
    )


async def receipts_of(tx: Tx, lead_id: str) -> list[Row]:
    return await tx.fetch(
        """SELECT r.* FROM deliveries d JOIN receipts r ON r.attempt_id = d.attempt_id WHERE d.lead_id = :lead
           ORDER BY r.at, r.event_id""",
        lead=lead_id,
    )


def next_at(row: Row) -> int | None:
    """When a delivery that waits goes out next: not before its queue has rested. None when nothing is planned."""
    if row["state"] != "waiting":
        return None
    planned = row["run_at"] if row["run_at"] is not None else row["next_at"]
    if planned is None or (row["dead"] and row["run_at"] is None):
        return None
    return max(int(planned), int(row["rest_until"] or 0))


def _insider(actor: Actor) -> bool:
    return actor.role in (Role.OPERATOR, Role.SYSTEM)


@dataclass(frozen=True, slots=True)
class PostFilter:
    """Which posts to one buyer: empty leaves a filter out. `states` are those of attempts."""

    mode: str = "live"
    states: tuple[str, ...] = ()
    contract_id: str = ""
    since: int | None = None
    until: int | None = None
    span: Span = TOP


_POST_ORDERS = {"made": "a.made_at"}


_SOLD_ON = f"""EXISTS (SELECT 1 FROM attempts o WHERE o.lead_id = a.lead_id AND o.id <> a.id
    AND o.state IN ({", ".join(f"'{each}'" for each in TAKEN)}) AND (o.exclusive = 1 OR a.exclusive = 1))"""
"""Somebody else has the lead of the attempt `a`, or may have: it goes to nobody again."""


async def sold_on(tx: Tx, attempt_id: str) -> bool:
    return bool(await tx.fetch(f"SELECT a.id FROM attempts a WHERE a.id = :id AND {_SOLD_ON}", id=attempt_id))


async def posts_to(tx: Tx, actor: Actor, buyer_id: str, wanted: PostFilter) -> list[Row]:
    """Every lead that was handed to a buyer, or is on its way, newest first. A buyer sees its own."""
    where, params, order = _posts(actor, buyer_id, wanted)
    return await tx.fetch(
        f"""SELECT a.id, a.lead_id, a.contract_id, a.state, a.reason, a.detail, a.price_units, a.currency, a.tries,
                a.made_at, a.ended_at, a.buyer_reference, d.state AS delivery, d.channel, d.last_error, d.tries AS sent,
                d.next_at, l.city, l.us_state, CASE WHEN {_SOLD_ON} THEN 1 ELSE 0 END AS sold_on
            FROM attempts a JOIN leads l ON l.id = a.lead_id
            LEFT JOIN deliveries d ON d.attempt_id = a.id
            WHERE {where} ORDER BY {order} LIMIT :limit""",
        limit=wanted.span.limit,
        **params,
    )


async def count_posts(tx: Tx, actor: Actor, buyer_id: str, wanted: PostFilter, most: int) -> int:
    """How many match, counted up to `most`."""
    where, params, _ = _posts(actor, buyer_id, wanted)
    rows = await tx.fetch(
        f"SELECT COUNT(*) AS found FROM (SELECT a.id FROM attempts a WHERE {where} LIMIT :most) AS counted",
        most=most,
        **params,
    )
    return int(rows[0]["found"])


def _posts(actor: Actor, buyer_id: str, wanted: PostFilter) -> tuple[str, dict[str, object], str]:
    stretch = stretch_of(wanted.span, _POST_ORDERS, "a.id")
    where = ["a.buyer_id = :buyer", "a.mode = :mode", *stretch.where]
    params: dict[str, object] = {**stretch.params, "buyer": buyer_id, "mode": wanted.mode}
    if actor.role is Role.SELLER or (actor.role is Role.BUYER and actor.party_id != buyer_id):
        where.append("1 = 0")
    if wanted.states:
        names, states = listed("state", wanted.states)
        where.append(f"a.state IN {names}")
        params |= states
    for part, name, value in (
        ("a.contract_id = :contract", "contract", wanted.contract_id or None),
        ("a.made_at >= :since", "since", wanted.since),
        ("a.made_at < :until", "until", wanted.until),
    ):
        if value is not None:
            where.append(part)
            params[name] = value
    return " AND ".join(where), params, stretch.order
