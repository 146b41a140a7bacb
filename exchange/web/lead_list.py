"""The list of leads: its columns, its filters, and what of the storage they ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import SCALE
from exchange.stages.asked import PRICE_UNITS
from exchange.storage.leads import LeadFilter, count_leads
from exchange.storage.ways import WAYS
from exchange.web.lead_query import PATH, PERIODS, STATUSES, period_of
from exchange.web.lead_rows import COLUMNS, LeadLine, read_lines
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape
from exchange.web.words import Times


def lead_filter(asked: Asked) -> LeadFilter:
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    if "from" in given or "to" in given:
        since, until = _days(given.get("from", ""), given.get("to", ""), asked.times)
    status = given.get("status")
    return LeadFilter(
        mode=asked.mode,
        states=STATUSES.get(status, (status,)) if status else (),
        reason=given.get("reason"),
        way=given.get("way"),
        sub_id=given.get("sub_id"),
        bid=_bid(given.get("bid", "")),
        seller_id=given.get("seller"),
        buyer_id=given.get("buyer"),
        vertical=given.get("vertical"),
        us_state=given.get("state"),
        since=since,
        until=until,
        span=asked.span,
    )


def _days(first: str, last: str, times: Times) -> tuple[int | None, int | None]:
    """From the first to the end of the last day, where they are given."""
    begin = times.bounds(date.fromisoformat(first))[0] if first else None
    return begin, times.bounds(date.fromisoformat(last))[1] if last else None


def _day(text: str) -> str:
    """A day as `2026-11-20`; nothing when it is none."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


_PRICES = re.compile(r"(\d{1,9}(?:\.\d{1,2})?)-(\d{1,9}(?:\.\d{1,2})?)?")
_SIZES_MOST = 2**53


def _bid(text: str) -> tuple[int, int] | None:
    """`12-14`: bids from 12.00 to below 14.00; `60-`: from there up."""
    found = _PRICES.fullmatch(text)
    if found is None:
        return None
    low, high = (int(Decimal(part) * SCALE) // PRICE_UNITS if part else _SIZES_MOST for part in found.groups())
    return low, high


async def _read(market: Market, actor: Actor, asked: Asked) -> list[LeadLine]:
    return await read_lines(market, actor, lead_filter(asked))


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_leads, actor, lead_filter(asked), most)


WAY_WORDS: Mapping[str, str] = MappingProxyType(
    {"exclusive": "to one buyer alone", "shared": "to several buyers", "store": "out of the store"}
)


def sellers(market: Market) -> Choices:
    return sorted(((each.id, each.name) for each in market.deals.sellers.values()), key=lambda pair: pair[1].lower())


def buyers(market: Market) -> Choices:
    return sorted(((each.id, each.name) for each in market.deals.buyers.values()), key=lambda pair: pair[1].lower())


def verticals(market: Market) -> Choices:
    return [(name, vertical.title) for name, vertical in sorted(market.verticals.items())]


def plain(_: Market, value: str) -> str:
    return value.replace("_", " ")


LEADS: Shape[LeadLine] = Shape(
    "leads",
    PATH,
    "lead",
    "leads",
    (
        Column("received", "Received", "when tab", sorts=lambda line: line.received_at),
        Column("consumer", "Consumer", "who", fixed=True),
        Column("status", "Status", "is"),
        Column("vertical", "Vertical", "wrap"),
        Column("seller", "Seller", "wrap"),
        Column("sub_id1", "Sub ID", "mono dim sub"),
        Column("buyer", "Buyer", "wrap"),
        Column("revenue", "Revenue", "paid", num=True, sorts=lambda line: line.revenue.units),
        Column("payout", "Payout", num=True, sorts=lambda line: line.payout.units),
        Column("margin", "Margin", num=True),
        Column("answer", "Answered in", "dim", num=True),
    ),
    (
        Filter("status", "Status", lambda _: [(name, name.replace("_", " ")) for name in STATUSES], tell=plain),
        Filter("period", "Received", lambda _: list(PERIODS.items()), lambda text: text if text in PERIODS else ""),
        Filter("seller", "Seller", sellers),
        Filter("buyer", "Buyer", buyers),
        Filter("vertical", "Vertical", verticals),
        Filter("state", "State", read=str.upper, example="AZ"),
        Filter("reason", "Reason", tell=plain, silent=True),
        Filter("way", "Sold", lambda _: list(WAY_WORDS.items()), lambda text: text if text in WAYS else "", rare=True),
        Filter("sub_id", "Sub ID", rare=True),
        Filter("from", "From", read=_day, example="2026-11-20", rare=True),
        Filter("to", "To", read=_day, example="2026-11-20", rare=True),
        Filter("bid", "Bid", read=lambda text: text if _bid(text) else "", example="12-14", rare=True),
    ),
    _read,
    _count,
    lambda line: line.id,
    LeadLine.fields,
    COLUMNS,
    Nothing(
        "No {mode} leads yet. They appear here as soon as a seller sends a ping or a post.",
        "See what is still to set up",
        "/console",
    ),
)
