"""The list of leads: newest first, narrowed by filters; and the same as JSON and CSV."""

from __future__ import annotations

from aiohttp import web

from exchange.model.money import Money
from exchange.storage.leads import Sums, sum_leads
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.lead_list import LEADS, lead_filter
from exchange.web.lists.shape import COUNTED
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import page, times_of


def pages() -> tuple[Page, ...]:
    return pages_of(LEADS, show)


async def show(request: web.Request) -> web.StreamResponse:
    view = await view_of(request, LEADS)
    wanted = lead_filter(view.query.all_of(times_of(request)))
    sums = await request.app[MARKET].db.read(sum_leads, actor_of(request), wanted, COUNTED)
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
