"""Pages from templates: one environment, everything escaped, and what every page shows around its own content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from exchange.storage.notices import count_unread
from exchange.storage.users import Session
from exchange.web import words
from exchange.web.badges import Badge, badges_of
from exchange.web.barred import GATE, bar
from exchange.web.brand import logo_of, sheet_of
from exchange.web.icons import icon
from exchange.web.keyboard import TABLE, ways
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.rail import crowded, dock, rail, shown
from exchange.web.statics import Asset, add_assets, load_assets
from exchange.web.words import Times

TEMPLATES = Path(__file__).parent
THEME_COOKIE = "theme"
THEMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"auto": ("Automatic theme", "dark"), "dark": ("Dark theme", "light"), "light": ("Light theme", "auto")}
)
"""Each theme with its name and the one a click leads to."""

SESSION: web.RequestKey[Session] = web.RequestKey("session", Session)
_NO_STORE = "no-store"
_PACKED_FROM = 4_000  # characters; less goes in one packet anyway
_MODES = ("live", "test")
_PORTALS: Mapping[str, str] = MappingProxyType({"operator": "/console", "seller": "/seller", "buyer": "/buyer"})
"""Who has pages of their own, and where these begin."""


@dataclass(frozen=True, slots=True)
class Pages:
    """What pages are made with."""

    templates: Environment
    assets: Mapping[str, Asset]


PAGES: web.AppKey[Pages] = web.AppKey("pages", Pages)


def add_pages(app: web.Application) -> None:
    """Load templates and assets, and serve the assets."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.globals.update(icon=icon, words=words)
    pages = Pages(templates, load_assets())
    app[PAGES] = pages
    add_assets(app, pages.assets)


def times_of(request: web.Request) -> Times:
    market = request.app[MARKET]
    return Times(ZoneInfo(market.zone), market.clock.now())


def mode_of(request: web.Request) -> str:
    """Whether live or test leads are looked at: part of every address."""
    wanted = request.query.get("mode", "live")
    return wanted if wanted in _MODES else "live"


def theme_of(request: web.Request, preferences: Mapping[str, str]) -> str:
    """As whoever is signed in chose it; before that as this browser last had it."""
    chosen = preferences.get("theme") or request.cookies.get(THEME_COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


def address(path: str, **query: str | None) -> str:
    """A path with the query values that are given."""
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


async def page(
    request: web.Request, template: str, *, title: str, here: str = "", http_status: int = 200, **values: Any
) -> web.Response:
    """One page in full. `here` is the rail's entry it belongs to; `values` are the template's own."""
    session = request.get(SESSION)
    role = session.user.role if session is not None else ""
    signed_in = role in _PORTALS
    mode = values.pop("mode", None) or mode_of(request)
    groups = rail(role, session.user.duty if session is not None else "")
    badges: Mapping[str, Badge] = {}
    if session is not None and role == "operator":
        badges = await request.app[MARKET].db.read(badges_of, session.user.actor, mode, request.app[MARKET].clock.now())
    unread = await request.app[MARKET].db.read(count_unread, session.user.id) if session is not None else 0
    pages = request.app[PAGES]
    settings = request.app[SETTINGS]
    preferences = session.preferences if session is not None else {}
    theme = theme_of(request, preferences)
    text = pages.templates.get_template(template).render(
        title=title,
        here=here,
        mode=mode,
        name=request.app[MARKET].name,
        own_sheet=sheet_of(request.app[MARKET].live.house.colour),
        own_logo=logo_of(request.app[MARKET].live.house.logo),
        host=urlsplit(settings.public_url).netloc,
        session=session if signed_in else None,
        csrf=session.csrf if session is not None else "",
        role=role,
        portal=_PORTALS.get(role, "/console"),
        preferences=preferences,
        key_table=TABLE,
        key_ways=ways(groups),
        home=_PORTALS.get(role, "/console"),
        rail=shown(groups, here, badges),
        everywhere=groups,
        dock=dock(groups),
        crowded=crowded(groups),
        theme=theme,
        theme_name=THEMES[theme][0],
        next_theme=THEMES[theme][1],
        path=request.path_qs,
        badges=badges,
        unread=unread,
        sends_mail=request.app[MARKET].mails,
        again_word="Send invitation again" if request.app[MARKET].mails else "New sign-in link",
        times=times_of(request),
        assets={name: asset.path for name, asset in pages.assets.items()},
        address=address,
        **values,
    )
    if session is not None and role == "operator":
        text = bar(text, request.path, session.user.actor, request.app[GATE])
    response = web.Response(text=text, status=http_status, content_type="text/html")
    response.headers["Cache-Control"] = _NO_STORE
    if signed_in and len(text) > _PACKED_FROM:
        response.enable_compression()
    return response


def as_json(fields: object, http_status: int = 200) -> web.Response:
    """A page's twin for programs."""
    response = web.Response(body=orjson.dumps(fields), status=http_status, content_type="application/json")
    response.headers["Cache-Control"] = _NO_STORE
    return response


async def notice(
    request: web.Request,
    title: str,
    *sentences: str,
    http_status: int,
    code: str | None = None,
    links: Sequence[tuple[str, str]] = (),
) -> web.Response:
    """A page that only says something: what is the matter, and what to do. `code` is a command to run, `links` are
    words and where they lead.
    """
    return await page(
        request,
        "_notice.html",
        title=title,
        http_status=http_status,
        sentences=sentences,
        command=code,
        links=links,
    )
