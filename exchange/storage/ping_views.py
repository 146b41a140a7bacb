"""Pings as the buyer that got them looks at them: what was asked, what it said, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx
from exchange.storage.spans import TOP, Span, stretch_of

_HANDED = """(SELECT MAX(CASE WHEN a.state = 'accepted' THEN 2 ELSE 1 END) FROM attempts a
                WHERE a.lead_id = k.lead_id AND a.contract_id = k.contract_id)"""
RESULTS: Mapping[str, str] = MappingProxyType(
    {
        "won": f"(k.won = 1 OR {_HANDED} = 2)",
        "too_late": "k.said = 'timeout'",
        "not_read": "k.said IN ('ping_unreadable', 'ping_unmapped', 'bad_bid')",
        "not_reached": "k.said = 'ping_failed'",
        "no_bid": "k.said <> 'bid'",
        "handed_over": f"{_HANDED} = 1",
        "below_floor": "(k.price_units < k.floor_units OR (l.times_sold = 0 AND l.reason = 'below_floor'))",
        "outbid": "l.times_sold > 0",
        "not_sold": "1 = 1",
    }
)
"""What came of a ping: the first that holds. None of them says who else was asked or what somebody else bid."""
_SAID: Mapping[str, str] = MappingProxyType(
    {
        "too_late": "k.said = 'timeout'",
        "not_read": "k.said IN ('ping_unreadable', 'ping_unmapped', 'bad_bid')",
        "not_reached": "k.said = 'ping_failed'",
        "no_bid": "k.won = 0 AND k.said NOT IN ('bid', 'timeout', 'ping_unreadable', 'ping_unmapped', 'bad_bid', "
        "'ping_failed')",
        **dict.fromkeys(("handed_over", "below_floor", "outbid", "not_sold"), "k.won = 0 AND k.said = 'bid'"),
    }
)
"""What the index of a buyer's pings tells of a result before any lead is looked at."""
_RESULT = f"CASE {' '.join(f'WHEN {holds} THEN {name!r}' for name, holds in RESULTS.items())} END"
_FROM = "asks k JOIN leads l ON l.id = k.lead_id"
_ID = "k.lead_id || '.' || k.contract_id"
_ORDERS: Mapping[str, str] = MappingProxyType({"asked": "k.asked_at"})


@dataclass(frozen=True, slots=True)
class PingFilter:
    """Which pings to one buyer: empty leaves a filter out. `result` is one of `RESULTS`."""

    mode: str = "live"
    contract_id: str = ""
    result: str = ""
    since: int | None = None
    until: int | None = None
    span: Span = TOP


async def list_pings(tx: Tx, actor: Actor, wanted: PingFilter) -> list[Row]:
    """The newest first: each with its `result`, the delivery that followed (`attempt_id`, or none), and what of the
    lead is in clear. Only those to the buyer that asks; nobody else has any.
    """
    if not _buys(actor):
        return []
    where, params = _where(actor, wanted)
    stretch = stretch_of(wanted.span, _ORDERS, _ID)
    return await tx.fetch(
        f"""SELECT k.lead_id, k.contract_id, k.asked_at, k.said, k.took_ms, k.price_units, {_RESULT} AS result,
                (SELECT MAX(a.id) FROM attempts a WHERE a.lead_id = k.lead_id AND a.contract_id = k.contract_id)
                    AS attempt_id,
                l.vertical, l.currency, l.city, l.us_state, l.zip, l.facts
            FROM {_FROM} WHERE {" AND ".join([*where, *stretch.where])} ORDER BY {stretch.order} LIMIT :limit""",
        limit=wanted.span.limit,
        **params,
        **stretch.params,
    )


async def count_pings(tx: Tx, actor: Actor, wanted: PingFilter, most: int) -> int:
    """How many match, counted up to `most`."""
    if not _buys(actor):
        return 0
    where, params = _where(actor, wanted)
    stretch = stretch_of(wanted.span, _ORDERS, _ID)
    rows = await tx.fetch(
        f"""SELECT COUNT(*) AS found FROM (SELECT k.lead_id FROM {_FROM}
            WHERE {" AND ".join([*where, *stretch.where])} LIMIT :most) AS counted""",
        most=most,
        **params,
        **stretch.params,
    )
    return int(rows[0]["found"])


def _where(actor: Actor, wanted: PingFilter) -> tuple[list[str], dict[str, object]]:
    where = ["k.buyer_id = :buyer", "k.mode = :mode"]
    params: dict[str, object] = {"buyer": actor.party_id, "mode": wanted.mode}
    for part, name, value in (
        ("k.contract_id = :contract", "contract", wanted.contract_id or None),
        (f"{_SAID.get(wanted.result, '1 = 1')} AND {_RESULT} = :result", "result", wanted.result or None),
        ("k.asked_at >= :since", "since", wanted.since),
        ("k.asked_at < :until", "until", wanted.until),
    ):
        if value is not None:
            where.append(part)
            params[name] = value
    return where, params


def _buys(actor: Actor) -> bool:
    return actor.role is Role.BUYER and bool(actor.party_id)
