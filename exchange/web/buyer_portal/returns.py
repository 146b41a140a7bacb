"""A buyer's returns: what it asked, what became of it, and how much it may still give back."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.allowances import allowances
from exchange.stages.returns.words import reason_words
from exchange.web.buyer_portal.store import buyer
from exchange.web.keys import MARKET
from exchange.web.own_returns import as_csv, as_json, newest
from exchange.web.pages import Page
from exchange.web.render import mode_of, page

HOME = "/buyer/returns"
_COLUMNS = (
    "return_id", "lead_id", "reference", "your_return_id", "contract_id", "reason", "asked_at", "state", "rule",
    "decided_at", "price", "credit", "currency", "why", "replacement_lead_id",
)  # fmt: skip


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_json),
        Page("GET", f"{HOME}.csv", as_csv(_COLUMNS)),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    lines, older = await newest(request)
    return await page(
        request,
        "buyer_portal/returns.html",
        title="Returns",
        here="returns",
        lines=lines,
        older=older,
        uses=[
            each
            for each in await allowances(market, buyer(request), mode_of(request))
            if each.now.bought or each.before
        ],
        contracts={each.id: each.name for each in market.deals.contracts.values()},
        reason_words=reason_words,
    )
