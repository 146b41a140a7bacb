"""What was published lately, in words, and whether it may be rolled back."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from exchange.flows.publish import ROLLED_BACK, read_again, stands
from exchange.model.draft import Change
from exchange.storage.simulations import published
from exchange.web.auth import actor_of
from exchange.web.console.rules._drafting import told
from exchange.web.keys import MARKET

_DAYS, _LINES = 90, 10
_DAY_MS = 86_400_000


async def published_lines(request: web.Request, campaign_id: str = "") -> list[dict[str, Any]]:
    """The newest first; of one campaign's ping tree where it is named."""
    market = request.app[MARKET]
    since = market.clock.now() - _DAYS * _DAY_MS
    rows = await market.db.read(published, actor_of(request), since, 100 if campaign_id else _LINES)
    found = []
    for row in rows:
        before, after = json.loads(row["before_json"] or "{}"), json.loads(row["after_json"] or "{}")
        if campaign_id and not _about(row["subject"], after, campaign_id):
            continue
        changes = []
        for name, value in after.items():
            if name != "why":
                changes.append((_named(market, name), before.get(name, ""), value))
        found.append(
            {
                "id": row["id"],
                "at": row["at"],
                "actor": row["actor"],
                "word": "rolled back" if row["action"] == ROLLED_BACK else "published",
                "why": after.get("why", ""),
                "changes": changes,
                "stands": stands(market, row),
            }
        )
    return found[:_LINES]


def _about(subject: str, after: dict[str, str], campaign_id: str) -> bool:
    return subject == f"tree:{campaign_id}" or any(name.startswith(f"campaign.{campaign_id}.") for name in after)


def _named(market: Any, name: str) -> str:
    try:
        change: Change = read_again(market, {name: ""})[0]
    except (KeyError, IndexError):
        return name
    return told(market, change)
