"""The posting instructions as files: OpenAPI, Postman, the fields as CSV, the whole as JSON and as PDF."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.specs import sample_key, spec_of
from exchange.model.party import Campaign
from exchange.model.spec import FieldLine
from exchange.stages.demand import told_demand
from exchange.stages.spec_changes import day
from exchange.storage.specs import read_specs
from exchange.web.api.openapi import openapi
from exchange.web.api.route import KeyKind
from exchange.web.api.routes import routes
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page
from exchange.web.public import posting_words as said
from exchange.web.public.posting import PAGE, open_page, unknown
from exchange.web.samples import sample_pairs, samples

COLUMNS = ("field", "group", "ping", "post", "type", "rule", "allowed", "aliases", "example", "personal", "notes")
_FORMULA = ("=", "+", "-", "@")
_POSTMAN = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", PAGE + ".json", as_document),
        Page("GET", PAGE + ".csv", as_csv),
        Page("GET", PAGE + ".pdf", as_pdf),
        Page("GET", PAGE + "/openapi.json", as_openapi),
        Page("GET", PAGE + "/postman.json", as_postman),
    )


async def as_document(request: web.Request) -> web.StreamResponse:
    """Everything on the page that a program may want."""
    campaign = await open_page(request)
    if campaign is None:
        return await unknown(request)
    market = request.app[MARKET]
    spec = spec_of(market.deals, campaign)
    newest = (await market.db.read(read_specs, campaign.id, 1))[0]
    document = {
        "version": newest.number,
        "campaign": spec.campaign,
        "seller": spec.seller,
        "vertical": spec.vertical,
        "endpoints": {name: f"{_base(request)}/{name}" for name in ("ping", "post", "pingpost", "validate")},
        "fields": [_field(line, market.clock.now()) for line in spec.fields],
        "codes": dict(said.CODES),
        "reasons": {reason.slug: reason.sentence for reason in said.reasons()},
        "test_values": [{"zip": code, "test_outcome": word, "what": what} for code, word, what in said.test_values()],
        "rules": [*said.shared(spec), *_demand(market, campaign)],
    }
    return _sent(orjson.dumps(document, option=orjson.OPT_INDENT_2), "application/json")


async def as_csv(request: web.Request) -> web.StreamResponse:
    """One row for each field."""
    campaign = await open_page(request)
    if campaign is None:
        return await unknown(request)
    market = request.app[MARKET]
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    table.writerows(_row(line) for line in spec_of(market.deals, campaign).fields)
    return _sent(text.getvalue().encode(), "text/csv", f"{campaign.id}-fields.csv")


async def as_openapi(request: web.Request) -> web.StreamResponse:
    """The seller's calls with the fields of this campaign's vertical."""
    campaign = await open_page(request)
    if campaign is None:
        return await unknown(request)
    market = request.app[MARKET]
    table = tuple(route for route in routes() if route.key is KeyKind.SELLER)
    verticals = {campaign.vertical: market.verticals[campaign.vertical]}
    document = openapi(table, verticals, market.clock.now())
    document["info"]["title"] = f"{market.name}: {campaign.name}"
    document["servers"] = [{"url": request.app[SETTINGS].public_url.rstrip("/") or "/"}]
    return _sent(orjson.dumps(document, option=orjson.OPT_INDENT_2), "application/json")


async def as_postman(request: web.Request) -> web.StreamResponse:
    """A Postman collection (2.1) with a ping and a post that run as they are."""
    campaign = await open_page(request)
    if campaign is None:
        return await unknown(request)
    market = request.app[MARKET]
    spec, now = spec_of(market.deals, campaign), market.clock.now()
    post = (*sample_pairs(spec, "post", now), ("test_outcome", "sold"))
    calls = (("ping", sample_pairs(spec, "ping", now)), ("post", post), ("pingpost", post), ("validate", post))
    document = {
        "info": {"name": f"{market.name}: {spec.campaign}, for {spec.seller}", "schema": _POSTMAN},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{campaign_key}}", "type": "string"}]},
        "variable": [{"key": "campaign_key", "value": sample_key(market, campaign.id) or "", "type": "string"}],
        "item": [_postman(_base(request), call, pairs) for call, pairs in calls],
    }
    return _sent(
        orjson.dumps(document, option=orjson.OPT_INDENT_2), "application/json", f"{campaign.id}.postman_collection.json"
    )


async def as_pdf(request: web.Request) -> web.StreamResponse:
    campaign = await open_page(request)
    if campaign is None:
        return await unknown(request)
    from exchange.web.public.posting_pdf import Leaflet, draw  # reportlab is large, and few ask for this

    market = request.app[MARKET]
    spec, now = spec_of(market.deals, campaign), market.clock.now()
    newest = (await market.db.read(read_specs, campaign.id, 1))[0]
    key = sample_key(market, campaign.id) or "ck_test_your_key"
    sample = samples(f"{_base(request)}/ping", key, sample_pairs(spec, "ping", now))[0].code
    leaflet = Leaflet(
        market.name,
        spec,
        f"Version {newest.number}, {day(newest.made_at)}",
        _base(request),
        sample,
        said.answers(campaign, now),
        said.CODES,
        said.test_values(),
        (*said.shared(spec), *_demand(market, campaign)),
    )
    body = await asyncio.get_running_loop().run_in_executor(None, draw, leaflet)
    return _sent(body, "application/pdf", f"{campaign.id}-posting.pdf")


def _base(request: web.Request) -> str:
    return f"{request.app[SETTINGS].public_url.rstrip('/')}/api/v1"


def _demand(market: Market, campaign: Campaign) -> Sequence[str]:
    return told_demand(campaign, market.deals.contracts.values(), market.verticals[campaign.vertical])


def _field(line: FieldLine, now: int) -> Mapping[str, Any]:
    return {
        "field": line.name,
        "label": line.label,
        "group": line.group,
        "ping": line.ping,
        "post": line.post,
        "required_now": {"ping": line.needed("ping", now), "post": line.needed("post", now)},
        "type": line.type,
        "rule": line.rule,
        "allowed": list(line.allowed),
        "until": {value: day(at) for value, at in line.retiring},
        "aliases": list(line.aliases),
        "example": line.example,
        "personal": line.personal,
        "notes": list(line.notes),
    }


def _row(line: FieldLine) -> list[str]:
    values = (
        line.name,
        line.group,
        line.ping,
        line.post,
        line.type,
        line.rule,
        ", ".join(line.allowed),
        ", ".join(line.aliases),
        line.example,
        "yes" if line.personal else "no",
        " ".join((*line.notes, *_dates(line))),
    )
    return [f"'{value}" if value.startswith(_FORMULA) else value for value in values]


def _dates(line: FieldLine) -> list[str]:
    told = [f"Required from {day(line.required_from)}."] if line.required_from is not None else []
    return told + [f"{value} is read until {day(at)} only." for value, at in line.retiring]


def _postman(base: str, call: str, pairs: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
    body = orjson.dumps(dict(pairs), option=orjson.OPT_INDENT_2).decode()
    return {
        "name": call,
        "request": {
            "method": "POST",
            "header": [{"key": "Content-Type", "value": "application/json"}],
            "url": f"{base}/{call}",
            "body": {"mode": "raw", "raw": body, "options": {"raw": {"language": "json"}}},
        },
    }


def _sent(body: bytes, content_type: str, name: str = "") -> web.Response:
    response = web.Response(body=body, content_type=content_type)
    if content_type.startswith("text/"):
        response.charset = "utf-8"
    response.headers["Cache-Control"] = "no-store"
    if name:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
