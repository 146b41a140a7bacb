"""First-party tracking: a click of a link, a landing told by a page's script or by a picture. Nobody must sign in.

A link leads where it was made to lead, whatever the request says. Somebody is known again only where the page says that
they agreed, and never against their browser's wish (Sec-GPC). Whoever comes too often is sent on and not counted.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import orjson
from aiohttp import web

from exchange.flows.attribution import follow_link, note_landing
from exchange.intake.body import client_ip
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page
from exchange.web.public._addresses import Addresses
from exchange.web.render import notice

TRACKED: web.AppKey[Addresses] = web.AppKey("tracked", Addresses)
PER_SECOND, BURST = 2.0, 30
BODY_BYTES = 4_096
_FIELDS_MOST, _VALUE_CHARACTERS = 40, 2_000
_DOT = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_QUIET: Mapping[str, str] = MappingProxyType({"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
_EARLY = ("prefetch", "preview", "prerender")


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", "/t/c/{link:[A-Za-z0-9_-]{6,40}}", click),
        Page("POST", "/t/e", landed),
        Page("GET", "/t/p.gif", picture),
        Page("GET", "/t/x.js", script),
    )


async def click(request: web.Request) -> web.StreamResponse:
    """On to the link's own target."""
    counts = request.method == "GET" and not _early(request) and _may_come(request)
    target = await follow_link(request.app[MARKET], request.match_info["link"], request.query, counts=counts)
    if target is None:
        return await notice(request, "This link leads nowhere", "It has ended, or never was.", http_status=404)
    return web.Response(status=302, headers={"Location": target, **_QUIET})


async def landed(request: web.Request) -> web.StreamResponse:
    """A page's script tells of a landing: one small JSON object."""
    if request.content_length is not None and request.content_length > BODY_BYTES:
        return web.Response(status=413)
    body = await request.content.read(BODY_BYTES + 1)
    while len(body) <= BODY_BYTES and (more := await request.content.read(BODY_BYTES + 1 - len(body))):
        body += more
    told = _read(body) if len(body) <= BODY_BYTES else None
    if told is None:
        return web.Response(status=400, text="Send one JSON object of texts, of at most 4 KB.\n")
    if not _may_come(request):
        return web.Response(status=429, headers={"Retry-After": "5"})
    await note_landing(request.app[MARKET], told, may_know=request.headers.get("Sec-GPC") != "1")
    return web.Response(status=204, headers=_QUIET)


async def picture(request: web.Request) -> web.StreamResponse:
    """A dot for pages without a script. It knows nobody again."""
    if request.method == "GET" and not _early(request) and _may_come(request):
        told = {name: value[:_VALUE_CHARACTERS] for name, value in request.query.items() if name != "visitor"}
        await note_landing(request.app[MARKET], {**told, "page": request.headers.get("Referer", "")}, may_know=False)
    return web.Response(body=_DOT, content_type="image/gif", headers=_QUIET)


async def script(_: web.Request) -> web.StreamResponse:
    headers = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
    return web.Response(body=_script(), content_type="text/javascript", charset="utf-8", headers=headers)


@lru_cache(maxsize=1)
def _script() -> bytes:
    return (Path(__file__).parent / "static" / "track.js").read_bytes()


def _read(body: bytes) -> dict[str, str] | None:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict) or len(told) > _FIELDS_MOST:
        return None
    return {name: value[:_VALUE_CHARACTERS] for name, value in told.items() if isinstance(value, str)}


def _early(request: web.Request) -> bool:
    """Whether a browser only looks ahead."""
    told = " ".join(request.headers.get(name, "") for name in ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")).lower()
    return any(word in told for word in _EARLY)


def _may_come(request: web.Request) -> bool:
    client = client_ip(request, request.app[SETTINGS].trusted_proxies)
    return not request.app[TRACKED].wait_seconds(client, request.app[MARKET].clock.now())
