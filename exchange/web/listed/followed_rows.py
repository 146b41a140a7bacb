"""Followed leads as their buyer's lists and programs show them, without a personal value that lists do not show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exchange.flows.market import Market
from exchange.model.follow import Agent
from exchange.model.money import Money
from exchange.storage.database import Row
from exchange.web.words import duration, utc

_TONES: Mapping[str, str] = MappingProxyType({
    "new": "info", "attempted": "warn", "contacted": "info", "qualified": "info", "appointment": "info",
    "quoted": "info", "won": "good", "lost": "bad",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class FollowedLine:
    """One lead. `who` is empty where only the lead itself was read."""

    row: Row
    who: str
    agent: str
    contract: str
    price: Money
    tone: str

    @property
    def took(self) -> str:
        first = self.row["first_touch_at"]
        return duration(first - self.row["delivered_at"]) if first is not None else ""

    def fields(self) -> dict[str, Any]:
        row, first = self.row, self.row["first_touch_at"]
        return {
            "sale_id": row["sale_id"],
            "lead_id": row["lead_id"],
            "contract_id": row["contract_id"],
            "vertical": row["vertical"],
            "stage": row["stage"],
            "disposition": row["kind"],
            "state": row["state"],
            "agent_id": row["agent_id"],
            "agent": self.agent or None,
            "delivered_at": utc(row["delivered_at"]),
            "assigned_at": utc(row["assigned_at"]) if row["assigned_at"] is not None else None,
            "first_contact_at": utc(first) if first is not None else None,
            "first_contact_ms": first - row["delivered_at"] if first is not None else None,
            "handed_back": row["times_back"],
            "price": self.price.text,
            "currency": self.price.currency,
        }


def lines_of(market: Market, rows: Sequence[Row], agents: Sequence[Agent]) -> list[FollowedLine]:
    names = {each.id: each.name for each in agents}
    contracts = market.deals.contracts
    return [
        FollowedLine(
            row,
            ", ".join(part for part in (row.get("initials"), row.get("city"), row.get("us_state")) if part),
            names.get(row["agent_id"] or "", ""),
            contracts[row["contract_id"]].name if row["contract_id"] in contracts else row["contract_id"],
            Money(row["price_units"], row["currency"]),
            _TONES.get(row["stage"], ""),
        )
        for row in rows
    ]
