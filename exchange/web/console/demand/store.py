"""What is in the store, what it asks, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.store import card_in, price_of
from exchange.flows.store_rules import seers_text
from exchange.model.money import Money
from exchange.stages.store import age, next_fall
from exchange.storage.database import Row
from exchange.storage.store import rule_of, store_view
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import page
from exchange.web.words import utc

HOME = "/console/store"
_MOST = 200


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


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", as_json))


async def show(request: web.Request) -> web.StreamResponse:
    listed = await _listed(request)
    return await page(request, "console/demand/store.html", title="Store", here="store", listed=listed)


async def as_json(request: web.Request) -> web.StreamResponse:
    return json_response({"leads": [_fields(each) for each in await _listed(request)]})


async def _listed(request: web.Request) -> list[Listed]:
    market = request.app[MARKET]
    rows = await market.db.read(store_view, actor_of(request), _MOST)
    names = {campaign.id: campaign.name for campaign in market.deals.campaigns.values()}
    return [_made(market, row, names.get(row["campaign_id"], row["campaign_id"]), market.clock.now()) for row in rows]


def _made(market: Market, row: Row, campaign: str, now: int) -> Listed:
    card, rule = card_in(row), rule_of(row)
    brought = Money(row["brought"], row["currency"]) if row["brought"] else None
    over = row["state"] != "listed" or row["ends_at"] <= now
    return Listed(
        row["lead_id"],
        row["vertical"],
        campaign,
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
