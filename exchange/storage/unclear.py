"""Deliveries that wait for somebody to say what they were: filtered, ordered, page by page. For operators."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx
from exchange.storage.selling import FOR_PEOPLE, OPEN
from exchange.storage.spans import Span, stretch_of

_ORDERS = {"made": "a.made_at", "price": "a.price_units"}
_FROM = "FROM attempts a JOIN leads l ON l.id = a.lead_id"
OLDEST = Span(falling=False, limit=200)


@dataclass(frozen=True, slots=True)
class UnclearFilter:
    """Empty leaves a filter out. `until` is of when they were sent."""

    mode: str = ""
    state: str = ""
    buyer_id: str = ""
    seller_id: str = ""
    until: int | None = None
    span: Span = OLDEST


async def list_unclear(tx: Tx, actor: Actor, wanted: UnclearFilter) -> list[Row]:
    """Without another order the oldest first."""
    where, params, order = _wanted(actor, wanted)
    return await tx.fetch(
        f"""SELECT a.*, l.initials, l.city, l.us_state, l.seller_id, l.vertical {_FROM}
            WHERE {where} ORDER BY {order} LIMIT :limit""",
        limit=wanted.span.limit,
        **params,
    )


async def count_unclear(tx: Tx, actor: Actor, wanted: UnclearFilter, most: int) -> int:
    """How many match, counted up to `most`."""
    where, params, _ = _wanted(actor, wanted)
    rows = await tx.fetch(
        f"SELECT COUNT(*) AS found FROM (SELECT a.id {_FROM} WHERE {where} LIMIT :most) AS counted",
        most=most,
        **params,
    )
    return int(rows[0]["found"])


def _wanted(actor: Actor, wanted: UnclearFilter) -> tuple[str, dict[str, object], str]:
    """Names of parties are said so that no index but that of the few open ones is gone by."""
    stretch = stretch_of(wanted.span, _ORDERS, "a.id")
    where, params = [OPEN, "a.state IN ('unclear', 'pending')", FOR_PEOPLE, *stretch.where], dict(stretch.params)
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        where.append("1 = 0")
    for part, name, value in (
        ("a.mode = :mode", "mode", wanted.mode or None),
        ("a.state || '' = :state", "state", wanted.state or None),
        ("a.buyer_id || '' = :buyer", "buyer", wanted.buyer_id or None),
        ("l.seller_id || '' = :seller", "seller", wanted.seller_id or None),
        ("a.made_at < :until", "until", wanted.until),
    ):
        if value is not None:
            where.append(part)
            params[name] = value
    return " AND ".join(where), params, stretch.order
