"""One import for those who run the exchange: whoever brought it."""

from __future__ import annotations

from aiohttp import web

from exchange.model.party import Campaign
from exchange.model.rights import Right
from exchange.web.importing import Place, import_pages
from exchange.web.listed.import_rows import import_fields
from exchange.web.listed.imports import PATH
from exchange.web.pages import Page

_TEMPLATE = "console/supply/importing.html"


def pages() -> tuple[Page, ...]:
    return import_pages(Place(PATH, _TEMPLATE, _any, import_fields, Right.EDIT, Right.REVEAL))


def _any(request: web.Request, campaign: Campaign) -> bool:
    return True
