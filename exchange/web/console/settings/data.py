"""Where the data is, how long what is not needed is kept, and how old its last copies are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import orjson
from aiohttp import web

from exchange.flows.backups import FAILED, SUBJECT
from exchange.flows.backups_here import backup_file, is_under_way, note_taken, order_backup
from exchange.flows.market import Market
from exchange.model.audit import AuditLine
from exchange.model.rights import Right
from exchange.storage.audit import audit_of
from exchange.web.auth import actor_of
from exchange.web.console.settings._shown import DATA, shown
from exchange.web.console.settings.general import lines_of
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, notice, page
from exchange.web.words import size, utc

HOME = "/console/settings/data"
KEPT = ("retention_ping_days", "retention_raw_days", "retention_test_days")
_LISTED = 20
_DONE: Mapping[str, str] = MappingProxyType(
    {
        "yes": "Saved. What is older goes within the hour.",
        "begun": "A backup is being made. It stands here when it is done; leads are sold meanwhile.",
    }
)


class Copy(NamedTuple):
    """A backup that was made, or a try that failed."""

    at: int
    good: bool
    told: str
    file: str = ""  # its name, where it lies in the folder and can be taken

    def fields(self) -> dict[str, object]:
        return {"at": utc(self.at), "made": self.good, "told": self.told, "file": self.file or None}


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("POST", f"{HOME}/backups", make),
        Page("GET", HOME + "/backups/{name}", take, Right.EXPORT),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    return await page(
        request,
        "console/settings/data.html",
        title="Data",
        here="settings",
        lines=await lines_of(request, KEPT),
        filed_rows=shown(request.app[SETTINGS], (each for each in DATA if each not in KEPT)),
        copies=await _copies(request),
        ours=market.watched.ours_to_back_up,
        can=market.backed_up is not None,
        folder=market.backup_dir.absolute(),
        under_way=await is_under_way(market),
        done=_DONE.get(request.query.get("done", ""), ""),
        problem="",
    )


async def show_json(request: web.Request) -> web.StreamResponse:
    return as_json(
        {
            "settings": [each.fields() for each in await lines_of(request, KEPT)],
            "exchange_toml": [each.fields() for each in shown(request.app[SETTINGS], DATA)],
            "backups": [each.fields() for each in await _copies(request)],
        }
    )


async def make(request: web.Request) -> web.StreamResponse:
    """Have a backup made, unless one is on its way."""
    market = request.app[MARKET]
    if market.backed_up is None:
        return await notice(request, "No backup is made from here", "This exchange is not on a disk.", http_status=409)
    await order_backup(market, actor_of(request))
    return see_other(f"{HOME}?done=begun#copies")


async def take(request: web.Request) -> web.StreamResponse:
    """A backup as a file. Whoever takes it is noted first."""
    market, name = request.app[MARKET], request.match_info["name"]
    file = backup_file(market, name)
    if file is None:
        told = "It is not in the folder of this node: it was moved, thinned out, or made elsewhere."
        return await notice(request, "There is no such backup here", told, http_status=404)
    await note_taken(market, name, actor_of(request))
    disposition = f'attachment; filename="{name}"'
    return web.FileResponse(file, headers={"Content-Disposition": disposition, "Cache-Control": "no-store"})


async def _copies(request: web.Request) -> list[Copy]:
    lines = await request.app[MARKET].db.read(audit_of, actor_of(request), SUBJECT, limit=_LISTED)
    return [_copy(request.app[MARKET], line) for line in lines]


def _copy(market: Market, line: AuditLine) -> Copy:
    after = orjson.loads(line.after or "{}")
    if line.action == FAILED:
        return Copy(line.at, False, str(after.get("why", "")))
    sound = {True: ", its books proved sound", False: ", its books are not sound"}.get(after.get("sound"), "")
    name = str(after.get("file", ""))
    here = name if backup_file(market, name) is not None else ""
    return Copy(line.at, True, f"{after.get('file', '')}, {size(int(after.get('bytes', 0)))}{sound}", here)
