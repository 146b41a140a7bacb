"""What is in the store, what it asks, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.store import card_in, price_of
from exchange.model.money import Money
from exchange.storage.database import Row
from exchange.storage.store import store_view
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
    """One lead of the store. `now` is None once it asks nothing any more."""

    lead_id: str
    vertical: str
    campaign: str
    us_state: str | None
    state: str
    now: Money | None
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
    return [_made(row, names.get(row["campaign_id"], row["campaign_id"]), market.clock.now()) for row in rows]


def _made(row: Row, campaign: str, now: int) -> Listed:
    card = card_in(row)
    brought = Money(row["brought"], row["currency"]) if row["brought"] else None
    return Listed(
        row["lead_id"],
        row["vertical"],
        campaign,
        card.us_state,
        "over" if row["state"] == "listed" and row["ends_at"] <= now else row["state"],
        price_of(row, now) if row["state"] == "listed" else None,
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
        "state": each.state,
        "asks": each.now.text if each.now is not None else None,
        "brought": each.brought.text if each.brought is not None else None,
        "views": each.views,
        "claims": each.claims,
        "listed_at": utc(each.listed_at),
        "ends_at": utc(each.ends_at),
    }
