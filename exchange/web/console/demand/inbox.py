"""Answers that no rule reads: each kind once, with its count, and a way to the rule that would read it.

What a buyer said about a consumer is masked before it is shown here, and so before it can become a sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from exchange.flows.inbox import forget
from exchange.flows.trial import outcome_of
from exchange.model.wire import Reply
from exchange.stages.notes import note_problem
from exchange.stages.shape import shape_of
from exchange.storage.timeline import read_lead_rows
from exchange.storage.unmapped import unmapped_kind
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.listed.answers import ANSWERS, PATH, Kind, kind_of, kinds
from exchange.web.lists.query import Query
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page, times_of
from exchange.web.story.records import open_story

_ONE = PATH + "/{contract}/{stage:ping|post}/{shape:(?:[0-9a-f][0-9a-f])+|none}"


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(ANSWERS, show, _answers),
        Page("GET", _ONE, show_one),
        Page("POST", _ONE, done_with),
    )


async def show(request: web.Request) -> web.StreamResponse:
    view = await view_of(request, ANSWERS)
    answers = await _times(request, view.query)
    template = "console/demand/inbox.html"
    return await page(request, template, title="Unmapped answers", here="inbox", view=view, answers=answers, one=None)


async def _answers(request: web.Request, query: Query) -> Mapping[str, object]:
    return {"answers": await _times(request, query)}


async def _times(request: web.Request, query: Query) -> int:
    """How many answers the kinds stand for that match."""
    found = await kinds(request.app[MARKET], actor_of(request), query.all_of(times_of(request)))
    return sum(kind.times for kind in found)


async def show_one(request: web.Request) -> web.StreamResponse:
    """The newest answer of one kind as it came, with a form that takes it to the connector test."""
    market = request.app[MARKET]
    kind = await _kind(request)
    if kind is None:
        return await _gone(request)
    reply, mask = await _newest(request, kind)
    connection = market.connections.get(kind.connection)
    now = outcome_of(connection, kind.stage, reply) if connection is not None and reply is not None else ""
    return await page(
        request,
        "console/demand/inbox.html",
        title=f"Answer of {kind.contract}",
        here="inbox",
        one=kind,
        reply=reply,
        body=mask.text(reply.body.decode("utf-8", "replace")) if reply is not None else "",
        headers=_headers(mask.headers(reply.headers)) if reply is not None else "",
        outcome=now,
    )


async def done_with(request: web.Request) -> web.StreamResponse:
    kind = await _kind(request)
    if kind is None:
        return await _gone(request)
    note = request[FORM].get("note", "").strip()
    if note and (wrong := note_problem(note)) is not None:
        return await notice(request, "Not taken out yet", wrong.message, http_status=422)
    await forget(request.app[MARKET], *_wanted(request), note, actor_of(request))
    return see_other(PATH)


async def _kind(request: web.Request) -> Kind | None:
    market, (contract, stage, shape) = request.app[MARKET], _wanted(request)
    row = await market.db.read(unmapped_kind, actor_of(request), contract, stage, shape)
    return kind_of(market, row) if row is not None else None


def _wanted(request: web.Request) -> tuple[str, str, bytes]:
    contract, stage, shape = (request.match_info[name] for name in ("contract", "stage", "shape"))
    return contract, stage, b"" if shape == "none" else bytes.fromhex(shape)


async def _newest(request: web.Request, kind: Kind) -> tuple[Reply | None, Any]:
    """The reply of this kind in its newest lead, and the mask of that lead; no reply when it is no longer kept."""
    market = request.app[MARKET]
    rows = await market.db.read(read_lead_rows, actor_of(request), kind.lead_id)
    if rows is None:
        return None, None
    story = open_story(market, rows)
    for told in reversed(story.requests):
        for wire in reversed(told.wires):
            reply = _reply(wire, kind)
            if reply is not None and kind.shape in ("none", market.vault.index("shape", shape_of(reply)).hex()):
                return reply, told.mask
    return None, story.mask


def _reply(wire: Mapping[str, Any], kind: Kind) -> Reply | None:
    if wire["contract"] != kind.contract_id or wire["stage"] != kind.stage or "reply" not in wire:
        return None
    return Reply(wire["status"], wire["reply_headers"], wire["reply"].encode("latin-1"))


def _headers(headers: Mapping[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers.items())


async def _gone(request: web.Request) -> web.StreamResponse:
    told = "A rule reads it now, or somebody took it out of the list."
    return await notice(request, "This answer is no longer listed", told, http_status=404)
