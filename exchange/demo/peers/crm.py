"""Brightroof's own system: a list of its leads with the stage of each, for whoever has the key. JSON, page by page.

Its agents are an act: they write to `brightroof.json` in its folder.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from exchange.demo.peers import Peer, Site
from exchange.demo.peers.serving import serving

PORT = 8177
NAME = "crm"
KEY = "a key of the demo's crm"
FILE = "brightroof.json"
PAGE = 20


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    async def leads(request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.headers.get("X-Api-Key", "").encode(), KEY.encode()):
            return web.json_response({"error": "no such key"}, status=401)
        since = request.query.get("updated_since", "")
        page = int(request.query.get("page") or 0)
        found = [lead for lead in await asyncio.to_thread(read_leads, site.folder) if _is_after(lead, since)]
        part = found[page * PAGE : (page + 1) * PAGE]
        more = len(found) > (page + 1) * PAGE
        return web.json_response({"leads": part, "next": str(page + 1) if more else None})

    async with serving(site.ports[PORT], [web.get("/brightroof/leads", leads)]):
        yield {"brightroof_crm": KEY, "northsun_told": "an-address-of-the-demo", "northsun_sign": "a sign of the demo"}


def crm() -> Peer:
    return Peer(NAME, (PORT,), listening)


def read_leads(folder: Path) -> list[dict[str, Any]]:
    """What the system holds, the oldest first."""
    try:
        found: list[dict[str, Any]] = orjson.loads((folder / FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        return []
    return found


def write_leads(folder: Path, leads: list[dict[str, Any]]) -> None:
    """Whole or not at all: it may be read at any moment."""
    part = folder / f"{FILE}.part"
    part.write_bytes(orjson.dumps(leads))
    part.replace(folder / FILE)


def _is_after(lead: Mapping[str, Any], since: str) -> bool:
    try:
        return not since or datetime.fromisoformat(str(lead["stage_changed_at"])) >= datetime.fromisoformat(since)
    except ValueError:
        return True
