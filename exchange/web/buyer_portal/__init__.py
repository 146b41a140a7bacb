"""Pages for buyers: each sees what is its own, and of its people each what its duty opens."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType, ModuleType

from aiohttp import web
from aiohttp.typedefs import Handler

from exchange.model.follow import Duty
from exchange.model.rights import Staff
from exchange.web.auth import duty_of, find_session, for_role
from exchange.web.buyer_portal import (
    _reports,
    agents,
    billing,
    card,
    claim,
    lead,
    leads,
    order,
    quality,
    return_ask,
    return_file,
    return_one,
    returns,
    store,
    work,
    work_lead,
)
from exchange.web.lists import choices
from exchange.web.pages import add_table, see_other

HOME = "/buyer/leads"
_HOMES: Mapping[Duty | Staff, str] = MappingProxyType({Duty.AGENT: work.HOME, Duty.FINANCE: "/buyer/billing"})
ADMINS = (Duty.ADMIN,)
"""Who sees the pages of a module that does not say in DUTIES who does."""


def modules() -> tuple[ModuleType, ...]:
    """Those with pages."""
    following = (_reports, agents, work, work_lead, quality)
    return (order, claim, store, card, leads, lead, billing, *following, returns, return_ask, return_file, return_one)


def add_buyer_portal(app: web.Application) -> None:
    for each in modules():
        add_table(app, each.pages(), _guard(each))
    for with_files in (_reports, return_ask, return_file, return_one):
        add_table(app, with_files.uploads(), _guard(with_files, token=False))
    add_table(app, choices.pages("/buyer"), lambda show: for_role("buyer", show))
    app.router.add_get("/buyer", for_role("buyer", _home))


def _guard(module: ModuleType, *, token: bool = True) -> Callable[[Handler], Handler]:
    duties: Collection[Duty] = getattr(module, "DUTIES", ADMINS)
    return lambda show: for_role("buyer", show, token=token, duties=duties)


async def _home(request: web.Request) -> web.StreamResponse:
    session = await find_session(request)
    home = _HOMES.get(duty_of(session), HOME) if session is not None else HOME
    return see_other(home)
