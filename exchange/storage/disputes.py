"""Sales whose delivery came back after it had arrived: they stand until somebody says otherwise."""

from __future__ import annotations

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.closing import add_event
from exchange.storage.database import Row, Tx

_DISPUTED = """FROM deliveries d JOIN attempts a ON a.id = d.attempt_id JOIN leads l ON l.id = d.lead_id
    WHERE d.state = 'bounced' AND a.state = 'accepted' AND a.mode = :mode"""


async def disputed_sales(tx: Tx, actor: Actor, mode: str, limit: int) -> list[Row]:
    """The oldest first, each with what was heard when it came back."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    return await tx.fetch(
        f"""SELECT d.attempt_id, d.lead_id, d.channel, d.made_at, a.contract_id, a.price_units, a.currency, l.seller_id,
               l.initials, l.city, l.us_state, (SELECT r.detail FROM receipts r WHERE r.attempt_id = d.attempt_id
                   AND r.kind IN ('bounced', 'failed') ORDER BY r.at DESC, r.event_id LIMIT 1) AS told
            {_DISPUTED} ORDER BY d.made_at, d.attempt_id LIMIT :limit""",
        mode=mode,
        limit=limit,
    )


async def count_disputed(tx: Tx, mode: str) -> int:
    rows = await tx.fetch(f"SELECT COUNT(*) AS waiting {_DISPUTED}", mode=mode)
    return int(rows[0]["waiting"])


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
