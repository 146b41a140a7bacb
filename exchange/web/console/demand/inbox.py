"""Answers that no rule reads: each kind once, with its count, and a way to the rule that would read it.

What a buyer said about a consumer is masked before it is shown here, and so before it can become a sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.inbox import forget
from exchange.flows.market import Market
from exchange.flows.trial import outcome_of
from exchange.model.wire import Reply
from exchange.stages.notes import note_problem
from exchange.stages.shape import shape_of
from exchange.storage.database import Row
from exchange.storage.timeline import read_lead_rows
from exchange.storage.unmapped import unmapped_inbox
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json as json_response
from exchange.web.render import notice, page
from exchange.web.story.records import open_story
from exchange.web.words import utc

LISTED = 200
_PATH = "/console/inbox"
_ONE = _PATH + "/{contract}/{stage:ping|post}/{shape:[0-9a-f]{2,64}|none}"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of answer of one contract. `shape` names it, `none` stands for those counted together."""

    contract_id: str
    contract: str
    connection: str
    stage: str
    shape: str
    times: int
    first_at: int | None
    last_at: int
    lead_id: str

    @property
    def path(self) -> str:
        return f"{_PATH}/{self.contract_id}/{self.stage}/{self.shape}"

    def fields(self) -> dict[str, Any]:
        return {
            "contract": self.contract_id,
            "connection": self.connection,
            "stage": self.stage,
            "times": self.times,
            "first_at": utc(self.first_at) if self.first_at is not None else None,
            "last_at": utc(self.last_at),
            "lead_id": self.lead_id,
        }


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", _PATH, show),
        Page("GET", f"{_PATH}.json", as_json),
        Page("GET", _ONE, show_one),
        Page("POST", _ONE, done_with),
    )


async def show(request: web.Request) -> web.StreamResponse:
    kinds = await _kinds(request)
    return await page(
        request, "console/demand/inbox.html", title="Unmapped answers", here="inbox", kinds=kinds, one=None
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    kinds = await _kinds(request)
    return json_response({"count": sum(kind.times for kind in kinds), "kinds": [kind.fields() for kind in kinds]})


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
        kinds=[],
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
    shape = b"" if kind.shape == "none" else bytes.fromhex(kind.shape)
    note = request[FORM].get("note", "").strip()
    if note and (wrong := note_problem(note)) is not None:
        return await notice(request, "Not taken out yet", wrong.message, http_status=422)
    await forget(request.app[MARKET], kind.contract_id, kind.stage, shape, note, actor_of(request))
    return see_other(_PATH)


async def _kinds(request: web.Request) -> list[Kind]:
    market = request.app[MARKET]
    return [_told(market, row) for row in await market.db.read(unmapped_inbox, actor_of(request), LISTED)]


async def _kind(request: web.Request) -> Kind | None:
    wanted = tuple(request.match_info[name] for name in ("contract", "stage", "shape"))
    return next(
        (kind for kind in await _kinds(request) if (kind.contract_id, kind.stage, kind.shape) == wanted),
        None,
    )


def _told(market: Market, row: Row) -> Kind:
    contract = market.deals.contracts.get(row["contract_id"])
    return Kind(
        row["contract_id"],
        contract.name if contract is not None else row["contract_id"],
        contract.connection if contract is not None else "",
        row["stage"],
        bytes(row["shape"]).hex() or "none",
        row["times"],
        row["first_at"],
        row["last_at"],
        row["lead_id"],
    )


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
