"""Pages for buyers: each sees what is its own, and of its people each what its duty opens."""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import ModuleType

from aiohttp import web
from aiohttp.typedefs import Handler

from exchange.model.follow import Duty
from exchange.web import more, preferences
from exchange.web.auth import for_role
from exchange.web.buyer_portal import (
    _reports,
    agents,
    billing,
    card,
    claim,
    contracts,
    deliveries,
    home,
    keys,
    lead,
    leads,
    order,
    pings,
    quality,
    return_ask,
    return_file,
    return_one,
    returns,
    store,
    switch,
    trial,
    users,
    webhooks,
    work,
    work_lead,
)
from exchange.web.lists import choices
from exchange.web.pages import add_table

ADMINS = (Duty.ADMIN,)
"""Who sees the pages of a module that does not say in DUTIES who does."""


def modules() -> tuple[ModuleType, ...]:
    """Those with pages."""
    following = (_reports, users, agents, work, work_lead, quality)
    buying = (home, switch, contracts, trial, deliveries, pings, webhooks, keys)
    returning = (returns, return_ask, return_file, return_one)
    return (*buying, order, claim, store, card, leads, lead, billing, *following, *returning)


def add_buyer_portal(app: web.Application) -> None:
    for each in modules():
        add_table(app, each.pages(), _guard(each))
    for with_files in (_reports, contracts, return_ask, return_file, return_one):
        add_table(app, with_files.uploads(), _guard(with_files, token=False))
    own = (*choices.pages("/buyer"), *more.pages("/buyer"), *preferences.pages("/buyer"))
    add_table(app, own, lambda show: for_role("buyer", show))


def _guard(module: ModuleType, *, token: bool = True) -> Callable[[Handler], Handler]:
    duties: Collection[Duty] = getattr(module, "DUTIES", ADMINS)
    return lambda show: for_role("buyer", show, token=token, duties=duties)
