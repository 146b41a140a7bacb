"""News for a party: everything it is told after an answer goes through here, as jobs of the unit of work it follows."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from exchange.flows.jobs import NEWS, job
from exchange.flows.market import Market
from exchange.flows.party_news import import_over, lead_delivered
from exchange.model.actor import Role
from exchange.model.importing import ImportRow
from exchange.model.money import Money
from exchange.model.party import Campaign, Contract
from exchange.model.work import JobRow, LeadState, Settlement
from exchange.storage.database import Row

SOLD = "lead.sold"
UNSOLD = "lead.unsold"
HELD = "lead.held"
DELIVERED = "lead.delivered"
DELIVERY_FAILED = "lead.delivery_failed"
IMPORT_FINISHED = "import.finished"
CAMPAIGN_CHANGED = "campaign.changed"


class News(NamedTuple):
    """Something that happened, for one party. `about` is the id of what it happened to, `facts` what is told of it.

    The same event about the same thing at the same moment is told once; what has a name in `once` is told once under
    that. `late` is False for what the answer to a request says too: an address that stands in a campaign does not hear
    it twice.
    """

    event: str
    role: Role
    party_id: str | None
    about: str
    at: int
    facts: Mapping[str, object]
    campaign_id: str | None = None  # a seller's, whose postbacks hear of it
    late: bool = True
    once: str = ""


def tell(market: Market, news: News) -> tuple[JobRow, ...]:
    """The job that brings the news to whoever asked for it; none when nobody did."""
    if not market.deals.hearers.of(news.event, news.role, news.party_id, news.campaign_id, late=news.late):
        return ()
    party = f"{news.role.value}:{news.party_id or ''}"
    payload: dict[str, object] = {
        "id": _named(party, news) if news.once else market.ids.new("evt", news.at),
        "event": news.event,
        "role": news.role.value,
        "party_id": news.party_id,
        "about": news.about,
        "at": news.at,
        "facts": dict(news.facts),
        "campaign_id": news.campaign_id,
        "late": news.late,
    }
    unique = f"news:{party}:{news.about}:{news.event}:{news.once or news.at}"
    return (job(market, f"news:{news.about}", NEWS, payload, news.at, news.at, unique),)


def _named(party: str, news: News) -> str:
    """An event's id that another node, or a later look, would give it too."""
    name = "\0".join((party, news.event, news.about, news.once))
    return f"evt_{sha256(name.encode()).hexdigest()[:26].upper()}"


def tell_seller(
    market: Market, campaign: Campaign, lead: Row, state: LeadState, earned: Money, now: int
) -> tuple[JobRow, ...]:
    """The seller was told `queued`; now it hears how it ended, and what it earned in all."""
    sold = state is LeadState.SOLD
    facts: dict[str, object] = {
        "lead_id": lead["id"],
        "seller_lead_id": lead["seller_lead_id"],
        "status": "accepted" if sold else "unsold",
        "price": earned.text if sold else None,
        "currency": lead["currency"],
        "test": lead["mode"] == "test",
    }
    event = SOLD if sold else UNSOLD
    return tell(market, News(event, Role.SELLER, campaign.seller_id, lead["id"], now, facts, campaign.id))


def tell_buyer(market: Market, contract: Contract, lead: Row, settlement: Settlement, now: int) -> tuple[JobRow, ...]:
    """A delivery that was open counts as taken now."""
    facts: dict[str, object] = {
        "lead_id": lead["id"],
        "delivery_id": settlement.attempt_id,
        "contract_id": contract.id,
        "status": "accepted",
        "price": settlement.price.text,
        "currency": settlement.price.currency,
        "buyer_reference": settlement.buyer_reference,
        "test": lead["mode"] == "test",
    }
    news = News(DELIVERED, Role.BUYER, contract.buyer_id, lead["id"], now, facts)
    if lead["mode"] == "test":
        return tell(market, news)
    chosen = lead_delivered(market, contract.buyer_id, lead["id"], settlement.attempt_id, settlement.price)
    return (*tell(market, news), *chosen)


def tell_import(market: Market, row: ImportRow, state: str, now: int) -> tuple[JobRow, ...]:
    """An import is over: `done`, or `cancelled` with some of its rows sold. Its seller hears how many became what."""
    campaign = market.deals.campaigns.get(row.campaign_id)
    if campaign is None:
        return ()
    facts: dict[str, object] = {
        "import_id": row.id,
        "campaign_id": campaign.id,
        "file": row.file_name,
        "status": state,
        "rows": sum(row.counts.values()),
        "counts": dict(row.counts),
        "payout": Money(row.payout_units, campaign.currency).text,
        "currency": campaign.currency,
        "test": row.mode == "test",
    }
    news = News(IMPORT_FINISHED, Role.SELLER, campaign.seller_id, row.id, now, facts, campaign.id)
    return (*tell(market, news), *import_over(market, row, campaign, state))
