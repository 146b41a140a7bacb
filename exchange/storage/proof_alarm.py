"""Proofs of consent that nobody keeps in time: which operators were not told of, and the alert that tells them."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.screen import AlertRow
from exchange.storage.closing import event_row
from exchange.storage.database import Row, Tx

_AT_ONCE = 200


async def untold_proofs(tx: Tx, before: int) -> list[Row]:
    """Proofs of sold leads, by verifier, that wait since before a moment or were refused, and nobody was told of."""
    return await tx.fetch(
        """SELECT r.lead_id, r.verifier, r.state, r.made_at, r.detail, leads.month
           FROM retained r JOIN leads ON leads.id = r.lead_id
           WHERE r.told_at IS NULL AND r.state <> 'open' AND r.state <> 'kept'
               AND (r.state = 'refused' OR r.made_at < :before)
           ORDER BY r.verifier, r.made_at, r.lead_id LIMIT :most""",
        before=before,
        most=_AT_ONCE,
    )


async def open_alarm(tx: Tx, alert: AlertRow, leads: Sequence[tuple[str, str, str]]) -> int:
    """Tell of these leads (id, month, sentence): the open alert of the verifier goes on, or this one opens.
    Returns how many were not told of before.
    """
    told = 0
    for lead_id, month, sentence in leads:
        marked = await tx.execute(
            "UPDATE retained SET told_at = :at WHERE lead_id = :lead AND verifier = :verifier AND told_at IS NULL",
            at=alert.at,
            lead=lead_id,
            verifier=alert.sub_id,
        )
        if marked:
            told += 1
            await tx.execute_all(
                event_row(lead_id, month, alert.at, f"proof_late:{alert.sub_id}", sentence, "exchange")
            )
    if not told:
        return 0
    goes_on = await tx.execute(
        """UPDATE screen_alerts SET last_at = :at, leads = leads + :more, detail = :detail
           WHERE kind = :kind AND sub_id = :verifier AND state = 'open'""",
        at=alert.at,
        more=told,
        detail=alert.detail,
        kind=alert.kind,
        verifier=alert.sub_id,
    )
    if not goes_on:
        await tx.execute(
            """INSERT INTO screen_alerts (id, kind, seller_id, sub_id, began_at, found_at, last_at, leads, detail,
                   state, closed_at, closed_by, note)
               VALUES (:id, :kind, '', :verifier, :began, :at, :at, :leads, :detail, 'open', NULL, NULL, '')""",
            id=alert.id,
            kind=alert.kind,
            verifier=alert.sub_id,
            began=alert.began_at,
            at=alert.at,
            leads=told,
            detail=alert.detail,
        )
    return told


async def quiet_alarms(tx: Tx) -> list[str]:
    """Open alerts of which every proof is kept by now."""
    rows = await tx.fetch(
        """SELECT id FROM screen_alerts WHERE kind = 'proof' AND state = 'open' AND NOT EXISTS (
               SELECT 1 FROM retained r WHERE r.verifier = screen_alerts.sub_id AND r.told_at >= screen_alerts.found_at
                   AND r.state <> 'open' AND r.state <> 'kept')"""
    )
    return [row["id"] for row in rows]


async def close_quiet(tx: Tx, alert_id: str, note: str, at: int) -> bool:
    """The cause is over. False when somebody closed it before."""
    closed = await tx.execute(
        """UPDATE screen_alerts SET state = 'closed', closed_at = :at, closed_by = 'exchange', note = :note
           WHERE id = :id AND state = 'open'""",
        id=alert_id,
        at=at,
        note=note,
    )
    return bool(closed)
