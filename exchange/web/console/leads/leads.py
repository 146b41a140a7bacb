"""The list of leads: newest first, narrowed by filters; and the same as JSON and CSV."""

from __future__ import annotations

from aiohttp import web

from exchange.model.money import Money
from exchange.storage.leads import Sums
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.listed.leads import LEADS, sums_of
from exchange.web.lists.query import read_query
from exchange.web.lists.shape import COUNTED
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import mode_of, page, times_of


def pages() -> tuple[Page, ...]:
    return pages_of(LEADS, show)


async def show(request: web.Request) -> web.StreamResponse:
    query = read_query(LEADS, request.query, mode_of(request))
    sums = await sums_of(request.app[MARKET], actor_of(request), query.all_of(times_of(request)), COUNTED)
    view = await view_of(request, LEADS, sums.leads)
    return await page(
        request, "console/leads/leads.html", title="Leads", here="leads", view=view, amounts=_amounts(sums)
    )


def _amounts(sums: Sums) -> list[tuple[Money, Money, Money]]:
    """Revenue, payout and what outside checks cost of the list, by currency."""
    return [
        (Money(revenue, currency), Money(payout, currency), Money(cost, currency))
        for currency, revenue, payout, cost in sums.money
        if revenue or payout or cost
    ]
