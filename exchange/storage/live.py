"""The newest of what comes in and goes out, for pages that show it as it happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exchange.model.actor import Actor, Role
from exchange.model.muted import NOTHING, Muted
from exchange.storage.database import Row, Tx
from exchange.storage.rows import as_written, listed

LOOKED_AT = 20_000
"""A filter that matches little looks no further back than so many requests."""

_SHOWN = """id, received_at, seller_id, campaign_id, endpoint, channel, content_type, answer_format, status_code,
       status, reason, wrong, took_ms, remote_ip, key_id, lead_id, mode"""


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests; None leaves a filter out. `http` is a class of status codes: 2 to 5, 0 for those unanswered.

    `field` is one that was wrong.
    """

    mode: str = "live"
    seller_id: str | None = None
    endpoint: str | None = None
    status: str | None = None
    http: int | None = None
    field: str | None = None
    muted: Muted = NOTHING
    limit: int = 50


async def newest_requests(tx: Tx, actor: Actor, wanted: RequestFilter) -> list[Row]:
    """Inbound calls about leads, valid or not, the newest first. Those of no key are shown beside live ones."""
    if not _insider(actor):
        return []
    where, params = ["COALESCE(mode, 'live') = :mode"], dict[str, object](mode=wanted.mode)
    for column, value in (("seller_id", wanted.seller_id), ("endpoint", wanted.endpoint), ("status", wanted.status)):
        if value:
            where.append(f"{column} = :{column}")
            params[column] = value
    if wanted.http == 0:
        where.append("status_code IS NULL")
    elif wanted.http is not None:
        where.append("status_code >= :code AND status_code < :code + 100")
        params["code"] = wanted.http * 100
    if wanted.field:
        where.append("LOWER(' ' || wrong) LIKE :wrong ESCAPE '!'")
        params["wrong"] = f"% {as_written(wanted.field.lower())}:%"
    for part, found in _unmuted(wanted.muted):
        where.append(part)
        params |= found
    return await tx.fetch(
        f"""SELECT {_SHOWN} FROM (SELECT {_SHOWN} FROM requests ORDER BY received_at DESC, id DESC LIMIT :most) newest
            WHERE {" AND ".join(where)} ORDER BY received_at DESC, id DESC LIMIT :limit""",
        most=LOOKED_AT,
        limit=wanted.limit,
        **params,
    )


def _unmuted(muted: Muted) -> list[tuple[str, dict[str, Any]]]:
    parts: list[tuple[str, dict[str, Any]]] = []
    for column, values in (("seller_id", muted.sellers), ("status", muted.outcomes)):
        if values:
            names, params = listed(f"muted_{column}", values)
            parts.append((f"COALESCE({column}, '') NOT IN {names}", params))
    for place, (seller_id, sub_id) in enumerate(muted.sources):
        seller, sub = f"muted_of_{place}", f"muted_sub_{place}"
        found = f"""NOT EXISTS (SELECT 1 FROM leads l WHERE l.id = newest.lead_id AND l.seller_id = :{seller}
               AND l.sub_id1 = :{sub})"""
        parts.append((found, {seller: seller_id, sub: sub_id}))
    return parts


async def newest_records(tx: Tx, actor: Actor, mode: str, since: int, limit: int) -> list[Row]:
    """The newest requests with the records of what was asked and posted for them, and what went over the wire."""
    if not _insider(actor):
        return []
    return await tx.fetch(
        """SELECT r.id, r.received_at, r.lead_id, r.seller_id, t.document, w.id AS wire_id, w.sealed, k.wrapped
           FROM requests r JOIN trails t ON t.lead_id = r.lead_id AND t.request_id = r.id
               LEFT JOIN wires w ON w.lead_id = r.lead_id AND w.subject = r.id
               LEFT JOIN data_keys k ON k.subject = w.subject
           WHERE r.received_at >= :since AND r.mode = :mode ORDER BY r.received_at DESC, r.id DESC LIMIT :limit""",
        since=since,
        mode=mode,
        limit=limit,
    )


async def newest_sends(tx: Tx, actor: Actor, limit: int) -> list[Row]:
    """What was told to webhooks and postbacks last."""
    if not _insider(actor):
        return []
    return await tx.fetch(
        """SELECT s.event_id, s.tried_at, s.state, s.total, s.status, s.took_ms, s.next_at, s.last_error, e.type,
               e.about, p.kind, p.url, p.party_id
           FROM webhook_sends s JOIN webhook_events e ON e.id = s.event_id
               JOIN webhook_endpoints p ON p.id = s.endpoint_id
           WHERE s.tried_at IS NOT NULL ORDER BY s.at DESC, s.event_id DESC LIMIT :limit""",
        limit=limit,
    )


async def request_row(tx: Tx, actor: Actor, request_id: str) -> Row | None:
    """One request without what it carried."""
    if not _insider(actor):
        return None
    rows = await tx.fetch(
        f"SELECT {_SHOWN} FROM requests WHERE id = :id",
        id=request_id,
    )
    return rows[0] if rows else None


def _insider(actor: Actor) -> bool:
    return actor.role in (Role.OPERATOR, Role.SYSTEM)
