"""Where the data is, how long what is not needed is kept, and how old its last copies are."""

from __future__ import annotations

from typing import NamedTuple

import orjson
from aiohttp import web

from exchange.flows.backups import FAILED, SUBJECT
from exchange.model.audit import AuditLine
from exchange.storage.audit import audit_of
from exchange.web.auth import actor_of
from exchange.web.console.settings._shown import DATA, shown
from exchange.web.console.settings.general import lines_of
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page
from exchange.web.render import as_json, page
from exchange.web.words import size, utc

HOME = "/console/settings/data"
KEPT = ("retention_ping_days", "retention_raw_days", "retention_test_days")
_LISTED = 20


class Copy(NamedTuple):
    """A backup that was made, or a try that failed."""

    at: int
    good: bool
    told: str

    def fields(self) -> dict[str, object]:
        return {"at": utc(self.at), "made": self.good, "told": self.told}


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", show_json))


async def show(request: web.Request) -> web.StreamResponse:
    done = "Saved. What is older goes within the hour." if request.query.get("done") == "yes" else ""
    return await page(
        request,
        "console/settings/data.html",
        title="Data",
        here="settings",
        lines=await lines_of(request, KEPT),
        filed_rows=shown(request.app[SETTINGS], (each for each in DATA if each not in KEPT)),
        copies=await _copies(request),
        ours=request.app[MARKET].watched.ours_to_back_up,
        done=done,
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


async def _copies(request: web.Request) -> list[Copy]:
    lines = await request.app[MARKET].db.read(audit_of, actor_of(request), SUBJECT, limit=_LISTED)
    return [_copy(line) for line in lines]


def _copy(line: AuditLine) -> Copy:
    after = orjson.loads(line.after or "{}")
    if line.action == FAILED:
        return Copy(line.at, False, str(after.get("why", "")))
    sound = {True: ", its books proved sound", False: ", its books are not sound"}.get(after.get("sound"), "")
    return Copy(line.at, True, f"{after.get('file', '')}, {size(int(after.get('bytes', 0)))}{sound}")
