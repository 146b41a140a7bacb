"""Invoices in the console: page, PDF, CSV and JSON of one document agree; issued, paid and cancelled by forms."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from decimal import Decimal

from pypdf import PdfReader

from tests.flows.billed import CREDIT, WEEKLY, issued, later, on_credit, returned, sold, sound
from tests.web.served import Served
from tests.web.visitor import Visitor, signed_in

PATH = "/console/invoices"
TAXED = replace(WEEKLY, tax_name="VAT", tax_bp=1_900)


async def bytes_of(visitor: Visitor, path: str) -> bytes:
    async with visitor.session.get(visitor.served.address + path) as response:
        assert 200 == response.status
        return await response.read()


def paper(body: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages).split())


async def invoiced(served: Served, count: int = 3) -> str:
    """An invoice over some leads, one of a part of a cent."""
    await on_credit(served.exchange, TAXED)
    await sold(served.exchange, "first", "12.3450")
    for number in range(count - 1):
        await sold(served.exchange, f"more{number}", "20")
    later(served.exchange, 1)
    (invoice, *_) = await issued(served.exchange)
    return invoice.number


async def test_page_paper_csv_and_json_of_a_document_agree_to_the_cent(served: Served) -> None:
    number = await invoiced(served)
    async with signed_in(served) as visitor:
        page, twin = await visitor.open(f"{PATH}/{number}"), (await visitor.open(f"{PATH}/{number}.json")).fields
        rows = list(csv.DictReader(io.StringIO((await visitor.open(f"{PATH}/{number}.csv")).source)))
        printed = paper(await bytes_of(visitor, f"{PATH}/{number}.pdf"))

    total = Decimal(twin["total"])
    assert Decimal("62.29") == total  # 52.3450, 9.9455 of tax, rounded once
    assert total == Decimal(twin["net"]) + Decimal(twin["tax"]) + Decimal(twin["rounding"])
    assert total == sum(Decimal(row["amount"]) for row in rows)
    assert Decimal(twin["net"]) == sum(Decimal(line["amount"]) for line in twin["lines"])
    assert 5 == len(rows)  # three sales, the tax, the rounding
    assert "$62.29" == page.part("total").split("<")[0].split()[0]
    assert re.search(r"To pay \$62\.29", printed) and number in printed and "VAT 19 % $9.9455" in printed
    assert "1 Main St" in printed and "Tucson, AZ" in page.part("receiver")


async def test_a_long_document_is_on_several_sheets_and_credits_have_their_minus(served: Served) -> None:
    exchange = served.exchange
    await on_credit(exchange)
    first = await sold(exchange, "a", "9.99")
    later(exchange, 1)
    await issued(exchange)
    await returned(exchange, first)
    later(exchange, 1)
    (note,) = await issued(exchange)

    async with signed_in(served) as visitor:
        printed = paper(await bytes_of(visitor, f"{PATH}/{note.number}.pdf"))
        page = await visitor.open(f"{PATH}/{note.number}")

    assert "Credited −$9.99" in printed and "−$9.99" in page.part("total")
    assert "Credits INV-2026-00001" in printed


async def test_an_invoice_is_issued_paid_and_cancelled_by_forms(served: Served) -> None:
    exchange = served.exchange
    await on_credit(exchange)
    await sold(exchange, "a", "50")
    later(exchange, 1)
    await sound(exchange)
    async with signed_in(served) as visitor:
        assert "No document yet" in (await visitor.open(PATH)).text
        listed = await visitor.submit(f"{PATH}/issue", buyer="acme")
        number = next(each for each in listed.attributes("document", "data-document") if each.startswith("INV"))
        later(exchange, 0.1)
        await sound(exchange)
        again = await visitor.submit(f"{PATH}/issue", buyer="acme")
        half = await visitor.submit(f"{PATH}/{number}/paid", amount="20.00", reference="wire-1")
        twice = await visitor.submit(f"{PATH}/{number}/paid", amount="20.00", reference="wire-1")
        other = await visitor.submit(f"{PATH}/{number}/paid", amount="21.00", reference="wire-1")
        wrong = await visitor.submit(f"{PATH}/{number}/paid", amount="twenty", reference="wire-2")
        no_why = await visitor.submit(f"{PATH}/{number}/cancel", reason="")
        anew = await visitor.submit(f"{PATH}/{number}/cancel", reason="wrong address")
        overview, filtered = await visitor.open(PATH), await visitor.open(f"{PATH}?status=to_pay")
        rows = (await visitor.open(f"{PATH}.csv")).source.splitlines()
        missing = await visitor.open(f"{PATH}/INV-2026-00099")

    assert ("INV-2026-00001", "$50.00") == (number, listed.part("owed").split()[3])
    assert "no entries since its last document" in again.text
    assert "Part paid" in half.text and "Open $30.00" in half.part("standing") == twice.part("standing")
    assert (409, 422, 422, 404) == (other.http_status, wrong.http_status, no_why.http_status, missing.http_status)
    assert "Takes the place of INV-2026-00001" in anew.text and "Open $30.00" in anew.part("standing")
    assert ["CN-2026-00001", "INV-2026-00001", "INV-2026-00002", "ST-2026-00001"] == sorted(
        overview.attributes("document", "data-document")
    )
    assert ["INV-2026-00002"] == filtered.attributes("document", "data-document")
    assert 5 == len(rows)
    assert await sound(exchange)


async def test_documents_are_read_by_pages_and_by_operators_alone(served: Served) -> None:
    exchange = served.exchange
    await on_credit(exchange)
    for number in range(52):
        await sold(exchange, f"n{number}", "1")
        later(exchange, 0.01)
        await issued(exchange)
    async with signed_in(served) as visitor:
        page = await visitor.open(PATH)
        rest = await visitor.open(page.link("older"))
        whole = (await visitor.open(f"{PATH}.json")).fields
    async with signed_in(served, "ann@acme.example", "buyer", "acme") as buyer:
        refused = [await buyer.open(f"{PATH}/INV-2026-00001{ending}") for ending in ("", ".json", ".csv", ".pdf")]

    counts = [len(each.attributes("document", "data-document")) for each in (page, rest)]
    assert ([50, 2], 52) == (counts, len(whole["documents"]))
    assert {403} == {each.http_status for each in refused}
    assert CREDIT not in page.source
