"""What a campaign's terms would have let in lately, counted over recorded leads by the gate that the line asks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from exchange.flows.market import Market
from exchange.flows.recorded import Reader, fields_of
from exchange.model.party import Campaign
from exchange.stages.gate import Gatekeeper, keep_gate
from exchange.storage.came import came_lately
from exchange.storage.database import Row

DAYS = 7
LEADS_MOST = 5_000
"""So many of the newest leads are judged, in well under a second."""
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Passing:
    """Of `leads` that came within `span_ms`, `passed` would be let in. `of_all`: the seller sent none, so those of all
    sellers in the vertical were looked at."""

    leads: int
    passed: int
    span_ms: int
    whole: bool
    of_all: bool

    @property
    def per_day(self) -> float:
        return self.passed * _DAY_MS / self.span_ms if self.span_ms else 0.0


async def passing(market: Market, campaign: Campaign, days: int = DAYS) -> Passing:
    """Caps are left out: they let in what comes first."""
    vertical, now = market.verticals[campaign.vertical], market.clock.now()
    gate = keep_gate(campaign, vertical)
    looked_at = fields_of(campaign.gate.filters)
    opened = bool(campaign.gate.consent) or any(spec.personal for spec in vertical.fields if spec.name in looked_at)
    since, rows, of_all = now - days * _DAY_MS, list[Row](), False
    for seller_id in (campaign.seller_id, ""):
        rows = await market.db.read(came_lately, seller_id, vertical.name, since, LEADS_MOST + 1, opened=opened)
        of_all = not seller_id
        if rows:
            break
    judged, whole = rows[:LEADS_MOST], len(rows) <= LEADS_MOST
    reader = Reader(market, looked_at, opened=opened)
    passed = await asyncio.to_thread(_passed, reader, gate, frozenset(campaign.blocked_sub_ids), judged)
    span_ms = days * _DAY_MS if whole else now - judged[-1]["received_at"]
    return Passing(len(judged), passed, span_ms, whole, of_all)


def _passed(reader: Reader, gate: Gatekeeper | None, blocked: frozenset[str], rows: Sequence[Row]) -> int:
    count = 0
    for row in rows:
        lead = reader.lead(row)
        if lead is None or row["sub_id1"] in blocked:
            continue
        count += gate is None or gate.would_pass(lead, row["received_at"])
    return count
