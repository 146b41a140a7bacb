"""A seller's own leads as its list shows them: what became of each and what it earned; nothing of buyers."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.model.party import Disclosure
from exchange.model.reason import Reason
from exchange.stages.respond import told_reason
from exchange.storage.database import Row
from exchange.storage.lead_filters import LeadFilter
from exchange.storage.leads import count_leads, list_leads
from exchange.web.listed.leads import plain
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.listed.states import STATUSES
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape
from exchange.web.words import utc

PATH = "/seller/leads"
NAMES = (
    "lead_id", "seller_lead_id", "received_at", "status", "reason", "message", "campaign", "sub_id1", "consumer",
    "city", "state", "zip", "earned", "currency", "mode",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OwnLead:
    """`consumer` is masked. `reason` and `message` are told as far as the campaign discloses."""

    id: str
    seller_lead_id: str | None
    received_at: int
    state: str
    reason: str | None
    message: str
    campaign_id: str
    sub_id1: str | None
    consumer: str | None
    city: str | None
    us_state: str | None
    zip: str | None
    earned: Money
    sold: bool
    mode: str

    @property
    def place(self) -> str:
        return ", ".join(part for part in (self.city, self.us_state) if part) or self.zip or ""

    def fields(self) -> dict[str, object]:
        return {
            "lead_id": self.id,
            "seller_lead_id": self.seller_lead_id,
            "received_at": utc(self.received_at),
            "status": self.state,
            "reason": self.reason,
            "message": self.message or None,
            "campaign": self.campaign_id,
            "sub_id1": self.sub_id1,
            "consumer": self.consumer,
            "city": self.city,
            "state": self.us_state,
            "zip": self.zip,
            "earned": self.earned.text if self.sold else None,
            "currency": self.earned.currency,
            "mode": self.mode,
        }


def own_lead(market: Market, row: Row) -> OwnLead:
    reason, message = reason_of(market, row["campaign_id"], row["reason"])
    return OwnLead(
        row["id"],
        row["seller_lead_id"],
        row["received_at"],
        row["state"],
        reason,
        message,
        row["campaign_id"],
        row["sub_id1"],
        row["initials"],
        row["city"],
        row["us_state"],
        row["zip"],
        Money(row["payout_units"], row["currency"]),
        row["times_sold"] > 0,
        row["mode"],
    )


def reason_of(market: Market, campaign_id: str, slug: str | None) -> tuple[str | None, str]:
    """A reason and its sentence, as the campaign's answers tell them."""
    known = next((each for each in Reason if each.slug == slug), None)
    if known is None:
        return slug, ""
    campaign = market.deals.campaigns.get(campaign_id)
    told = told_reason(known, campaign.disclosure if campaign is not None else Disclosure.CODE)
    return told["reason"], told["message"]


def _filter(asked: Asked) -> LeadFilter:
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    status = given.get("status")
    return LeadFilter(
        mode=asked.mode,
        states=STATUSES.get(status, (status,)) if status else (),
        reason=given.get("reason"),
        sub_id1=given.get("sub_id"),
        vertical=given.get("vertical"),
        us_state=given.get("state"),
        since=since,
        until=until,
        span=asked.span,
    )


async def _read(market: Market, actor: Actor, asked: Asked) -> list[OwnLead]:
    return [own_lead(market, row) for row in await market.db.read(list_leads, actor, _filter(asked))]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_leads, actor, _filter(asked), most)


def _statuses(_: Market) -> Choices:
    return [(name, name.replace("_", " ")) for name in STATUSES]


OWN_LEADS: Shape[OwnLead] = Shape(
    "own_leads",
    PATH,
    "lead",
    "leads",
    (
        Column("received", "Received", "when tab", sorts=lambda line: line.received_at),
        Column("lead", "Lead", "who", fixed=True),
        Column("status", "Status", "is"),
        Column("why", "Why", "wrap"),
        Column("sub_id1", "Sub ID", "mono dim sub"),
        Column("campaign", "Campaign", "wrap", hidden=True),
        Column("payout", "You earned", "paid", num=True),
    ),
    (
        Filter("status", "Status", _statuses, tell=plain),
        period_filter("Received"),
        Filter("sub_id", "Sub ID", example="g-search"),
        Filter("state", "State", read=str.upper, example="AZ"),
        Filter("reason", "Reason", tell=plain, silent=True),
        Filter("vertical", "Vertical", silent=True),
    ),
    _read,
    _count,
    lambda line: line.id,
    OwnLead.fields,
    NAMES,
    Nothing("No {mode} leads yet. They stand here as soon as you send a ping or a post.", "How to post",
            "/seller/campaigns"),
)  # fmt: skip
