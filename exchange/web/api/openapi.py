"""The OpenAPI 3.1 document, made from what routes and validates: the table of calls and the verticals' fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from exchange import __version__
from exchange.fields import field_types
from exchange.model.lead import Kind
from exchange.model.vertical import FieldSpec, Presence, Vertical
from exchange.stages.spec_changes import day
from exchange.stages.standard_fields import Goes, standard_fields
from exchange.web.api.answer_schemas import Schema, answer_schemas
from exchange.web.api.billing_schemas import billing_schemas
from exchange.web.api.following_schemas import following_schemas
from exchange.web.api.import_schemas import FILE_TYPES, RESULT_TYPES, import_schemas
from exchange.web.api.media_schemas import media_schemas
from exchange.web.api.payout_schemas import payout_schemas
from exchange.web.api.quality_schemas import quality_schemas
from exchange.web.api.reconciling_schemas import reconciling_schemas
from exchange.web.api.reporting_schemas import reporting_schemas
from exchange.web.api.returning_schemas import returning_schemas
from exchange.web.api.route import KeyKind, Route
from exchange.web.api.screen_schemas import screen_schemas
from exchange.web.api.simulating_schemas import simulating_schemas
from exchange.web.api.store_schemas import store_schemas
from exchange.web.api.suppressing_schemas import suppressing_schemas

OPENAPI_PATH = "/api/openapi.json"
_FORMATS = ("application/json", "application/xml", "application/x-www-form-urlencoded")
_SENT_AS = (*_FORMATS, "multipart/form-data")
_LEADS = ("Ping", "Post")
_FILES, _RESULT = ("ImportFile", "SuppressionFile", "DispositionFile", "BookFile"), "ImportResult"
_REFUSED: Mapping[int, str] = {
    400: "The body cannot be read; the message says where.",
    401: "No key, or one that is not known.",
    403: "The campaign is paused.",
    404: "Nothing with that id for this key.",
    405: "Another method.",
    408: "The body did not come in time.",
    409: "The same key with another body; or it is decided already.",
    413: "The body is too large.",
    415: "A content type that is not read.",
    422: "Fields are wrong; all are told.",
    429: "Too many requests; see Retry-After.",
    500: "The exchange failed. Repeating is safe.",
    503: "Too much to do, or nothing can be stored; see Retry-After.",
}
_KEYS: Mapping[KeyKind, str] = {
    KeyKind.SELLER: "A campaign's key, `ck_live_…` or `ck_test_…`; it may be the field `campaign_key` too.",
    KeyKind.BUYER: "A buyer's key.",
    KeyKind.OPERATOR: "An operator's key.",
    KeyKind.ANY: "The key of a campaign, a buyer or an operator: each has what is its own.",
}


def openapi_bytes(table: Iterable[Route], verticals: Mapping[str, Vertical], now: int) -> bytes:
    return orjson.dumps(openapi(table, verticals, now), option=orjson.OPT_INDENT_2)


def openapi(table: Iterable[Route], verticals: Mapping[str, Vertical], now: int) -> dict[str, Any]:
    """The whole document as plain values, as it stands at this moment (epoch ms)."""
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    words = tuple(dict.fromkeys(word for vertical in verticals.values() for word in vertical.dispositions))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lead Exchange",
            "version": __version__,
            "summary": "Ping, post and sell leads; tell what became of them.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {
                **answer_schemas(),
                **reporting_schemas(words),
                **following_schemas(),
                **import_schemas(),
                **returning_schemas(),
                **billing_schemas(),
                **store_schemas(),
                **suppressing_schemas(),
                **payout_schemas(),
                **quality_schemas(),
                **reconciling_schemas(),
                **media_schemas(),
                **screen_schemas(),
                **simulating_schemas(),
                **lead_schemas(verticals, now),
            },
            "securitySchemes": {
                scheme: made
                for kind in KeyKind
                for scheme, made in (
                    (f"{kind.value}_bearer", {"type": "http", "scheme": "bearer", "description": _KEYS[kind]}),
                    (
                        f"{kind.value}_header",
                        {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": _KEYS[kind]},
                    ),
                )
            },
        },
    }


def lead_schemas(verticals: Mapping[str, Vertical], now: int) -> dict[str, Schema]:
    """`Ping` and `Post`, each one of the verticals', with the fields every campaign reads."""
    schemas: dict[str, Schema] = {}
    for name, kind in (("Ping", Kind.PING), ("Post", Kind.POST)):
        for vertical in verticals.values():
            schemas[f"{name}-{vertical.name}"] = lead_schema(vertical, kind, now)
        refs = [{"$ref": f"#/components/schemas/{name}-{vertical.name}"} for vertical in verticals.values()]
        schemas[name] = {"anyOf": refs, "description": "The fields of the campaign's vertical."}
    return schemas


