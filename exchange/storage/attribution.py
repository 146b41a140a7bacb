"""Links, touches, journeys and costs; and what leads brought, read from the books."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.attribution import CostRow, JourneyRow, LinkRow, TouchRow
from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx

_TO_BUYERS = "LOWER(p.destination) LIKE 'buyer:%'"
_FROM_BUYERS = "LOWER(p.source) LIKE 'buyer:%'"
BOOKED_UNITS = f"""CASE WHEN {_FROM_BUYERS} AND NOT {_TO_BUYERS} THEN p.units
    WHEN {_TO_BUYERS} AND NOT {_FROM_BUYERS} THEN -p.units ELSE 0 END"""
"""What a posting `p` brings: what buyers pay, less what they get back."""
TOUCHES_BUYERS = f"({_FROM_BUYERS} OR {_TO_BUYERS})"


async def add_link(tx: Tx, link: LinkRow, line: AuditLine) -> None:
    await tx.execute(
        """INSERT INTO tracking_links (id, name, source, campaign, creative, target, state, clicks, made_at, made_by)
           VALUES (:id, :name, :source, :campaign, :creative, :target, :state, :clicks, :made_at, :made_by)""",
        **link._asdict(),
    )
    await record(tx, line)


async def end_link(tx: Tx, link_id: str, line: AuditLine) -> bool:
    changed = await tx.execute(
        "UPDATE tracking_links SET state = 'ended' WHERE id = :id AND state = 'active'", id=link_id
    )
    if changed:
        await record(tx, line)
    return bool(changed)


async def find_link(tx: Tx, link_id: str) -> LinkRow | None:
    rows = await tx.fetch("SELECT * FROM tracking_links WHERE id = :id", id=link_id)
    return LinkRow(**rows[0]) if rows else None


async def list_links(tx: Tx, most: int) -> list[LinkRow]:
    rows = await tx.fetch("SELECT * FROM tracking_links ORDER BY made_at DESC, id DESC LIMIT :most", most=most)
    return [LinkRow(**row) for row in rows]


async def add_touch(tx: Tx, touch: TouchRow, clicked: str | None = None) -> None:
    """Keep what was seen. A landing after a click of a link (`clicked`) is that click, with its visitor.

    A clicked link counts.
    """
    if clicked is not None and await _known_click(tx, clicked, touch):
        return
    await tx.execute(
        """INSERT INTO touches (id, month, at, kind, link_id, visitor, source, campaign, creative, sub_id, page)
           VALUES (:id, :month, :at, :kind, :link_id, :visitor, :source, :campaign, :creative, :sub_id, :page)
           ON CONFLICT (id) DO NOTHING""",
        **touch._asdict(),
    )
    if touch.link_id is not None:
        await tx.execute("UPDATE tracking_links SET clicks = clicks + 1 WHERE id = :id", id=touch.link_id)


async def _known_click(tx: Tx, clicked: str, touch: TouchRow) -> bool:
    if touch.visitor is None:
        return bool(await tx.fetch("SELECT 1 AS one FROM touches WHERE id = :id", id=clicked))
    changed = await tx.execute(
        """UPDATE touches SET visitor = :visitor, page = :page
           WHERE id = :id AND (visitor IS NULL OR visitor = :visitor)""",
        id=clicked,
        visitor=touch.visitor,
        page=touch.page,
    )
    return bool(changed)


async def forget_touches(tx: Tx, before: int, most: int = 2_000) -> int:
    """Drop a bounded number that were seen before an instant: the journeys of leads keep what they need of them."""
    return await tx.execute(
        "DELETE FROM touches WHERE id IN (SELECT id FROM touches WHERE at < :before ORDER BY at LIMIT :most)",
        before=before,
        most=most,
    )


async def seen_up_to(tx: Tx) -> int:
    rows = await tx.fetch("SELECT seen_at FROM attribution_progress")
    return int(rows[0]["seen_at"]) if rows else 0


async def leads_to_trace(tx: Tx, since: int, most: int) -> list[Row]:
    """Live posts from a moment on without a journey, oldest first, sealed and with their keys."""
    return await tx.fetch(
        """SELECT l.id, l.received_at, l.seller_id, l.campaign_id, l.vertical, l.currency, l.sub_id1, l.sealed,
               k.wrapped
           FROM leads l JOIN data_keys k ON k.subject = l.subject
           WHERE l.received_at >= :since AND l.mode = 'live' AND l.kind <> 'ping' AND l.sealed IS NOT NULL
               AND l.state <> 'open' AND k.wrapped IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM journeys j WHERE j.lead_id = l.id)
           ORDER BY l.received_at, l.id LIMIT :most""",
        since=since,
        most=most,
    )


async def touches_before(tx: Tx, touch_id: str, visitor: bytes | None, since: int, until: int) -> list[Row]:
    """What somebody saw in a time, oldest first: the touch of this id, and all of the visitor."""
    return await tx.fetch(
        """SELECT at, source, campaign, creative, sub_id FROM touches
           WHERE (id = :id OR visitor = :visitor OR visitor IN
               (SELECT t.visitor FROM touches t WHERE t.id = :id AND t.visitor IS NOT NULL))
               AND at >= :since AND at <= :until ORDER BY at, id LIMIT 100""",
        id=touch_id,
        visitor=visitor,
        since=since,
        until=until,
    )


async def keep_journeys(tx: Tx, journeys: Sequence[JourneyRow], seen_at: int) -> None:
    for journey in journeys:
        await tx.execute(
            """INSERT INTO journeys (lead_id, arrived_at, seller_id, campaign_id, vertical, currency, path)
               VALUES (:lead_id, :arrived_at, :seller_id, :campaign_id, :vertical, :currency, :path)
               ON CONFLICT (lead_id) DO NOTHING""",
            **journey._asdict(),
        )
    await tx.execute("UPDATE attribution_progress SET seen_at = :at WHERE seen_at < :at", at=seen_at)


async def journeys_of(tx: Tx, since: int, until: int, currency: str, most: int) -> list[Row]:
    """Journeys of leads that arrived in a time, the newest, with whether the lead stands sold."""
    return await tx.fetch(
        """SELECT j.lead_id, j.arrived_at, j.path, CASE WHEN EXISTS (SELECT 1 FROM sales s
                   WHERE s.lead_id = j.lead_id AND s.reversed_at IS NULL) THEN 1 ELSE 0 END AS sold
           FROM journeys j WHERE j.arrived_at >= :since AND j.arrived_at < :until AND j.currency = :currency
           ORDER BY j.arrived_at DESC, j.lead_id DESC LIMIT :most""",
        since=since,
        until=until,
        currency=currency,
        most=most,
    )


async def booked_of(tx: Tx, since: int, until: int, currency: str) -> list[Row]:
    """What leads that arrived in a time brought, posting by posting as the books have it, returns and all."""
    return await tx.fetch(
        f"""SELECT j.lead_id, p.at, {BOOKED_UNITS} AS units FROM journeys j
            JOIN transactions t ON t.cause = j.lead_id JOIN postings p ON p.reference = t.reference
            WHERE j.arrived_at >= :since AND j.arrived_at < :until AND p.currency = :currency
                AND {TOUCHES_BUYERS}
            ORDER BY j.lead_id, p.at, p.reference, p.line""",
        since=since,
        until=until,
        currency=currency,
    )


async def currencies_seen(tx: Tx) -> list[str]:
    rows = await tx.fetch("SELECT currency FROM journeys UNION SELECT currency FROM media_costs ORDER BY 1")
    return [row["currency"] for row in rows]


async def keep_costs(
    tx: Tx, costs: Sequence[CostRow], now: int, line: AuditLine, file: tuple[bytes, str] | None = None
) -> int | None:
    """Write costs down; the last word on a day counts. Returns how many changed; None when the file came before."""
    if file is not None:
        new = await tx.execute(
            """INSERT INTO media_files (file_hash, name, row_count, changed, made_at, made_by)
               VALUES (:hash, :name, :rows, 0, :now, :by) ON CONFLICT (file_hash) DO NOTHING""",
            hash=file[0],
            name=file[1],
            rows=len(costs),
            now=now,
            by=line.actor.name,
        )
        if not new:
            return None
    changed = sum([await _keep_cost(tx, cost, now) for cost in costs])
    if file is not None:
        await tx.execute("UPDATE media_files SET changed = :n WHERE file_hash = :hash", n=changed, hash=file[0])
    if changed:
        await record(tx, line)
    return changed


async def _keep_cost(tx: Tx, cost: CostRow, now: int) -> int:
    return await tx.execute(
        """INSERT INTO media_costs (day, source, campaign, creative, currency, units, clicks, changed_at)
           VALUES (:day, :source, :campaign, :creative, :currency, :units, :clicks, :now)
           ON CONFLICT (day, source, campaign, creative, currency) DO UPDATE SET units = :units, clicks = :clicks,
               changed_at = :now WHERE media_costs.units <> :units OR media_costs.clicks <> :clicks""",
        now=now,
        **cost._asdict(),
    )


async def costs_of(tx: Tx, first: str, last: str, currency: str) -> list[CostRow]:
    """What was spent from one day to another, both included."""
    rows = await tx.fetch(
        """SELECT day, source, campaign, creative, currency, units, clicks FROM media_costs
           WHERE day >= :first AND day <= :last AND currency = :currency
           ORDER BY day, source, campaign, creative""",
        first=first,
        last=last,
        currency=currency,
    )
    return [CostRow(**row) for row in rows]


async def cost_files(tx: Tx, most: int) -> list[Row]:
    return await tx.fetch(
        """SELECT name, row_count, changed, made_at, made_by FROM media_files
           ORDER BY made_at DESC, name LIMIT :most""",
        most=most,
    )
