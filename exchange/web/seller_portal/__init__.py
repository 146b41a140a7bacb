"""Pages for sellers: each sees what is its own."""

from __future__ import annotations

from types import ModuleType

from aiohttp import web

from exchange.web import more, preferences
from exchange.web.auth import for_role
from exchange.web.lists import choices
from exchange.web.pages import add_table
from exchange.web.seller_portal import (
    campaigns,
    home,
    importing,
    imports,
    keys,
    lead,
    leads,
    postbacks,
    quality,
    returns,
    statements,
    users,
)


def modules() -> tuple[ModuleType, ...]:
    """Those with pages."""
    return (campaigns, home, imports, importing, keys, lead, leads, postbacks, quality, returns, statements, users)


def add_seller_portal(app: web.Application) -> None:
    for each in modules():
        add_table(app, each.pages(), lambda show: for_role("seller", show))
    add_table(app, imports.uploads(), lambda show: for_role("seller", show, token=False))
    own = (*choices.pages("/seller"), *more.pages("/seller"), *preferences.pages("/seller"))
    add_table(app, own, lambda show: for_role("seller", show))
