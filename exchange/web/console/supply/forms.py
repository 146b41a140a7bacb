"""The forms of the exchange, and how each did in the last 30 days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.model.money import Money
from exchange.storage.database import Row
from exchange.storage.forms import form_figures
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import page

HOME = "/console/forms"
DAYS = 30
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Listed:
    """One form. `epl` is what the seller earned per form that was sent; None before the first."""

    name: str
    title: str
    campaign: str
    mode: str
    open: bool
    views: int
    starts: int
    sent: int
    sold: int
    refused: int
    epl: Money | None


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", as_json))


async def show(request: web.Request) -> web.StreamResponse:
    campaigns = sorted(request.app[MARKET].deals.campaigns.values(), key=lambda campaign: campaign.name)
    return await page(
        request,
        "console/supply/forms.html",
        title="Forms",
        here="forms",
        listed=await listed(request),
        campaigns=campaigns,
        days=DAYS,
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    return json_response({"days": DAYS, "forms": [_fields(each) for each in await listed(request)]})


async def listed(request: web.Request) -> list[Listed]:
    market = request.app[MARKET]
    figures = {row["form"]: row for row in await market.db.read(form_figures, market.clock.now() - DAYS * DAY_MS)}
    campaigns = market.deals.campaigns
    return [
        Listed(
            form.name,
            form.title,
            campaigns[form.campaign_id].name if form.campaign_id in campaigns else form.campaign_id,
            form.mode.value,
            form.campaign_id in campaigns,
            *_counts(figures.get(form.name)),
            epl_of(figures.get(form.name)),
        )
        for form in sorted(market.deals.shapes.forms.values(), key=lambda form: form.name)
    ]


def _counts(row: Row | None) -> tuple[int, int, int, int, int]:
    names = ("views", "starts", "sent", "sold", "refused")
    views, starts, sent, sold, refused = (int(row[name]) if row is not None else 0 for name in names)
    return views, starts, sent, sold, refused


def epl_of(row: Row | None) -> Money | None:
    if row is None or not row["sent"] or row["currency"] is None:
        return None
    return Money(int(row["payout_units"]) // int(row["sent"]), row["currency"])


def _fields(each: Listed) -> dict[str, Any]:
    return {
        "form": each.name,
        "title": each.title,
        "campaign": each.campaign,
        "mode": each.mode,
        "views": each.views,
        "starts": each.starts,
        "sent": each.sent,
        "sold": each.sold,
        "refused": each.refused,
        "epl": each.epl.text if each.epl is not None else None,
    }
