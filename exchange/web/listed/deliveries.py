"""The list of deliveries beside the request: its columns, its filters, and what of the storage they ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.delivery import DeliveryState, spoken
from exchange.model.money import Money
from exchange.storage.database import Row
from exchange.storage.delivery_views import DeliveryFilter, count_deliveries, list_deliveries, next_at
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape
from exchange.web.words import utc

PATH = "/console/deliveries"

STATUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "waiting": ("waiting", "sending"),
        "sent": ("sent",),
        "on_the_shelf": ("shelved",),
        "arrived": ("delivered", "accepted"),
        "failed": ("failed", "refused"),
        "came_back": ("bounced",),
        "nobody_knows": ("expired",),
        "cancelled": ("cancelled",),
    }
)
"""A status of the list and the states it shows; together they leave none out."""

CHANNELS = ("email", "fax", "phone", "sms", "ftp", "ftps", "sftp", "store", "pull", "csv_url", "http")
_PERSONAL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+?\d[\d ().-]{5,}\d")
"""What servers may quote of a lead, or of an address, in their words: no list shows it."""
_AGAIN = ("failed", "refused", "expired", "waiting")


@dataclass(frozen=True, slots=True)
class Listed:
    """One delivery of the list. `said` is the exchange's sentence or a server's word, never the lead's."""

    id: str
    lead_id: str
    consumer: str
    buyer: str
    channel: str
    state: str
    attempt: str
    price: Money
    tries: int
    made_at: int
    next_at: int | None
    said: str
    put_aside: bool

    @property
    def can_go_again(self) -> bool:
        return can_go_again(self.state, self.attempt)

    @property
    def can_be_undone(self) -> bool:
        return self.state == DeliveryState.BOUNCED.value and self.attempt == "accepted"


def can_go_again(delivery: str, attempt: str) -> bool:
    """By the states of both: nothing that a buyer has accepted goes out again."""
    return delivery in _AGAIN and (attempt != "accepted" or delivery == "expired")


def delivery_filter(asked: Asked) -> DeliveryFilter:
    given = asked.given
    states = STATUSES.get(given.get("status", ""), ())
    return DeliveryFilter(asked.mode, states, given.get("buyer"), given.get("channel"), span=asked.span)


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Listed]:
    rows = await market.db.read(list_deliveries, actor, delivery_filter(asked))
    return [_listed(market, row) for row in rows]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_deliveries, actor, delivery_filter(asked), most)


def _listed(market: Market, row: Row) -> Listed:
    return Listed(
        row["attempt_id"],
        row["lead_id"],
        ", ".join(part for part in (row["initials"], row["city"], row["us_state"]) if part),
        market.deals.buyer_name(row["contract_id"]),
        row["channel"],
        row["state"],
        row["attempt"],
        Money(row["bid_units"], row["currency"]),
        row["tries"],
        row["made_at"],
        next_at(row),
        masked(row["last_error"]),
        bool(row["dead"]) and row["run_at"] is None and row["ended_at"] is None,
    )


def masked(said: str | None) -> str:
    return _PERSONAL.sub("•••", said or "")


def _buyers(market: Market) -> Choices:
    """Those who are reached beside the request."""
    later = {name for name, connection in market.connections.items() if not connection.on_the_spot}
    found = {
        contract.buyer_id: market.deals.buyers[contract.buyer_id].name
        for contract in market.deals.contracts.values()
        if contract.connection in later
    }
    return sorted(found.items(), key=lambda pair: pair[1].lower())


def _buyer_name(market: Market, value: str) -> str:
    return market.deals.buyers[value].name if value in market.deals.buyers else value


def _fields(each: Listed) -> dict[str, Any]:
    return {
        "delivery_id": each.id,
        "lead_id": each.lead_id,
        "buyer": each.buyer,
        "channel": each.channel,
        "status": each.state,
        "sale": each.attempt,
        "price": each.price.text,
        "currency": each.price.currency,
        "tries": each.tries,
        "made_at": utc(each.made_at),
        "next_at": utc(each.next_at) if each.next_at is not None else None,
        "said": each.said or None,
        "put_aside": each.put_aside,
    }


DELIVERIES: Shape[Listed] = Shape(
    "deliveries",
    PATH,
    "delivery",
    "deliveries",
    (
        Column("made", "Made", "when tab", sorts=lambda line: line.made_at),
        Column("consumer", "Consumer", "who", fixed=True),
        Column("buyer", "Buyer", "wrap"),
        Column("channel", "Channel"),
        Column("delivery", "Delivery", "is"),
        Column("sale", "Sale"),
        Column("price", "Price", "paid", num=True),
        Column("tries", "Tries", num=True),
        Column("next", "Next try", "tab"),
        Column("said", "What was heard", "wrap dim"),
        Column("act", "To do", "act", fixed=True),
    ),
    (
        Filter("status", "Status", lambda _: [(name, name.replace("_", " ")) for name in STATUSES]),
        Filter("buyer", "Buyer", _buyers, tell=_buyer_name),
        Filter("channel", "Channel", lambda _: [(name, spoken(name)) for name in CHANNELS]),
    ),
    _read,
    _count,
    lambda line: line.id,
    _fields,
    (
        "delivery_id", "lead_id", "buyer", "channel", "status", "sale", "price", "currency", "tries", "made_at",
        "next_at", "said", "put_aside",
    ),
    Nothing(
        "Nothing went out beside a request yet. Leads of buyers reached by mail, fax, phone or file come here.",
        "Dashboard",
        "/console",
    ),
)  # fmt: skip
