"""Sales whose delivery came back after it had arrived: they stand until somebody says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.closing import add_event
from exchange.storage.database import Row, Tx
from exchange.storage.spans import Span, stretch_of

_FROM = "FROM deliveries d JOIN attempts a ON a.id = d.attempt_id JOIN leads l ON l.id = d.lead_id"
_DISPUTED = "d.state = 'bounced' AND a.state = 'accepted'"
_ORDERS = {"made": "d.made_at", "price": "a.price_units"}
OLDEST = Span(falling=False, limit=200)


@dataclass(frozen=True, slots=True)
class DisputeFilter:
    """Empty leaves a filter out. `since` and `until` are of when they were sent."""

    mode: str = ""
    buyer_id: str = ""
    seller_id: str = ""
    channel: str = ""
    since: int | None = None
    until: int | None = None
    span: Span = OLDEST


async def disputed_sales(tx: Tx, actor: Actor, wanted: DisputeFilter) -> list[Row]:
    """Without another order the oldest first, each with what was heard when it came back."""
    where, params, order = _wanted(actor, wanted)
    return await tx.fetch(
        f"""SELECT d.attempt_id, d.lead_id, d.channel, d.made_at, a.contract_id, a.price_units, a.currency, l.seller_id,
               l.initials, l.city, l.us_state, (SELECT r.detail FROM receipts r WHERE r.attempt_id = d.attempt_id
                   AND r.kind IN ('bounced', 'failed') ORDER BY r.at DESC, r.event_id LIMIT 1) AS told
            {_FROM} WHERE {where} ORDER BY {order} LIMIT :limit""",
        limit=wanted.span.limit,
        **params,
    )


async def count_disputed(tx: Tx, actor: Actor, wanted: DisputeFilter, most: int) -> int:
    """How many match, counted up to `most`."""
    where, params, order = _wanted(actor, wanted)
    rows = await tx.fetch(
        f"""SELECT COUNT(*) AS found FROM (SELECT d.attempt_id {_FROM} WHERE {where} ORDER BY {order}
            LIMIT :most) AS counted""",
        most=most,
        **params,
    )
    return int(rows[0]["found"])


def _wanted(actor: Actor, wanted: DisputeFilter) -> tuple[str, dict[str, object], str]:
    """Names are said so that no index but that of the few that came back is gone by."""
    stretch = stretch_of(wanted.span, _ORDERS, "d.attempt_id")
    where, params = [_DISPUTED, *stretch.where], dict(stretch.params)
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        where.append("1 = 0")
    for part, name, value in (
        ("a.mode = :mode", "mode", wanted.mode or None),
        ("d.buyer_id || '' = :buyer", "buyer", wanted.buyer_id or None),
        ("l.seller_id || '' = :seller", "seller", wanted.seller_id or None),
        ("d.channel || '' = :channel", "channel", wanted.channel or None),
        ("d.made_at >= :since", "since", wanted.since),
        ("d.made_at < :until", "until", wanted.until),
    ):
        if value is not None:
            where.append(part)
            params[name] = value
    return " AND ".join(where), params, stretch.order


async def let_stand(tx: Tx, attempt_id: str, line: AuditLine, sentence: str) -> bool:
    """Its buyer has the lead after all. False when there is no such dispute any more."""
    rows = await tx.fetch(
        """UPDATE deliveries SET state = 'accepted' WHERE attempt_id = :id AND state = 'bounced'
               AND EXISTS (SELECT 1 FROM attempts a WHERE a.id = deliveries.attempt_id AND a.state = 'accepted')
           RETURNING lead_id""",
        id=attempt_id,
    )
    if not rows:
        return False
    await record(tx, line)
    await add_event(tx, rows[0]["lead_id"], line.month, line.at, "stands", sentence, line.actor.name)
    return True
