"""The machine-readable document, the human one and the server say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from exchange.fields import field_types
from exchange.model.lead import Kind
from exchange.model.vertical import Presence
from exchange.web.api.answer_schemas import PROBLEM_CODES, WARNING_CODES
from exchange.web.api.openapi import lead_schema, openapi
from exchange.web.api.routes import routes
from tests.market import NOW, PING, POST, consumer, read_once
from tests.web.served import Served

ROOT = Path(__file__).parents[2]
CATALOG, _ = read_once()


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi(routes(), CATALOG.verticals, NOW)


async def test_the_served_document_is_valid_openapi_3_1(served: Served) -> None:
    answer = await served.get("/api/openapi.json", key=None)

    validate(dict(answer.fields))
    assert (200, "3.1.0") == (answer.http_status, answer["openapi"])


async def test_every_call_of_the_server_is_in_the_document_and_the_other_way_round(
    served: Served, document: dict[str, Any]
) -> None:
    by_get = {route.path for route in routes() if route.by_get}  # fields in the URL: only where a campaign allows it
    served_calls = {
        (route.method.lower(), route.resource.canonical)
        for route in served.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/v1/") and route.method != "HEAD"
    }
    told = {(method, path) for path, methods in document["paths"].items() for method in methods}

    assert served_calls - {("get", path) for path in by_get} == told


def test_docs_api_md_lists_the_calls_of_the_table() -> None:
    text = (ROOT / "docs/api.md").read_text("utf-8")
    rows = re.findall(r"^\| `(GET|POST) (/api/v1/[^`]*)` \| (.*) \|$", text, re.MULTILINE)

    assert [(route.method, route.path, route.summary) for route in routes()] == rows


def test_docs_api_md_names_every_problem_code_and_status() -> None:
    text = (ROOT / "docs/api.md").read_text("utf-8")
    statuses = {str(status) for route in routes() for status in route.refusals} | {"202", "405"}

    assert [] == [code for code in (*PROBLEM_CODES, *WARNING_CODES) if f"`{code}`" not in text]
    assert [] == sorted(status for status in statuses if not re.search(rf"\| {status} \|", text))


@pytest.mark.parametrize("name", CATALOG.verticals)
def test_the_schema_of_a_vertical_has_its_fields_as_their_types_read_them(name: str) -> None:
    vertical = CATALOG.verticals[name]
    for kind in (Kind.PING, Kind.POST):
        schema = lead_schema(vertical, kind, NOW)
        for spec in vertical.fields:
            presence = spec.ping if kind is Kind.PING else spec.post
            assert (presence is not Presence.ABSENT) == (spec.name in schema["properties"])
            assert (presence is Presence.REQUIRED) == (spec.name in schema["required"])
            if presence is not Presence.ABSENT:
                wanted = dict(field_types()[spec.type].json_schema(spec))
                assert wanted == {key: schema["properties"][spec.name][key] for key in wanted}


def fields_of(schema: dict[str, Any]) -> set[str]:
    return set(schema["properties"])


async def test_answers_hold_only_fields_that_the_document_names(served: Served, document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    ping = await served.send("ping", PING)
    wrong = await served.send("post", {**POST, "zip": "8501", "utm_campain": "x"})
    sold = await served.send("post", consumer(3))
    looked = await served.send("validate", POST)
    lead = await served.get(f"leads/{sold['lead_id']}")

    for answer, name in ((ping, "Answer"), (wrong, "Answer"), (sold, "Answer"), (looked, "Preflight"), (lead, "Lead")):
        assert set() == set(answer.fields) - fields_of(schemas[name])
        assert set() == set(schemas[name]["required"]) - set(answer.fields)
    for problem in (*wrong["errors"], *wrong["warnings"]):
        assert set() == set(problem) - fields_of(schemas["Problem"])
        assert problem["code"] in schemas["Problem"]["properties"]["code"]["enum"]
    assert set() == set(lead["timeline"][0]) - fields_of(schemas["Event"])


async def test_a_lead_asked_by_the_sellers_own_id_is_as_the_list_of_leads_says(
    served: Served, document: dict[str, Any]
) -> None:
    await served.send("post", {**consumer(4), "seller_lead_id": "mine-4"})
    one, page = await served.get("leads?seller_lead_id=mine-4"), await served.get("leads?since=0")
    content = document["paths"]["/api/v1/leads"]["get"]["responses"]["200"]["content"]
    resolved = {**content["application/json"]["schema"], "components": document["components"]}
    judge = OAS31Validator(resolved)

    assert [[], []] == [[error.message for error in judge.iter_errors(answer.fields)] for answer in (one, page)]
    assert ("mine-4", True) == (one["seller_lead_id"], "leads" in page.fields)
