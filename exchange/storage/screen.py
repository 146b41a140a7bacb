"""What needs a person of the fraud screen: alerts, blocked sub ids, held leads."""

from __future__ import annotations

from exchange.model.audit import AuditLine
from exchange.model.screen import AlertRow, Block
from exchange.storage.alerts import Ending, end_alert
from exchange.storage.audit import record
from exchange.storage.closing import event_row
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed

_HOUR_MS = 3_600_000
_GOES_ON_MS = {"farm": 30 * 24 * _HOUR_MS}  # a farm works for weeks, a burst is over in minutes


async def read_blocks(tx: Tx) -> list[Row]:
    return await tx.fetch("SELECT * FROM screen_blocks ORDER BY seller_id, sub_id")


async def save_block(tx: Tx, block: Block, line: AuditLine) -> None:
    """Shut a sub id out; a second time changes the reason."""
    await tx.execute(
        """INSERT INTO screen_blocks (seller_id, sub_id, reason, made_at, made_by)
           VALUES (:seller, :sub, :reason, :at, :by)
           ON CONFLICT (seller_id, sub_id) DO UPDATE SET reason = :reason, made_at = :at, made_by = :by""",
        seller=block.seller_id,
        sub=block.sub_id,
        reason=block.reason,
        at=block.made_at,
        by=block.made_by,
    )
    await record(tx, line)


async def lift_block(tx: Tx, seller_id: str, sub_id: str, line: AuditLine) -> bool:
    """Let a sub id in again; False when it was not shut out."""
    gone = await tx.execute(
        "DELETE FROM screen_blocks WHERE seller_id = :seller AND sub_id = :sub", seller=seller_id, sub=sub_id
    )
    if gone:
        await record(tx, line)
    return bool(gone)


async def note_alert(tx: Tx, alert: AlertRow, month: str) -> str:
    """Keep an alert, or go on with the one its source had lately; mark its leads, also those that had passed.

    Returns the id under which it is kept.
    """
    lately = await tx.fetch(
        """SELECT id FROM screen_alerts WHERE seller_id = :seller AND sub_id = :sub AND kind = :kind
               AND last_at > :since ORDER BY last_at DESC LIMIT 1""",
        seller=alert.seller_id,
        sub=alert.sub_id,
        kind=alert.kind,
        since=alert.at - _GOES_ON_MS.get(alert.kind, _HOUR_MS),
    )
    alert = alert._replace(id=lately[0]["id"]) if lately else alert
    await tx.execute(
        """INSERT INTO screen_alerts (id, kind, seller_id, sub_id, began_at, found_at, last_at, leads, detail, state,
               closed_at, closed_by, note)
           VALUES (:id, :kind, :seller, :sub, :began, :at, :at, 0, :detail, 'open', NULL, NULL, '')
           ON CONFLICT (id) DO UPDATE SET last_at = :at, detail = :detail, state = 'open'""",
        id=alert.id,
        kind=alert.kind,
        seller=alert.seller_id,
        sub=alert.sub_id,
        began=alert.began_at,
        at=alert.at,
        detail=alert.detail,
    )
    await _mark(tx, alert, month)
    await tx.execute(
        """UPDATE screen_alerts SET leads = (SELECT COUNT(*) FROM screened WHERE alert_id = :id),
               began_at = COALESCE((SELECT MIN(at) FROM screened WHERE alert_id = :id), began_at) WHERE id = :id""",
        id=alert.id,
    )
    return alert.id


async def _mark(tx: Tx, alert: AlertRow, month: str) -> None:
    """The leads of an alert are told so in their timelines, those that had passed before it was seen."""
    if not alert.lead_ids:
        return
    names, params = listed("lead", sorted(alert.lead_ids))
    marked = await tx.fetch(
        f"""UPDATE screened SET alert_id = :id WHERE lead_id IN {names} AND alert_id IS NULL
            RETURNING lead_id, outcome""",
        id=alert.id,
        **params,
    )
    told = f"Flagged afterwards by the screen: it belongs to a {alert.kind}. {alert.detail}"
    passed = sorted(row["lead_id"] for row in marked if row["outcome"] in ("passed", "flagged"))
    for lead_id in passed:
        await tx.execute_all(event_row(lead_id, month, alert.at, "screen", told, "exchange"))


async def close_alert(
    tx: Tx, alert_id: str, note: str, by: str, at: int, line: AuditLine, ending: Ending | None
) -> bool:
    """A person has seen to it, and so to what it is told as; False when there is no such open alert."""
    closed = await tx.execute(
        """UPDATE screen_alerts SET state = 'closed', closed_at = :at, closed_by = :by, note = :note
           WHERE id = :id AND state = 'open'""",
        id=alert_id,
        at=at,
        by=by,
        note=note,
    )
    if closed:
        await record(tx, line)
        if ending is not None:
            await end_alert(tx, ending, by)
    return bool(closed)


async def open_alerts(tx: Tx, limit: int) -> list[Row]:
    """Open ones first, then those last seen last."""
    return await tx.fetch(
        "SELECT * FROM screen_alerts ORDER BY CASE state WHEN 'open' THEN 0 ELSE 1 END, last_at DESC LIMIT :limit",
        limit=limit,
    )


async def waiting_counts(tx: Tx, mode: str) -> tuple[int, int]:
    """How many leads are held, and how many alerts are open."""
    held = await tx.fetch("SELECT COUNT(*) AS n FROM leads WHERE state = 'held' AND mode = :mode", mode=mode)
    alerts = await tx.fetch("SELECT COUNT(*) AS n FROM screen_alerts WHERE state = 'open'")
    return held[0]["n"], alerts[0]["n"]


async def held_leads(tx: Tx, mode: str, limit: int) -> list[Row]:
    """Leads that wait for a person, oldest first."""
    return await tx.fetch(
        """SELECT l.id, l.received_at, l.seller_id, l.campaign_id, l.vertical, l.sub_id1, l.initials, l.city,
               l.us_state, l.fraud, s.signals FROM leads l LEFT JOIN screened s ON s.lead_id = l.id
           WHERE l.state = 'held' AND l.mode = :mode ORDER BY l.received_at, l.id LIMIT :limit""",
        mode=mode,
        limit=limit,
    )
