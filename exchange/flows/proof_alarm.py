"""A sold lead whose proof of consent nobody keeps 48 hours after it came: told while there is a day left to mend it.

One for each verifier, as long as it lasts, which `alerts.py` tells of; a line in the timeline of each lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from exchange.flows.market import Market
from exchange.flows.proofs import LATE_MS
from exchange.model.screen import AlertRow
from exchange.storage.database import Row
from exchange.storage.proof_alarm import close_quiet, open_alarm, quiet_alarms, untold_proofs

KIND = "proof"
_ENDED = "Every proof that was missing is kept now."


async def look_for_late_proofs(market: Market) -> int:
    """The duty. Returns how many leads were told."""
    now = market.clock.now()
    rows = await market.db.read(untold_proofs, now - LATE_MS)
    told = 0
    for verifier, found in groupby(rows, key=lambda row: str(row["verifier"])):
        told += await _tell(market, verifier, list(found), now)
    for alert_id in await market.db.read(quiet_alarms):
        await market.db.write(close_quiet, alert_id, _ENDED, now)
    return told


async def _tell(market: Market, verifier: str, rows: Sequence[Row], now: int) -> int:
    ready = market.deals.shapes.verifiers.get(verifier)
    title = ready.card.title if ready is not None else verifier
    refused = sum(row["state"] == "refused" for row in rows)
    why = f"{title} refused to keep it" if refused == len(rows) else f"{title} did not keep it within 48 hours"
    count = "1 sold lead has" if len(rows) == 1 else f"{len(rows)} sold leads have"
    detail = f"{count} no kept proof of consent: {why}"
    alert = AlertRow(market.ids.new("alr", now), KIND, "", verifier, rows[0]["made_at"], now, detail, ())
    leads = [(str(row["lead_id"]), str(row["month"]), _sentence(title, row)) for row in rows]
    return await market.db.write(open_alarm, alert, leads)


def _sentence(title: str, row: Row) -> str:
    if row["state"] == "refused":
        why = f" ({row['detail']})" if row["detail"] else ""
        return f"No proof of consent is kept: {title} refused it{why}"
    return f"No proof of consent is kept 48 hours after the lead came: {title} has not answered yet"
