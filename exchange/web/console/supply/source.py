"""One source: how it does, the messages that could not be used, and what an operator does about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.polls import CannotPoll, pause, poll_now
from exchange.flows.reveal import MayNotReveal, reveal_item
from exchange.flows.sources import CannotTake, open_item, take_anew
from exchange.model.rights import Right
from exchange.storage.database import Row
from exchange.storage.sources import list_items
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.supply.sources import HOME, Line, fields_of, lines_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json as json_response
from exchange.web.render import notice, page
from exchange.web.story.shape import shape_of
from exchange.web.words import by_channel, utc

_ONE = HOME + "/{name:[a-z][a-z0-9_]{0,59}}"
ITEM = _ONE + "/items/{item:[A-Za-z0-9_-]{1,60}}"
_FAILED = 50
_LATEST = 20


@dataclass(frozen=True, slots=True)
class Message:
    """One message, its values hidden."""

    id: str
    at: int
    channel: str
    standing: str
    problems: tuple[str, ...]
    told: tuple[str, ...]
    shape: str
    lead_id: str | None
    again: bool


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", _ONE, show),
        Page("GET", _ONE + ".json", as_json),
        Page("POST", _ONE + "/{act:poll|pause|resume}", act),
        Page("POST", ITEM + "/again", again),
        Page("POST", ITEM + "/show", show_message, Right.REVEAL),
    )


async def show(request: web.Request) -> web.StreamResponse:
    line = await _line(request)
    return await _page(request, line) if line is not None else await _missing(request)


async def as_json(request: web.Request) -> web.StreamResponse:
    line = await _line(request)
    if line is None:
        return json_response({"status": "error", "message": "There is no such source."}, 404)
    failed = await _messages(request, line.source.name, _FAILED, failed=True)
    return json_response({**fields_of(line), "failed_messages": [_message_fields(each) for each in failed]})


async def act(request: web.Request) -> web.StreamResponse:
    """Poll now, pause, or let it go on."""
    market, name = request.app[MARKET], request.match_info["name"]
    if name not in market.sources:
        return await _missing(request)
    word = request.match_info["act"]
    if word != "poll":
        await pause(market, name, word == "pause", actor_of(request))
        return _back(request)
    try:
        await poll_now(market, name, actor_of(request))
    except CannotPoll as error:
        return await notice(request, "It is not polled now", str(error), http_status=409)
    return _back(request)


async def again(request: web.Request) -> web.StreamResponse:
    """Read a message as its source says now, and take it."""
    try:
        await take_anew(request.app[MARKET], request.match_info["item"], actor_of(request))
    except CannotTake as error:
        return await notice(request, "It is not taken again", str(error), http_status=409)
    return _back(request)


async def show_message(request: web.Request) -> web.StreamResponse:
    """The page once with one message as it came. The reason is in the audit log before it is."""
    line, item_id = await _line(request), request.match_info["item"]
    if line is None:
        return await _missing(request)
    why = request[FORM].get("why", "")[:500]
    try:
        original = await reveal_item(request.app[MARKET], item_id, why, actor_of(request), ip_of(request))
    except MayNotReveal as error:
        return await notice(request, "It is not shown", str(error), http_status=422)
    return await _page(request, line, revealed=(item_id, original.decode("utf-8", "replace")))


async def _page(request: web.Request, line: Line, revealed: tuple[str, str] | None = None) -> web.Response:
    name = line.source.name
    failed = await _messages(request, name, _FAILED, failed=True)
    latest = await _messages(request, name, _LATEST, failed=False)
    known = {message.id for message in (*failed, *latest)}
    return await page(
        request,
        "console/supply/source.html",
        title=line.source.title,
        here="sources",
        line=line,
        address_of=f"{request.app[MARKET].public_url}/in/{name}/…",
        failed=failed,
        latest=latest,
        revealed=revealed if revealed is not None and revealed[0] in known else None,
    )


async def _line(request: web.Request) -> Line | None:
    name = request.match_info["name"]
    return next((line for line in await lines_of(request.app[MARKET]) if line.source.name == name), None)


async def _messages(request: web.Request, name: str, most: int, *, failed: bool) -> list[Message]:
    market = request.app[MARKET]
    rows = await market.db.read(list_items, actor_of(request), name, most, failed=failed)
    return [_message(market, row) for row in rows]


def _message(market: Market, row: Row) -> Message:
    kept = open_item(market, row)
    return Message(
        row["id"],
        row["at"],
        by_channel(row["channel"]).removeprefix(" by "),
        str(row["status"] or row["state"]),
        kept.item.problems if kept is not None else (),
        kept.item.told if kept is not None else (),
        shape_of(kept.item.original) if kept is not None else "",
        row["lead_id"],
        kept is not None and (row["state"] == "failed" or row["status"] == "invalid"),
    )


def _message_fields(message: Message) -> dict[str, Any]:
    return {
        "item": message.id,
        "at": utc(message.at),
        "channel": message.channel,
        "status": message.standing,
        "problems": list(message.problems),
        "message": message.shape,
        "lead_id": message.lead_id,
    }


def _back(request: web.Request) -> web.Response:
    location = f"{HOME}/{request.match_info['name']}"
    return see_other(location)


async def _missing(request: web.Request) -> web.Response:
    told = "It may have been removed, or its file was."
    return await notice(request, "There is no such source", told, http_status=404)
