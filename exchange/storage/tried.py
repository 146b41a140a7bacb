"""What somebody who looks around has tried, as the records tell."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.storage.database import Tx

_RESOLD = """SELECT a.lead_id AS lead_id FROM attempts a JOIN attempts b ON b.lead_id = a.lead_id
    WHERE a.state = 'rejected' AND b.state = 'accepted' AND b.made_at >= a.made_at AND a.mode = 'live'"""
FACTS = {
    "ping": """SELECT id FROM requests WHERE campaign_id = :campaign AND mode = 'test' AND status = 'invalid'
        LIMIT 1""",
    "return": "SELECT id FROM audit_lines WHERE actor = :operator AND action = 'return.decided' LIMIT 1",
    "pause": """SELECT id FROM audit_lines WHERE actor = :operator AND action IN ('buyer.paused', 'contract.paused')
        LIMIT 1""",
    "floor": "SELECT id FROM simulations WHERE LOWER(draft) LIKE '%floor%' LIMIT 1",
}
"""What tells that a thing was done: a row."""


async def newest_resold(tx: Tx, lead_id: str = "") -> str | None:
    """The newest lead that one buyer refused and another took, or this one if it is such a lead."""
    only = " AND a.lead_id = :lead" if lead_id else ""
    params = {"lead": lead_id} if lead_id else {}
    rows = await tx.fetch(f"{_RESOLD}{only} ORDER BY b.made_at DESC, b.id LIMIT 1", **params)
    return rows[0]["lead_id"] if rows else None


async def done_by_hand(tx: Tx, names: Sequence[str], campaign: str, operator: str) -> list[str]:
    """Those of the things for which there is a row."""
    known = {"campaign": campaign, "operator": operator}
    asked = {name: {word: known[word] for word in known if f":{word}" in FACTS[name]} for name in names}
    return [name for name in names if await tx.fetch(FACTS[name], **asked[name])]
