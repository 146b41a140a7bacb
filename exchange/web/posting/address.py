"""Where posting pages are, and which campaign an address is of."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.specs import campaign_of, keep_specs
from exchange.model.party import Campaign
from exchange.web.keys import MARKET
from exchange.web.render import notice

PAGE = "/p/{page:[^/.]+}"
NO_KEY = "ck_test_your_key"
"""Stands in samples when the page's own key was revoked."""


async def open_page(request: web.Request) -> Campaign | None:
    """The campaign of the address, its instructions kept as they stand now."""
    market = request.app[MARKET]
    campaign = campaign_of(market, request.match_info["page"])
    if campaign is not None:
        await keep_specs(market)
    return campaign


async def unknown(request: web.Request) -> web.Response:
    told = "It is cut off, or was never one. Ask whoever runs the exchange for the address of your campaign's page."
    return await notice(request, "This address leads nowhere", told, http_status=404)
