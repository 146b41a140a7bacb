"""What sellers keep on the web: an advertising platform that tells a lead to who may ask, a feed, and a list."""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from xml.sax.saxutils import escape

from aiohttp import web

from exchange.demo.peers import Peer, Site
from exchange.demo.peers.serving import serving
from exchange.ids import SystemIds

PORT = 8151
NAME = "platforms"
_KEPT = 200

Lead = Mapping[str, str]


@dataclass
class Shelves:
    """What lies there: leads of the platform by id, entries of the feed, rows of the list; each with its own id."""

    token: str
    app_secret: str
    ads: dict[str, Lead] = field(default_factory=dict)
    feed: deque[Lead] = field(default_factory=lambda: deque(maxlen=_KEPT))
    rows: deque[Lead] = field(default_factory=lambda: deque(maxlen=_KEPT))

    async def put(self, request: web.Request) -> web.Response:
        """A form of a seller was filled in: `/put/ads`, `/put/feed` or `/put/list`."""
        lead: Lead = await request.json()
        where = request.match_info["where"]
        if where == "ads":
            self.ads[lead["id"]] = lead
        else:
            (self.feed if where == "feed" else self.rows).append(lead)
        return web.Response(status=204)

    async def tell_ad(self, request: web.Request) -> web.Response:
        """A lead of the platform, for whoever has the page's token and the app's proof of it."""
        lead = self.ads.get(request.match_info["id"])
        proof = hmac.digest(self.app_secret.encode(), self.token.encode(), hashlib.sha256).hex()
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _error(190, "Error validating access token", 401)
        if lead is None or request.query.get("appsecret_proof") != proof:
            return _error(100, "Unsupported get request", 400)
        data = [{"name": name, "values": [value]} for name, value in lead.items() if name != "id"]
        return web.json_response({"id": lead["id"], "field_data": data})

    async def tell_feed(self, request: web.Request) -> web.Response:
        """RSS; who knows the newest entry hears that nothing changed."""
        tag = f'"{self.feed[-1]["id"] if self.feed else "none"}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        entries = "".join(_entry(lead) for lead in reversed(self.feed))
        text = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Leads</title>{entries}</channel></rss>'
        return web.Response(text=text, content_type="application/rss+xml", headers={"ETag": tag})

    async def tell_list(self, _: web.Request) -> web.Response:
        return web.json_response({"leads": [dict(lead) for lead in self.rows]})


def _entry(lead: Lead) -> str:
    lines = "\n".join(f"{name}: {value}" for name, value in lead.items() if name != "id")
    guid = f'<guid isPermaLink="false">{lead["id"]}</guid><pubDate>{formatdate(usegmt=True)}</pubDate>'
    return f"<item>{guid}<title>Lead {lead['id']}</title><description>{escape(lines)}</description></item>"


def _error(code: int, message: str, http_status: int) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=http_status)


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    """Its secrets are new with each start: who runs the demo for others to see has none that is in print."""
    ids = SystemIds()
    shelves = Shelves(ids.token(), ids.token())
    routes = (
        web.post("/put/{where:ads|feed|list}", shelves.put),
        web.get("/v23.0/{id}", shelves.tell_ad),
        web.get("/cedar/leads.xml", shelves.tell_feed),
        web.get("/dovetail/leads.json", shelves.tell_list),
    )
    async with serving(site.ports[PORT], routes):
        yield {
            "bluefin_facebook_page": shelves.token,
            "bluefin_facebook_app": shelves.app_secret,
            "bluefin_facebook_word": ids.token(),
            "bluefin_facebook_address": ids.token(),
            "acme_gravity_address": ids.token(),
        }


def platforms() -> Peer:
    return Peer(NAME, (PORT,), listening)
