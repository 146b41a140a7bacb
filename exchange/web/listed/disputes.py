"""Sales whose delivery came back, as a list: its columns and filters, and what of the storage they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.delivery import spoken
from exchange.model.money import Money
from exchange.storage.database import Row
from exchange.storage.disputes import DisputeFilter, count_disputed, disputed_sales
from exchange.web.listed.deliveries import CHANNELS
from exchange.web.listed.leads import buyers, sellers
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.shape import Asked, Column, Filter, Nothing, Shape
from exchange.web.words import utc

PATH = "/console/disputes"
NAMES = (
    "delivery_id", "lead_id", "buyer", "seller", "channel", "consumer", "price", "currency", "told", "made_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dispute:
    """One sale of the list. `told` is what was heard when its delivery came back."""

    id: str
    lead_id: str
    buyer: str
    seller: str
    channel: str
    consumer: str
    price: Money
    told: str
    made_at: int


def _dispute(market: Market, row: Row) -> Dispute:
    seller = market.deals.sellers.get(row["seller_id"])
    return Dispute(
        row["attempt_id"],
        row["lead_id"],
        market.deals.buyer_name(row["contract_id"]),
        seller.name if seller is not None else row["seller_id"],
        row["channel"],
        ", ".join(part for part in (row["initials"], row["city"], row["us_state"]) if part),
        Money(row["price_units"], row["currency"]),
        row["told"] or "",
        row["made_at"],
    )


def _filter(asked: Asked) -> DisputeFilter:
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    buyer, seller, channel = (given.get(name, "") for name in ("buyer", "seller", "channel"))
    return DisputeFilter(asked.mode, buyer, seller, channel, since, until, asked.span)


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Dispute]:
    return [_dispute(market, row) for row in await market.db.read(disputed_sales, actor, _filter(asked))]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_disputed, actor, _filter(asked), most)


def _fields(dispute: Dispute) -> dict[str, Any]:
    return {
        "delivery_id": dispute.id,
        "lead_id": dispute.lead_id,
        "buyer": dispute.buyer,
        "seller": dispute.seller,
        "channel": dispute.channel,
        "consumer": dispute.consumer,
        "price": dispute.price.text,
        "currency": dispute.price.currency,
        "told": dispute.told,
        "made_at": utc(dispute.made_at),
    }


DISPUTES: Shape[Dispute] = Shape(
    "disputes",
    PATH,
    "dispute",
    "disputes",
    (
        Column("made", "Sent", "when tab", sorts=lambda line: line.made_at),
        Column("lead", "Lead", "who wrap", fixed=True),
        Column("buyer", "Buyer", "wrap"),
        Column("price", "Price", "paid", num=True, sorts=lambda line: line.price.units),
        Column("told", "What came back", "wrap"),
        Column("channel", "Sent by", "is"),
        Column("seller", "Seller", "wrap", hidden=True),
        Column("decide", "Does it stand", "act", fixed=True),
    ),
    (
        Filter("buyer", "Buyer", buyers),
        Filter("seller", "Seller", sellers),
        Filter("channel", "Sent by", lambda _: [(name, spoken(name)) for name in CHANNELS]),
        period_filter("Sent"),
    ),
    _read,
    _count,
    lambda line: line.id,
    _fields,
    NAMES,
    Nothing(
        "No {mode} sale is in dispute. One comes here when its mail bounced or its call or fax failed after the buyer "
        "had it.",
        "Deliveries",
        "/console/deliveries",
    ),
    falling=False,
)
