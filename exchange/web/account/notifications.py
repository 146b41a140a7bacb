"""What you were told: the newest first, each with the page it is about; read or not."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.notice_choices import have_read
from exchange.model.notice import EVENTS
from exchange.storage.database import Row
from exchange.storage.notices import count_unread, inbox_of
from exchange.web.auth import FORM
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, as_json, notice, page
from exchange.web.words import utc

HOME = "/account/notifications"
_LISTED = 100


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("POST", f"{HOME}/read", read),
        Page("GET", HOME + "/{notice_id:ntc_[0-9A-F]{26}}", follow),
    )


async def show(request: web.Request) -> web.StreamResponse:
    rows, unread = await _inbox(request)
    return await page(
        request,
        "account/notifications.html",
        title="Notifications",
        here="notifications",
        rows=rows,
        new=unread,
        events=EVENTS,
    )


async def show_json(request: web.Request) -> web.StreamResponse:
    rows, unread = await _inbox(request)
    return as_json(
        {
            "unread": unread,
            "notifications": [
                {
                    "id": row["id"],
                    "event": row["event"],
                    "title": row["title"],
                    "text": row["body"],
                    "path": row["path"],
                    "at": utc(row["told_at"]),
                    "read_at": utc(row["read_at"]) if row["read_at"] is not None else None,
                }
                for row in rows
            ],
        }
    )


async def read(request: web.Request) -> web.StreamResponse:
    """One is read, or with no id all of them."""
    market, user = request.app[MARKET], request[SESSION].user
    await have_read(market, user, request[FORM].get("id", ""))
    return see_other(HOME)


async def follow(request: web.Request) -> web.StreamResponse:
    """To the record itself; it is read then. Asking for the head alone is no reading."""
    if request.method != "GET":
        raise web.HTTPMethodNotAllowed(request.method, ["GET"])
    market, user = request.app[MARKET], request[SESSION].user
    path = await have_read(market, user, request.match_info["notice_id"])
    if path is None:
        told = "It is older than 90 days, or it is somebody else's."
        return await notice(request, "There is none", told, http_status=404, links=(("Notifications", HOME),))
    return see_other(path)


async def _inbox(request: web.Request) -> tuple[list[Row], int]:
    db, user = request.app[MARKET].db, request[SESSION].user
    return await db.read(inbox_of, user.id, _LISTED), await db.read(count_unread, user.id)
