"""A lead that ends otherwise under a draft: both ways beside each other, the first step that differs marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from aiohttp import web

from exchange.flows.market import Market
from exchange.storage.simulations import changed_lead
from exchange.web.auth import actor_of
from exchange.web.figures.steps import step_words
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import notice, page

_ONE = "/console/simulator/{id:sim_[0-9A-Z]{26}}/leads/{lead:ld_[0-9A-Z]{26}}"


class Line(NamedTuple):
    """One step on either side; empty where one side has no more."""

    was: str
    then: str
    first: bool  # the first that differs


def pages() -> tuple[Page, ...]:
    return (Page("GET", _ONE, show), Page("GET", _ONE + ".json", as_json))


async def _told(request: web.Request) -> dict[str, Any] | None:
    assert actor_of(request) is not None
    given = request.match_info
    row = await request.app[MARKET].db.read(changed_lead, given["id"], given["lead"])
    return orjson.loads(row["document"]) if row is not None else None


async def show(request: web.Request) -> web.StreamResponse:
    told = await _told(request)
    if told is None:
        return await notice(request, "Not here", "This simulation has no such lead.", http_status=404)
    return await page(
        request,
        "console/rules/simulated_lead.html",
        title="Simulated lead",
        here="simulator",
        id=request.match_info["id"],
        told=told,
        lines=side_by_side(request.app[MARKET], told["before"]["steps"], told["after"]["steps"]),
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    told = await _told(request)
    return json_response(told) if told is not None else json_response({"error": "not_found"}, 404)


def side_by_side(market: Market, was: Sequence[Sequence[str]], then: Sequence[Sequence[str]]) -> list[Line]:
    """Step beside step up to the first that differs, and what follows on each side."""
    same = next((place for place, (one, other) in enumerate(zip(was, then, strict=False)) if one != other), None)
    first = same if same is not None else min(len(was), len(then))
    lines = []
    for place in range(max(len(was), len(then))):
        one = step_words(market, was[place]) if place < len(was) else ""
        other = step_words(market, then[place]) if place < len(then) else ""
        lines.append(Line(one, other, place == first))
    return lines
