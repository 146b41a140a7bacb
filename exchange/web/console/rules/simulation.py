"""One simulation: how far it is, what it found, the leads that end otherwise, and the way to put its rules in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.publish import CannotPublish, Moved, publish
from exchange.flows.simulate import read_draft
from exchange.flows.simulations import cancel, keep_draft, kept_draft, of_person
from exchange.model.draft import Draft
from exchange.stages.draft import BadDraft
from exchange.stages.notes import note_problem
from exchange.storage.database import Row
from exchange.storage.simulations import changed_leads, read_simulation
from exchange.web import words
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.charts.histogram import Bin, Names, histogram
from exchange.web.console.rules import _drafting as drafting
from exchange.web.figures.simulated import headline, rows, sides, winners
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json as json_response
from exchange.web.render import notice, page

HOME = "/console/simulator"
_ONE = HOME + "/{id:sim_[0-9A-Z]{26}}"
_LEADS = 50
_WINNERS = 5


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", _ONE, show),
        Page("GET", _ONE + ".json", as_json),
        Page("POST", _ONE + "/cancel", stop),
        Page("POST", _ONE + "/publish", put_in_force),
        Page("POST", _ONE + "/draft", take_up),
    )


async def _row(request: web.Request) -> Row | None:
    return await request.app[MARKET].db.read(read_simulation, actor_of(request), request.match_info["id"])


async def _gone(request: web.Request) -> web.StreamResponse:
    return await notice(request, "Not here", "There is no such simulation; old ones are forgotten.", http_status=404)


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    row = await _row(request)
    if row is None:
        return await _gone(request)
    draft = _draft_of(market, row)
    told = orjson.loads(row["result"]) if row["result"] else None
    after = request.query.get("after", "0")
    place = int(after) if after.isdecimal() and len(after) < 8 else 0
    found = await market.db.read(changed_leads, row["id"], place, _LEADS + 1)
    deals = market.deals
    buyers = {each.id: each.name for each in deals.buyers.values()}
    sellers = {each.id: each.name for each in deals.sellers.values()}
    gain, lose = winners(told, lambda id_: buyers.get(id_, id_), _WINNERS) if told else ([], [])
    return await page(
        request,
        "console/rules/simulation.html",
        title="Simulation",
        here="simulator",
        row=row,
        span=orjson.loads(row["span"]),
        draft=[(drafting.told(market, each), each.value) for each in draft],
        lines=row["draft"].splitlines(),
        told=told,
        headline=headline(told, draft) if told else "",
        outcome=rows(told) if told else [],
        gain=gain,
        lose=lose,
        by_buyer=sides(told, "buyers", lambda id_: buyers.get(id_, id_)) if told else [],
        by_seller=sides(told, "sellers", lambda id_: sellers.get(id_, id_)) if told else [],
        chart=_chart(told) if told and told["changed"] else None,
        leads=[_lead(each) for each in found[:_LEADS]],
        following=found[_LEADS]["place"] if len(found) > _LEADS else None,
        moving=row["state"] in ("waiting", "running"),
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    row = await _row(request)
    if row is None:
        return json_response({"error": "not_found"}, 404)
    told = orjson.loads(row["result"]) if row["result"] else {}
    head = {"id": row["id"], "state": row["state"], "done": row["done"], "total": row["total"]}
    return json_response({**head, "draft": row["draft"].splitlines(), **told})


def _draft_of(market: Market, row: Row) -> Draft:
    """What is left of it that can be understood."""
    try:
        return read_draft(market, row["draft"])
    except BadDraft:
        return ()


def _lead(row: Row) -> dict[str, Any]:
    told = orjson.loads(row["document"])
    return {
        "id": told["lead_id"],
        "at": told["at"],
        "before": told["before"]["state"],
        "after": told["after"]["state"],
        "brought": told["before"]["revenue"],
        "brings": told["after"]["revenue"],
        "estimated": told["estimated"],
    }


def _chart(told: Mapping[str, Any]) -> Any:
    """By how much the price of changed leads moves."""
    edges = (-30.0, -20.0, -10.0, -5.0, 0.0, 5.0, 10.0, 20.0, 30.0)
    counts = list(told["prices"].values())
    bins = [Bin(low, high, count) for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)]
    less, more = sum(counts[:4]), sum(counts[4:])
    summary = f"{words.plural(less, 'changed lead')} would bring less, {words.count(more)} as much or more."
    return histogram(bins, (), Names("Leads", "", ""), summary)


async def stop(request: web.Request) -> web.StreamResponse:
    row = await _row(request)
    if row is None:
        return await _gone(request)
    await cancel(request.app[MARKET], row["id"])
    return see_other(f"{HOME}/{row['id']}")


async def take_up(request: web.Request) -> web.StreamResponse:
    """Its draft becomes the one that is being written, to go on from there."""
    market, row = request.app[MARKET], await _row(request)
    if row is None:
        return await _gone(request)
    await keep_draft(market, of_person(actor_of(request)), _draft_of(market, row), actor_of(request))
    return see_other(f"{HOME}#draft")


async def put_in_force(request: web.Request) -> web.StreamResponse:
    """Publish what was tried: nothing else changes, and one line says what was before."""
    market, actor, note = request.app[MARKET], actor_of(request), request[FORM].get("note", "").strip()
    row = await _row(request)
    if row is None:
        return await _gone(request)
    if (wrong := note_problem(note)) is not None:
        return await notice(request, "Nothing published", wrong.message, http_status=422)
    own = of_person(actor)
    used_up = own if await kept_draft(market, own) == row["draft"] else None
    try:
        draft = read_draft(market, row["draft"])
        await publish(market, draft, f"simulation:{row['id']}", note, actor, ip_of(request), used_up)
    except (BadDraft, CannotPublish) as cannot:
        return await notice(request, "Nothing published", *cannot.problems, http_status=422)
    except Moved:
        told = "Somebody changed the same rules meanwhile. Simulate again and look at the result."
        return await notice(request, "Nothing published", told, http_status=409)
    return see_other(HOME)
