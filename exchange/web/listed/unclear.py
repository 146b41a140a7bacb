"""Deliveries that may or may not be sold, as a list: its columns and filters, and what of the storage they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.storage.database import Row
from exchange.storage.unclear import UnclearFilter, count_unclear, list_unclear
from exchange.web.listed.leads import buyers, sellers
from exchange.web.lists.shape import Asked, Column, Filter, Nothing, Shape
from exchange.web.words import utc

PATH = "/console/unclear"
NAMES = (
    "delivery_id", "lead_id", "status", "buyer", "seller", "consumer", "price", "currency", "reason", "made_at",
    "settles_at",
)  # fmt: skip
STATES: Mapping[str, str] = MappingProxyType({"unclear": "no usable answer", "pending": "receipt still to come"})
WAITED: Mapping[str, str] = MappingProxyType({"1": "over 1 hour", "24": "over 1 day", "168": "over 7 days"})
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """One delivery of the list. `detail` is the exchange's sentence, not the buyer's words."""

    id: str
    lead_id: str
    state: str
    buyer: str
    seller: str
    consumer: str
    price: Money
    why: str
    made_at: int
    settle_after: int | None


def _waiting(market: Market, row: Row) -> Waiting:
    seller = market.deals.sellers.get(row["seller_id"])
    return Waiting(
        row["id"],
        row["lead_id"],
        row["state"],
        market.deals.buyer_name(row["contract_id"]),
        seller.name if seller is not None else row["seller_id"],
        ", ".join(part for part in (row["initials"], row["city"], row["us_state"]) if part),
        Money(row["price_units"], row["currency"]),
        str(row["reason"] or row["state"]).replace("_", " "),
        row["made_at"],
        row["settle_after"],
    )


def _filter(asked: Asked) -> UnclearFilter:
    given, waited = asked.given, asked.given.get("waited")
    return UnclearFilter(
        asked.mode,
        given.get("state", ""),
        given.get("buyer", ""),
        given.get("seller", ""),
        asked.times.now - int(waited) * _HOUR_MS if waited else None,
        asked.span,
    )


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Waiting]:
    return [_waiting(market, row) for row in await market.db.read(list_unclear, actor, _filter(asked))]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_unclear, actor, _filter(asked), most)


def _fields(waiting: Waiting) -> dict[str, Any]:
    return {
        "delivery_id": waiting.id,
        "lead_id": waiting.lead_id,
        "status": waiting.state,
        "buyer": waiting.buyer,
        "seller": waiting.seller,
        "consumer": waiting.consumer,
        "price": waiting.price.text,
        "currency": waiting.price.currency,
        "reason": waiting.why,
        "made_at": utc(waiting.made_at),
        "settles_at": utc(waiting.settle_after) if waiting.settle_after else None,
    }


UNCLEAR: Shape[Waiting] = Shape(
    "unclear",
    PATH,
    "delivery",
    "deliveries",
    (
        Column("made", "Sent", "when tab", sorts=lambda line: line.made_at),
        Column("lead", "Lead", "who wrap", fixed=True),
        Column("buyer", "Buyer", "wrap"),
        Column("price", "Price", "paid", num=True, sorts=lambda line: line.price.units),
        Column("state", "State", "is wrap"),
        Column("seller", "Seller", "wrap"),
        Column("settles", "By rule", "nw", hidden=True),
        Column("settle", "What it was", "act", fixed=True),
    ),
    (
        Filter("state", "State", lambda _: list(STATES.items()), lambda text: text if text in STATES else ""),
        Filter("buyer", "Buyer", buyers),
        Filter("seller", "Seller", sellers),
        Filter("waited", "Waits", lambda _: list(WAITED.items()), lambda text: text if text in WAITED else ""),
    ),
    _read,
    _count,
    lambda line: line.id,
    _fields,
    NAMES,
    Nothing(
        "Nothing to settle. A delivery comes here when a buyer was posted to and its answer was lost or could not be "
        "read.",
        "Dashboard",
        "/console",
    ),
    falling=False,
)
