"""One file of a seller: mapped, tried, started, paused and cancelled by itself, and its result."""

from __future__ import annotations

from aiohttp import web

from exchange.model.party import Campaign
from exchange.web.auth import actor_of
from exchange.web.importing import Place, import_pages
from exchange.web.listed.imports import OWN_IMPORTS, own_fields
from exchange.web.pages import Page


def pages() -> tuple[Page, ...]:
    return import_pages(Place(OWN_IMPORTS.path, "seller_portal/importing.html", _is_own, own_fields, None, None))


def _is_own(request: web.Request, campaign: Campaign) -> bool:
    return campaign.seller_id == actor_of(request).party_id
