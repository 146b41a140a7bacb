"""Where the person of a lead was seen: before it and after it, at which seller, and what became of it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exchange.flows.market import Market
from exchange.flows.sightings import compared, person_behind
from exchange.model.actor import Actor
from exchange.stages.duplicates.decide import agreeing, span
from exchange.stages.duplicates.judge import Kind
from exchange.storage.database import Row
from exchange.storage.sightings import seen_around
from exchange.storage.timeline import LeadRows
from exchange.web import words

_LISTED = 40


@dataclass(frozen=True, slots=True)
class Sight:
    """Another lead of this person, or of one who shares a household, a telephone or a mailbox.

    `apart` is how long before or after, `agrees` what is the same in both.
    """

    lead_id: str
    kind: Kind
    seller: str
    campaign: str
    sub_id: str
    received_at: int
    state: str
    before: bool
    apart: str
    agrees: str

    @property
    def sentence(self) -> str:
        """`at Birch, sub ID fb-12, 3 h earlier`"""
        sub_id = f", sub ID {self.sub_id}" if self.sub_id else ""
        return f"at {self.seller}{sub_id}, {self.apart} {'earlier' if self.before else 'later'}"

    def fields(self) -> dict[str, Any]:
        return {
            "lead_id": self.lead_id,
            "who": self.kind.value,
            "seller": self.seller,
            "campaign": self.campaign,
            "sub_id": self.sub_id,
            "received_at": words.utc(self.received_at),
            "status": self.state,
            "when": f"{self.apart} {'earlier' if self.before else 'later'}",
            "agrees": self.agrees,
        }


@dataclass(frozen=True, slots=True)
class Sights:
    """Oldest first; the person's own leads, and those of people who share something."""

    same: tuple[Sight, ...] = ()
    others: tuple[Sight, ...] = ()

    @property
    def headline(self) -> str:
        """`First seen at Birch, sub ID fb-12, 3 h earlier`, else where it was seen next."""
        if not self.same:
            return ""
        return f"{'First' if self.same[0].before else 'Next'} seen {self.same[0].sentence}"

    def fields(self) -> list[dict[str, Any]]:
        return [sight.fields() for sight in (*self.same, *self.others)]


async def sights_of(market: Market, actor: Actor, rows: LeadRows) -> Sights:
    """Nothing when the lead's values were erased, or its sighting is forgotten."""
    lead = rows.lead
    person = person_behind({**lead, "wrapped": rows.wrapped}, market)
    if person is None:
        return Sights()
    found = []
    for row in await market.db.read(seen_around, actor, lead["id"]):
        earlier = compared(person, row, market)
        if earlier is not None and earlier.match.kind is not Kind.OTHER:
            found.append(_sight(market, lead, row, earlier.match.kind, agreeing(earlier.match)))
    found.sort(key=lambda sight: (sight.received_at, sight.lead_id))
    same = [sight for sight in found if sight.kind is Kind.SAME]
    others = [sight for sight in found if sight.kind is not Kind.SAME]
    return Sights(tuple(same[:_LISTED]), tuple(others[:_LISTED]))


def _sight(market: Market, lead: Row, row: Row, kind: Kind, agrees: str) -> Sight:
    deals = market.deals
    seller, campaign = deals.sellers.get(row["seller_id"]), deals.campaigns.get(row["campaign_id"])
    return Sight(
        row["id"],
        kind,
        seller.name if seller is not None else row["seller_id"],
        campaign.name if campaign is not None else row["campaign_id"],
        row["sub_id1"] or "",
        row["received_at"],
        row["state"],
        (row["received_at"], row["id"]) < (lead["received_at"], lead["id"]),
        span(abs(lead["received_at"] - row["received_at"])),
        agrees,
    )
