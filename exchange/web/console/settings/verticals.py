"""Verticals and their fields: what a lead of each kind carries, what is checked and masked, and where that is said."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web

from exchange.flows.market import Market
from exchange.model.vertical import FieldSpec, Presence, Vertical
from exchange.storage.documents import read_documents
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json, notice, page

HOME = "/console/settings/verticals"
_ONE = HOME + "/{name:[a-z][a-z0-9_]{0,59}}"
_PRESENCE = {Presence.ABSENT: "never", Presence.OPTIONAL: "may", Presence.REQUIRED: "must"}


class Kind(NamedTuple):
    """A vertical beside who sells and buys it; `stored`: made while the exchange ran, not by a file."""

    vertical: Vertical
    campaigns: int
    contracts: int
    stored: bool

    def fields(self) -> dict[str, object]:
        return {"vertical": self.vertical.name, "title": self.vertical.title, "fields": len(self.vertical.fields),
                "campaigns": self.campaigns, "contracts": self.contracts}  # fmt: skip


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("GET", _ONE, show_one),
        Page("GET", f"{_ONE}.json", show_one_json),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await page(
        request,
        "console/settings/verticals.html",
        title="Verticals",
        here="settings",
        kinds=await _kinds(request.app[MARKET]),
        one=None,
        presence=_PRESENCE,
    )


async def show_json(request: web.Request) -> web.StreamResponse:
    return as_json({"verticals": [each.fields() for each in await _kinds(request.app[MARKET])]})


async def show_one(request: web.Request) -> web.StreamResponse:
    kinds = await _kinds(request.app[MARKET])
    one = next((each for each in kinds if each.vertical.name == request.match_info["name"]), None)
    if one is None:
        return await notice(
            request, "There is no such vertical", "Those that there are stand in the list.", http_status=404,
            links=[("Verticals", HOME)],
        )  # fmt: skip
    return await page(
        request,
        "console/settings/verticals.html",
        title=f"{one.vertical.title}: fields",
        here="settings",
        kinds=kinds,
        one=one,
        presence=_PRESENCE,
    )


async def show_one_json(request: web.Request) -> web.StreamResponse:
    vertical = request.app[MARKET].verticals.get(request.match_info["name"])
    if vertical is None:
        return as_json({"status": "error", "message": "There is no such vertical."}, 404)
    return as_json({"vertical": vertical.name, "fields": [_fields(spec) for spec in vertical.fields]})


def _fields(spec: FieldSpec) -> dict[str, object]:
    return {
        "name": spec.name,
        "type": spec.type,
        "label": spec.label,
        "ping": spec.ping.value,
        "post": spec.post.value,
        "personal": spec.personal,
        "aliases": list(spec.aliases),
        "allowed": list(spec.allowed),
        "example": spec.example,
    }


async def _kinds(market: Market) -> list[Kind]:
    stored = {row.name for row in await market.db.read(read_documents) if row.kind == "vertical"}
    campaigns, contracts = market.deals.campaigns.values(), market.deals.contracts.values()
    return [
        Kind(
            vertical,
            sum(each.vertical == name for each in campaigns),
            sum(each.vertical == name for each in contracts),
            name in stored,
        )
        for name, vertical in sorted(market.verticals.items())
    ]
