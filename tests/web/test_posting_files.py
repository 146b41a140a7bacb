"""What can be taken home from the posting page: valid by the rules of each format, and as true as the page."""

from __future__ import annotations

import csv
import io
import re

import pytest
from openapi_spec_validator import validate
from pypdf import PdfReader

from exchange.flows.specs import page_of, spec_of
from tests.market import selling
from tests.web.served import Served
from tests.web.visitor import stranger


def path_of(served: Served) -> str:
    return f"/p/{page_of(served.exchange.market, 'cedar-solar')}"


@pytest.mark.parametrize("vertical", ["solar", "b2b_marketplace"])
async def test_the_openapi_document_is_valid_and_holds_the_sellers_calls_alone(served: Served, vertical: str) -> None:
    await served.exchange.add(*selling("cedar", vertical=vertical))
    async with stranger(served) as visitor:
        document = (await visitor.open(path_of(served) + "/openapi.json")).fields

    validate(document)
    assert "/api/v1/ping" in document["paths"] and "/api/v1/sales" not in document["paths"]
    assert {f"Ping-{vertical}", f"Post-{vertical}"} <= set(document["components"]["schemas"])
    assert [{"url": served.exchange.market.public_url}] == document["servers"]


async def test_the_csv_has_one_row_for_each_field(served: Served) -> None:
    async with stranger(served) as visitor:
        answer = await visitor.open(path_of(served) + ".csv")

    rows = list(csv.DictReader(io.StringIO(answer.source)))
    market = served.exchange.market
    spec = spec_of(market.deals, market.deals.campaigns["cedar-solar"])
    assert [line.name for line in spec.fields] == [row["field"] for row in rows]
    assert "text/csv; charset=utf-8" == answer.headers["Content-Type"]
    bill = next(row for row in rows if row["field"] == "monthly_bill")
    assert ("required", "required", "One of 6") == (bill["ping"], bill["post"], bill["rule"])
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


async def test_the_pdf_tells_every_field_and_every_test_value(served: Served) -> None:
    async with stranger(served) as visitor, visitor.session.get(served.address + path_of(served) + ".pdf") as answer:
        assert "application/pdf" == answer.content_type
        paper = PdfReader(io.BytesIO(await answer.read()))

    text = re.sub(r"\s+", "", "".join(page.extract_text() for page in paper.pages))
    market = served.exchange.market
    spec = spec_of(market.deals, market.deals.campaigns["cedar-solar"])
    assert [] == [line.name for line in spec.fields if line.name not in text]
    assert all(word in text for word in ("Cedarsolar", "00012", "required_soon", "{returned_amount}", "30min,2h"))
    assert 3 <= len(paper.pages) <= 12
