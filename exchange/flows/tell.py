"""News for a party: everything it is told after an answer goes through here, as jobs of the unit of work it follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from exchange.flows.jobs import POSTBACK, job
from exchange.flows.market import Market
from exchange.model.actor import Role
from exchange.model.money import Money
from exchange.model.party import Campaign
from exchange.model.work import JobRow, LeadState
from exchange.storage.database import Row

SOLD = "lead.sold"
UNSOLD = "lead.unsold"
DELIVERY_FAILED = "lead.delivery_failed"


class News(NamedTuple):
    """Something that happened, for one party. `about` is the id of what it happened to, `facts` what is told of it.

    The same event about the same thing at the same moment is told once.
    """

    event: str
    role: Role
    party_id: str
    about: str
    at: int
    facts: Mapping[str, object]
    campaign_id: str | None = None  # a seller's, whose postback hears of it


def tell(market: Market, news: News) -> tuple[JobRow, ...]:
    """The jobs that bring the news to whoever asked for it; none when nobody did."""
    campaign = market.deals.campaigns.get(news.campaign_id) if news.campaign_id is not None else None
    if campaign is None or campaign.postback_url is None:
        return ()
    unique = f"postback:{news.about}:{news.event}:{news.at}"
    payload: dict[str, object] = {"campaign_id": campaign.id, **news.facts}
    return (job(market, f"postback:{campaign.id}", POSTBACK, payload, news.at, news.at, unique),)


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
