"""The posting instructions as documents for programs: JSON, CSV, OpenAPI, Postman. Plain values and text."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from exchange.flows.market import Market
from exchange.flows.specs import sample_key, spec_of
from exchange.model.party import Campaign
from exchange.model.spec import FieldLine
from exchange.stages.demand import told_demand
from exchange.stages.spec_changes import day
from exchange.web.api.openapi import openapi
from exchange.web.api.route import KeyKind
from exchange.web.api.routes import routes
from exchange.web.posting import words as said
from exchange.web.posting.samples import sample_pairs

COLUMNS = ("field", "group", "ping", "post", "type", "rule", "allowed", "aliases", "example", "personal", "notes")
_FORMULA = ("=", "+", "-", "@")
_POSTMAN = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def base_of(market: Market) -> str:
    """Where the calls are."""
    return f"{market.public_url}/api/v1"


def rules_of(market: Market, campaign: Campaign) -> tuple[str, ...]:
    """The campaign's own rules, and the demand as far as it is disclosed."""
    demand = told_demand(campaign, market.deals.contracts.values(), market.verticals[campaign.vertical])
    return (*said.shared(spec_of(market.deals, campaign)), *demand)


def document_of(market: Market, campaign: Campaign, number: int) -> Mapping[str, Any]:
    """Everything on the page that a program may want."""
    spec = spec_of(market.deals, campaign)
    return {
        "version": number,
        "campaign": spec.campaign,
        "seller": spec.seller,
        "vertical": spec.vertical,
        "endpoints": {name: f"{base_of(market)}/{name}" for name in ("ping", "post", "pingpost", "validate")},
        "answers": spec.answers,
        "fields": [_field(line, market.clock.now()) for line in spec.fields],
        "codes": dict(said.CODES),
        "reasons": {reason.slug: reason.sentence for reason in said.reasons()},
        "test_values": [{"zip": code, "test_outcome": word, "what": what} for code, word, what in said.test_values()],
        "rules": list(rules_of(market, campaign)),
    }


def csv_of(market: Market, campaign: Campaign) -> str:
    """One row for each field, after a row of titles."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    table.writerows(_row(line) for line in spec_of(market.deals, campaign).fields)
    return text.getvalue()


def openapi_of(market: Market, campaign: Campaign) -> dict[str, Any]:
    """The seller's calls with the fields of this campaign's vertical."""
    table = tuple(route for route in routes() if route.key is KeyKind.SELLER)
    verticals = {campaign.vertical: market.verticals[campaign.vertical]}
    document = openapi(table, verticals, market.clock.now())
    document["info"]["title"] = f"{market.name}: {campaign.name}"
    document["servers"] = [{"url": market.public_url or "/"}]
    return document


def postman_of(market: Market, campaign: Campaign) -> Mapping[str, Any]:
    """A Postman collection (2.1) with calls that run as they are."""
    spec, now = spec_of(market.deals, campaign), market.clock.now()
    post = (*sample_pairs(spec, "post", now), ("test_outcome", "sold"))
    calls = (("ping", sample_pairs(spec, "ping", now)), ("post", post), ("pingpost", post), ("validate", post))
    return {
        "info": {"name": f"{market.name}: {spec.title}", "schema": _POSTMAN},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{campaign_key}}", "type": "string"}]},
        "variable": [{"key": "campaign_key", "value": sample_key(market, campaign.id) or "", "type": "string"}],
        "item": [_postman(base_of(market), call, pairs) for call, pairs in calls],
    }


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
