"""What is and was in the store, as lists show it: filtered, the newest listing first, page by page. For operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed
from exchange.storage.spans import TOP, Span, stretch_of

_ORDERS = {"listed": "i.listed_at", "ends": "i.ends_at"}
_OFFERED = "(i.state = 'listed' AND i.ends_at > :now)"
STATES: Mapping[str, str] = MappingProxyType(
    {"listed": _OFFERED, "sold": "i.state = 'sold'", "over": f"i.state <> 'sold' AND NOT {_OFFERED}"}
)
"""What became of a listing by now, and what is true of it then."""
_CLAIMS = "FROM store_claims c WHERE c.lead_id = i.lead_id"


@dataclass(frozen=True, slots=True)
class StoreFilter:
    """Which listings: empty leaves a filter out, `campaigns` None. `state` is one of `STATES`."""

    now: int
    state: str = ""
    vertical: str = ""
    campaigns: tuple[str, ...] | None = None
    us_state: str = ""
    grade: str = ""
    since: int | None = None
    until: int | None = None
    span: Span = TOP


async def list_items(tx: Tx, actor: Actor, wanted: StoreFilter) -> list[Row]:
    """Each with how often it was claimed and bought, and what it brought."""
    where, params, order = _wanted(actor, wanted)
    return await tx.fetch(
        f"""SELECT i.*, (SELECT initials FROM leads WHERE leads.id = i.lead_id) AS initials,
               (SELECT COUNT(*) {_CLAIMS}) AS claims,
               (SELECT COUNT(*) {_CLAIMS} AND c.state = 'bought') AS bought,
               (SELECT CAST(SUM(c.price_units) AS BIGINT) {_CLAIMS} AND c.state = 'bought') AS brought
           FROM store_items i WHERE {where} ORDER BY {order} LIMIT :limit""",
        limit=wanted.span.limit,
        **params,
    )


async def count_items(tx: Tx, actor: Actor, wanted: StoreFilter, most: int) -> int:
    """How many match, counted up to `most`."""
    where, params, order = _wanted(actor, wanted)
    rows = await tx.fetch(
        f"""SELECT COUNT(*) AS found FROM (SELECT i.lead_id FROM store_items i WHERE {where} ORDER BY {order}
            LIMIT :most) AS counted""",
        most=most,
        **params,
    )
    return int(rows[0]["found"])


def _wanted(actor: Actor, wanted: StoreFilter) -> tuple[str, dict[str, object], str]:
    """What an index has beside the time is said so that the index is gone along, and no row read in vain."""
    stretch = stretch_of(wanted.span, _ORDERS, "i.lead_id")
    where, params = ["1 = 1", *stretch.where], dict(stretch.params)
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        where.append("1 = 0")
    if wanted.state:
        where.append(STATES[wanted.state])
        params |= {} if wanted.state == "sold" else {"now": wanted.now}
    if wanted.campaigns is not None:
        those, ids = listed("campaign", wanted.campaigns)
        where.append(f"i.campaign_id IN {those}" if wanted.campaigns else "1 = 0")
        params |= ids
    for part, name, value in (
        ("i.vertical = :vertical", "vertical", wanted.vertical or None),
        ("i.us_state = :us_state", "us_state", wanted.us_state or None),
        ("i.grade = :grade", "grade", wanted.grade or None),
        ("i.listed_at >= :since", "since", wanted.since),
        ("i.listed_at < :until", "until", wanted.until),
    ):
        if value is not None:
            where.append(part)
            params[name] = value
    return " AND ".join(where), params, stretch.order
