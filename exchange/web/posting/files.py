"""The posting instructions to take home: OpenAPI, Postman, the fields as CSV, the whole as JSON and as PDF."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from exchange.flows.market import Market
from exchange.flows.specs import docs_of, sample_key, spec_of
from exchange.model.party import Campaign
from exchange.stages.spec_changes import day
from exchange.storage.specs import read_specs
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.posting import words as said
from exchange.web.posting.address import NO_KEY, PAGE, open_page, unknown
from exchange.web.posting.documents import base_of, csv_of, document_of, openapi_of, postman_of, rules_of
from exchange.web.posting.samples import sample_pairs, samples

_JSON = "application/json"


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", PAGE + ".json", _of_campaign(_document)),
        Page("GET", PAGE + ".csv", _of_campaign(_csv)),
        Page("GET", PAGE + ".pdf", _of_campaign(_pdf)),
        Page("GET", PAGE + "/openapi.json", _of_campaign(_openapi)),
        Page("GET", PAGE + "/postman.json", _of_campaign(_postman)),
    )


def _of_campaign(make: Callable[[Market, Campaign], Awaitable[web.Response]]) -> Handler:
    async def show(request: web.Request) -> web.StreamResponse:
        campaign = await open_page(request)
        return await unknown(request) if campaign is None else await make(request.app[MARKET], campaign)

    return show


async def _document(market: Market, campaign: Campaign) -> web.Response:
    newest = (await market.db.read(read_specs, campaign.id, 1))[0]
    return _sent(_dumped(document_of(market, campaign, newest.number)), _JSON)


async def _csv(market: Market, campaign: Campaign) -> web.Response:
    return _sent(csv_of(market, campaign).encode(), "text/csv", f"{campaign.id}-fields.csv")


async def _openapi(market: Market, campaign: Campaign) -> web.Response:
    return _sent(_dumped(openapi_of(market, campaign)), _JSON)


async def _postman(market: Market, campaign: Campaign) -> web.Response:
    return _sent(_dumped(postman_of(market, campaign)), _JSON, f"{campaign.id}.postman_collection.json")


async def _pdf(market: Market, campaign: Campaign) -> web.Response:
    from exchange.web.posting.paper import Leaflet, draw  # reportlab is large, and few ask for this

    spec, now = spec_of(market.deals, campaign), market.clock.now()
    newest = (await market.db.read(read_specs, campaign.id, 1))[0]
    key = sample_key(market, campaign.id) or NO_KEY
    leaflet = Leaflet(
        market.name,
        spec,
        f"Version {newest.number}, {day(newest.made_at)}",
        base_of(market),
        samples(f"{base_of(market)}/ping", key, sample_pairs(spec, "ping", now))[0].code,
        said.answers(campaign, docs_of(market, campaign), now),
        said.CODES,
        said.test_values(),
        rules_of(market, campaign),
        said.postback_lines(),
    )
    body = await asyncio.get_running_loop().run_in_executor(None, draw, leaflet)
    return _sent(body, "application/pdf", f"{campaign.id}-posting.pdf")


def _dumped(document: object) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _sent(body: bytes, content_type: str, name: str = "") -> web.Response:
    response = web.Response(body=body, content_type=content_type)
    if content_type.startswith("text/"):
        response.charset = "utf-8"
    response.headers["Cache-Control"] = "no-store"
    if name:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
