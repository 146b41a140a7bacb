"""Pages for the people who run the exchange, room by room. Each is a pair, `leads.py` and `leads.html`, and tells its
own paths; each room tells its pages and what they need.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from types import ModuleType

from aiohttp import web

from exchange.model.rights import Right
from exchange.web import more, preferences
from exchange.web.auth import for_staff, leave
from exchange.web.barred import GATE, Gate, Guarded
from exchange.web.console import (
    alerts,
    analytics,
    buyers,
    checks,
    demand,
    leads,
    login,
    money,
    overview,
    quality,
    returns,
    rules,
    search,
    sellers,
    settings,
    supply,
)
from exchange.web.console._rights import SEEING, Rights
from exchange.web.lists import choices
from exchange.web.live_only import live_only
from exchange.web.pages import Page, add_page, add_table, see_other


def modules() -> Mapping[ModuleType, Rights]:
    """Those with pages, and what these need. A page may ask for another right by itself."""
    alone = {search: SEEING}
    rooms = (
        alerts,
        analytics,
        buyers,
        checks,
        demand,
        leads,
        money,
        overview,
        quality,
        returns,
        rules,
        sellers,
        settings,
        supply,
    )
    return ChainMap(alone, *(dict(room.ROOM) for room in rooms))


def add_console(app: web.Application) -> None:
    """Add the console's pages, and the way in and out. Uploads tell their token within the form."""
    add_table(app, _ways())
    app[GATE] = Gate(guarded())
    for page in (*choices.pages("/console"), *more.pages("/console"), *preferences.pages("/console")):
        add_page(app, page, for_staff(right_of(page, SEEING), page.show))
    for module, needs in modules().items():
        for page in module.pages():
            show = live_only(page.show) if needs.live_only and page.method == "GET" else page.show
            add_page(app, page, for_staff(right_of(page, needs), show))
        for page in module.uploads() if hasattr(module, "uploads") else ():
            add_page(app, page, for_staff(right_of(page, needs), page.show, token=False))


def guarded() -> Iterator[Guarded]:
    """Every page of the rooms with what it needs, as it is guarded."""
    for module, needs in modules().items():
        for page in (*module.pages(), *(module.uploads() if hasattr(module, "uploads") else ())):
            yield Guarded(page.method, page.path, right_of(page, needs))


def right_of(page: Page, needs: Rights) -> Right:
    return page.right or (needs.look if page.method == "GET" else needs.change)


def _ways() -> tuple[Page, ...]:
    """In and out: open to everybody."""
    return (
        Page("GET", "/", _home),
        Page("GET", "/console/", _home),
        Page("GET", "/login", login.show),
        Page("POST", "/login", login.by_password),
        Page("POST", "/logout", leave),
    )


async def _home(_: web.Request) -> web.Response:
    return see_other("/console")
