"""Verticals and their fields: what a lead of each kind carries, what is checked and masked, and where that is said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from aiohttp import web

from exchange.flows.grading import Regraded, put_par, regraded
from exchange.flows.market import Market
from exchange.flows.shapes import DocumentProblems
from exchange.model.rights import Right, may
from exchange.model.vertical import FieldSpec, Presence, Vertical
from exchange.stages.score.grade import GRADES, LEAST_POINTS
from exchange.storage.documents import read_documents
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, notice, page

HOME = "/console/settings/verticals"
_ONE = HOME + "/{name:[a-z][a-z0-9_]{0,59}}"
DAYS: Mapping[str, str] = MappingProxyType({"1": "the last day", "7": "the last 7 days", "30": "the last 30 days"})
LEAST_PAR, MOST_PAR = 0.001, 0.9  # as a vertical's file may say
_WRONG = f"Par is a share such as 15%, from {LEAST_PAR:.1%} to {MOST_PAR:.0%}."
_DONE = "The new par is in force for every lead that comes from now on."
_PERCENT = re.compile(r"[0-9]{1,2}(\.[0-9]{1,2})?")
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


class Grading(NamedTuple):
    """Another par as it was typed, and what it would do; `problem` says what is wrong with it."""

    typed: str
    days: str
    problem: str
    found: Regraded | None
    may: bool = False


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("GET", _ONE, show_one),
        Page("GET", f"{_ONE}.json", show_one_json),
        Page("POST", f"{_ONE}/par", change_par, Right.SETTINGS),
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
        return await _no_vertical(request)
    return await page(
        request,
        "console/settings/verticals.html",
        title=f"{one.vertical.title}: fields",
        here="settings",
        kinds=kinds,
        one=one,
        presence=_PRESENCE,
        days=DAYS,
        bands=tuple(zip(GRADES, LEAST_POINTS, strict=False)),
        grading=await _grading(request, one.vertical),
        done=_DONE if request.query.get("done") == "par" else "",
    )


async def change_par(request: web.Request) -> web.StreamResponse:
    """What was tried is put in force."""
    market, name, typed = request.app[MARKET], request.match_info["name"], request[FORM].get("par", "")[:10]
    if name not in market.verticals:
        return await _no_vertical(request)
    par = _par(typed)
    if par is None:
        return await notice(request, "Par was not changed", _WRONG, http_status=422)
    try:
        await put_par(market, name, par, actor_of(request), ip_of(request))
    except DocumentProblems as error:
        return await notice(request, "Par was not changed", " ".join(error.problems), http_status=422)
    return see_other(f"{HOME}/{name}?done=par#grading")


async def _no_vertical(request: web.Request) -> web.StreamResponse:
    told = "Those that there are stand in the list."
    return await notice(request, "There is no such vertical", told, http_status=404, links=[("Verticals", HOME)])


def _par(typed: str) -> float | None:
    """The share that was typed as a percentage; None for one that a vertical's file may not say."""
    percent = typed.strip().removesuffix("%").strip()
    par = round(float(percent) / 100, 6) if _PERCENT.fullmatch(percent) else 0.0
    return par if LEAST_PAR <= par <= MOST_PAR else None


async def _grading(request: web.Request, vertical: Vertical) -> Grading:
    """What is tried, `?par=15&days=7`, and how the leads of these days would be graded by it."""
    typed, days = request.query.get("par", "").strip(), request.query.get("days", "")
    days = days if days in DAYS else "7"
    if not typed:
        return Grading("", days, "", None)
    par = _par(typed)
    if par is None:
        return Grading(typed, days, _WRONG, None)
    found = await regraded(request.app[MARKET], actor_of(request), vertical, par, int(days))
    return Grading(typed, days, "", found, may(actor_of(request), Right.SETTINGS))


async def show_one_json(request: web.Request) -> web.StreamResponse:
    vertical = request.app[MARKET].verticals.get(request.match_info["name"])
    if vertical is None:
        return as_json({"status": "error", "message": "There is no such vertical."}, 404)
    tried = (await _grading(request, vertical)).found
    grading = {"par": vertical.score.par, "least_points": dict(zip(GRADES, LEAST_POINTS, strict=False))}
    if tried is not None:
        moves = [{"from": before, "to": after, "leads": count} for before, after, count in tried.moves]
        grading |= {"tried": {"leads": tried.leads, "changed": tried.changed, "moves": moves}}
    fields = [_fields(spec) for spec in vertical.fields]
    return as_json({"vertical": vertical.name, "fields": fields, "grading": grading})


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
