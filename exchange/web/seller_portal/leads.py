"""A seller's own leads, newest first, narrowed by filters; and the same as JSON and CSV."""

from __future__ import annotations

from aiohttp import web

from exchange.web.listed.own_leads import OWN_LEADS
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import page


def pages() -> tuple[Page, ...]:
    return pages_of(OWN_LEADS, show)


async def show(request: web.Request) -> web.StreamResponse:
    view = await view_of(request, OWN_LEADS)
    return await page(request, "seller_portal/leads.html", title="Leads", here="leads", view=view)
