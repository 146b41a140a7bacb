"""What is and was in the store, as a list: its columns and filters, and what of the storage they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exchange.flows.market import Market
from exchange.flows.store import card_in, price_of
from exchange.flows.store_rules import seers_text
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.stages.checks.fit import GRADES
from exchange.stages.store import age, next_fall
from exchange.storage.database import Row
from exchange.storage.store import rule_of
from exchange.storage.store_views import StoreFilter, count_items, list_items
from exchange.web.listed.leads import campaigns, sellers, verticals
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape
from exchange.web.words import utc

PATH = "/console/store"
NAMES = (
    "lead_id", "vertical", "campaign", "us_state", "grade", "age", "state", "asks", "next_price", "next_price_at",
    "times_sold", "sales", "seen_by", "brought", "views", "claims", "listed_at", "ends_at",
)  # fmt: skip
STATES: Mapping[str, str] = MappingProxyType({"listed": "offered now", "sold": "sold", "over": "over"})


@dataclass(frozen=True, slots=True)
class Listed:
    """One lead of the store. `now` is None once it asks nothing any more; `falls` when and to what it falls next.

    `consumer` are initials; `bought` of at most `sales` places are sold, `claims` held it at some time.
    """

    lead_id: str
    vertical: str
    campaign: str
    us_state: str | None
    grade: str | None
    consumer: str | None
    age: str
    seen_by: str
    state: str
    now: Money | None
    falls: tuple[int, Money] | None
    sales: int
    bought: int
    brought: Money | None
    views: int
    claims: int
    listed_at: int
    ends_at: int


def _made(market: Market, row: Row, now: int) -> Listed:
    campaign = market.deals.campaigns.get(row["campaign_id"])
    card, rule = card_in(row), rule_of(row)
    brought = Money(row["brought"], row["currency"]) if row["brought"] else None
    over = row["state"] != "listed" or row["ends_at"] <= now
    return Listed(
        row["lead_id"],
        row["vertical"],
        campaign.name if campaign is not None else row["campaign_id"],
        card.us_state,
        card.grade,
        row["initials"],
        age(now - card.received_at),
        seers_text(market, rule),
        "over" if row["state"] == "listed" and over else row["state"],
        None if over else price_of(row, now),
        None if over else next_fall(rule, row["listed_at"], now),
        rule.sales,
        row["bought"],
        brought,
        row["views"],
        row["claims"],
        row["listed_at"],
        row["ends_at"],
    )


def _filter(market: Market, asked: Asked) -> StoreFilter:
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    state, vertical, us_state, grade = (given.get(name, "") for name in ("status", "vertical", "state", "grade"))
    whose = _campaigns(market, given.get("campaign", ""), given.get("seller", ""))
    return StoreFilter(asked.times.now, state, vertical, whose, us_state, grade, since, until, asked.span)


def _campaigns(market: Market, campaign: str, seller: str) -> tuple[str, ...] | None:
    """The campaigns that are meant; None for all of them."""
    if not campaign and not seller:
        return None
    ours = [each.id for each in market.deals.campaigns.values() if not seller or each.seller_id == seller]
    return tuple(each for each in ours if not campaign or each == campaign)


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Listed]:
    rows = await market.db.read(list_items, actor, _filter(market, asked))
    return [_made(market, row, asked.times.now) for row in rows]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_items, actor, _filter(market, asked), most)


def _grades(_: Market) -> Choices:
    return [(each, each) for each in GRADES]


def _fields(each: Listed) -> dict[str, Any]:
    return {
        "lead_id": each.lead_id,
        "vertical": each.vertical,
        "campaign": each.campaign,
        "us_state": each.us_state,
        "grade": each.grade,
        "age": each.age,
        "state": each.state,
        "asks": each.now.text if each.now is not None else None,
        "next_price": each.falls[1].text if each.falls is not None else None,
        "next_price_at": utc(each.falls[0]) if each.falls is not None else None,
        "times_sold": each.bought,
        "sales": each.sales,
        "seen_by": each.seen_by,
        "brought": each.brought.text if each.brought is not None else None,
        "views": each.views,
        "claims": each.claims,
        "listed_at": utc(each.listed_at),
        "ends_at": utc(each.ends_at),
    }


STORE: Shape[Listed] = Shape(
    "store",
    PATH,
    "lead",
    "leads",
    (
        Column("listed", "Added", "when tab", sorts=lambda line: line.listed_at),
        Column("lead", "Lead", "who", fixed=True),
        Column("status", "Status", "is"),
        Column("vertical", "Vertical"),
        Column("state", "State"),
        Column("grade", "Grade"),
        Column("age", "Age", "nw"),
        Column("asks", "Asks now", "paid", num=True),
        Column("falls", "Next drop", "nw"),
        Column("bought", "Times sold", num=True),
        Column("brought", "Brought", num=True),
        Column("views", "Views", num=True),
        Column("claims", "Holds", num=True),
        Column("seen", "Seen by", "wrap"),
        Column("ends", "Ends", "tab", sorts=lambda line: line.ends_at),
    ),
    (
        Filter("status", "Status", lambda _: list(STATES.items()), lambda text: text if text in STATES else ""),
        Filter("vertical", "Vertical", verticals),
        Filter("seller", "Seller", sellers),
        Filter("campaign", "Campaign", campaigns, rare=True),
        Filter("state", "State", read=str.upper, example="AZ", longest=2, rare=True),
        Filter("grade", "Grade", _grades, rare=True),
        period_filter("Added"),
    ),
    _read,
    _count,
    lambda line: line.lead_id,
    _fields,
    NAMES,
    Nothing(
        "Nothing is listed. A campaign with a rule for the store lists what nobody buys: at a first price, which falls "
        "with age.",
        "Rules of the store",
        f"{PATH}/rules",
    ),
)
