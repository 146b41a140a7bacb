"""Tracking links, and files of what media cost."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.attribution import CannotLink, make_link, stop_link
from exchange.flows.media_costs import FILE_BYTES, BadCosts, bring_costs
from exchange.intake.upload import NoFile
from exchange.stages.respond import rfc3339
from exchange.storage.attribution import cost_files, list_links
from exchange.web.auth import FORM, actor_of, without_token
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, notice, page
from exchange.web.uploads import HeldTooLarge, NotFromHere, closed, receive_held

HOME = "/console/media"
_LINKS, _FILES = 500, 50


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("POST", f"{HOME}/links", add),
        Page("POST", HOME + "/links/{link_id:[A-Za-z0-9_-]{6,40}}/end", end),
    )


def uploads() -> tuple[Page, ...]:
    return (Page("POST", f"{HOME}/costs", take),)


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def show_json(request: web.Request) -> web.StreamResponse:
    links = await request.app[MARKET].db.read(list_links, _LINKS)
    return as_json(
        {
            "links": [
                {**link._asdict(), "address": _address(request, link.id), "made_at": rfc3339(link.made_at)}
                for link in links
            ]
        }
    )


async def add(request: web.Request) -> web.StreamResponse:
    try:
        await make_link(request.app[MARKET], request[FORM], actor_of(request))
    except CannotLink as error:
        return await _page(request, str(error), 422)
    return see_other(HOME)


async def end(request: web.Request) -> web.StreamResponse:
    if not await stop_link(request.app[MARKET], request.match_info["link_id"], actor_of(request)):
        return await notice(request, "It leads nowhere already", "Somebody ended it before.", http_status=409)
    return see_other(HOME)


async def take(request: web.Request) -> web.StreamResponse:
    """A file of costs, read at once."""
    try:
        sent, data = await receive_held(request, FILE_BYTES)
        currency = sent.fields.get("currency", "").strip() or "USD"
        changed = await bring_costs(request.app[MARKET], data, sent.name or "costs.csv", currency, actor_of(request))
    except NotFromHere:
        return closed(await without_token(request))
    except (NoFile, BadCosts, HeldTooLarge) as error:
        return closed(await _page(request, str(error), 422))
    if changed is None:
        return await _page(request, told="This very file came before: nothing was changed.")
    return await _page(request, told=f"{changed} days of creatives are new or changed.")


def _address(request: web.Request, link_id: str) -> str:
    return f"{request.app[SETTINGS].public_url}/t/c/{link_id}"


async def _page(request: web.Request, problem: str = "", http_status: int = 200, told: str = "") -> web.Response:
    market = request.app[MARKET]
    links = await market.db.read(list_links, _LINKS)
    return await page(
        request,
        "console/supply/media.html",
        title="Links and costs",
        here="attribution",
        links=[(link, _address(request, link.id)) for link in links],
        files=await market.db.read(cost_files, _FILES),
        public_url=request.app[SETTINGS].public_url,
        problem=problem,
        told=told,
        http_status=http_status,
    )