def lead_schema(vertical: Vertical, kind: Kind, now: int) -> Schema:
    """What a ping or a post of one vertical carries at this moment. Unknown fields are taken, with a warning."""
    fields: dict[str, Schema] = {}
    needed: list[str] = []
    for spec in vertical.fields:
        presence = spec.ping if kind is Kind.PING else spec.post
        if presence is not Presence.ABSENT:
            fields[spec.name] = field_schema(replace(spec, allowed=spec.allowed_at(now)) if spec.until else spec)
            if presence is Presence.REQUIRED and (spec.required_from is None or spec.required_from <= now):
                needed.append(spec.name)
    for spec, goes in standard_fields().values():
        sent = spec.name not in vertical.by_name and goes is not Goes.CONTACT
        if sent and not (kind is Kind.PING and spec.name == "ping_id"):
            fields[spec.name] = field_schema(spec)
    return {
        "type": "object",
        "title": f"{vertical.title}, {'ping' if kind is Kind.PING else 'post'}",
        "required": needed,
        "properties": fields,
        "additionalProperties": True,
    }


def field_schema(spec: FieldSpec) -> Schema:
    """One field as its type validates it, with its label, its help and the other names it is read under."""
    kinds = field_types()
    if spec.type in kinds:
        schema: Schema = dict(kinds[spec.type].json_schema(spec))
    else:  # a line: any text, cut to its length
        schema = {"type": "string"}
    said = [part for part in (spec.label, spec.help) if part]
    if spec.required_from is not None:
        said.append(f"Required from {day(spec.required_from)}")
    said += [f"{value} is read until {day(at)} only" for value, at in spec.until]
    if spec.aliases:
        said.append(f"Also read as {', '.join(spec.aliases)}.")
    schema["description"] = ". ".join(part.rstrip(".") for part in said) + "."
    if spec.example:
        schema["examples"] = [spec.example]
    return schema


def _operation(route: Route) -> dict[str, Any]:
    kinds = [kind.value for kind in (route.key, route.also) if kind is not None]
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": f"{route.summary}.",
        "tags": [route.key.name.lower()],
        "security": [{f"{kind}_{how}": []} for kind in kinds for how in ("bearer", "header")],
        "responses": _responses(route),
    }
    if route.takes in _LEADS and route.key is KeyKind.SELLER:
        operation["security"].append({})  # the key may be a field of the body
    if parameters := _parameters(route):
        operation["parameters"] = parameters
    if route.takes:
        schema = {"$ref": f"#/components/schemas/{route.takes}"}
        content = {sent: {"schema": schema} for sent in (_SENT_AS[-1:] if route.takes in _FILES else _SENT_AS)}
        if route.takes in _FILES:
            content |= {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FILE_TYPES}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _responses(route: Route) -> dict[str, Any]:
    gives = {"$ref": f"#/components/schemas/{route.gives}"}
    refusal = {"$ref": "#/components/schemas/Answer"}
    content = {kind: {"schema": gives} for kind in RESULT_TYPES} if route.gives == _RESULT else _content(gives)
    answers: dict[str, Any] = {"200": {"description": "The answer.", "content": content}}
    if route.gives == "Answer":
        answers["202"] = {"description": "Queued: how it ended is told later.", "content": _content(gives)}
    if route.gives == "Recorded":
        answers["202"] = {"description": "Nobody knows the word yet: it waits.", "content": _content(gives)}
    if route.gives == "DispositionFileTold":
        answers["202"] = {"description": "A job records it: look again.", "content": _content(gives)}
    for status in sorted({*route.refusals, 405}):
        answers[str(status)] = {"description": _REFUSED[status], "content": _content(refusal)}
    return answers


def _content(schema: Schema) -> dict[str, Any]:
    return {format: {"schema": schema} for format in _FORMATS}


def _parameters(route: Route) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    found += [
        {"name": each.name, "in": "query", "description": each.about, "schema": {"type": "string"}}
        for each in route.query
    ]
    if route.takes in _LEADS and route.gives == "Answer":
        about = "Makes the call safe to repeat for 30 days."
        schema = {"type": "string", "minLength": 1, "maxLength": 255}
        found.append({"name": "Idempotency-Key", "in": "header", "description": about, "schema": schema})
    return found
