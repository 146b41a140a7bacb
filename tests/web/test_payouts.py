"""Payouts in the console and statements of sellers: the way from a period to the bank, and forms that agree."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from pypdf import PdfReader

from exchange.model.money import Money
from tests.flows.payouts import at, booked, paid_seller, returned, sale
from tests.market import selling
from tests.storage.units import tell
from tests.web.served import Served
from tests.web.visitor import Visitor, signed_in

HOME = "/console/payouts"
ACH = {"method": "ach", "holder": "Cedar Digital LLC", "routing": "021000021", "account": "000123456789"}
SOLD = sale("a1", "40.0033", at(3))


@pytest.fixture
async def olive(served: Served) -> AsyncIterator[Visitor]:
    """An operator, on an exchange where cedar earned in two weeks and was returned one lead."""
    await paid_seller(served.exchange, reserve_percent="10", **ACH)
    await booked(served.exchange, SOLD, sale("a2", "60.00", at(4)), returned(SOLD, at(10)), sale("a3", "75.50", at(17)))
    async with signed_in(served, "olive@operator.example", "operator") as visitor:
        yield visitor


async def prepared(olive: Visitor) -> str:
    """The path of the first week's run."""
    page = await olive.open(HOME)
    run = await olive.send(f"{HOME}/prepare", csrf=page.token, seller="cedar", currency="USD", follow=False)
    return run.headers["Location"]


async def test_a_week_goes_from_the_card_to_the_bank(olive: Visitor) -> None:
    cards = await olive.open(HOME)
    assert (
        "Sold $100.00 2 sales" in cards.text
        and "Exactly $100.0033" in cards.source
        and "To pay $90.00" in cards.text
        and "by ACH to …6789" in cards.text
    )
    run = await prepared(olive)
    page = await olive.open(run)
    assert "Waits for one approval" in page.text and "Approve $90.00" in page.text

    assert "Held: sub ids" in (await olive.send(f"{run}/hold", csrf=page.token, reason="sub ids")).text
    assert 409 == (await olive.send(f"{run}/approve", csrf=page.token)).http_status
    await olive.send(f"{run}/let-go", csrf=page.token)
    issued = await olive.send(f"{run}/approve", csrf=page.token)
    assert "Statement PO-2026-00001" in issued.text and "Leads sold Cedar" not in issued.text
    assert "To pay $90.00" in issued.text and "Reserve held back −$10.00" in issued.text
    assert issued.text == (await olive.send(f"{run}/approve", csrf=page.token)).text, "a second tab finds it done"

    assert (
        "Say first which account is paid from"
        in (await olive.send(f"{HOME}/export", csrf=page.token, method="ach")).text
    )
    bank: dict[str, Any] = {
        "bank_name": "First",
        "routing": "011401533",
        "company": "Harbor",
        "company_id": "1123456789",
    }
    wrong = await olive.send(f"{HOME}/accounts", csrf=page.token, method="ach", **{**bank, "routing": "1"})
    assert (422, True) == (wrong.http_status, "check digit is wrong" in wrong.text)
    await olive.send(f"{HOME}/accounts", csrf=page.token, method="ach", **bank)
    exported = await olive.send(f"{HOME}/export", csrf=page.token, method="ach")
    file = await olive.open(exported.link("take-file"))
    assert "CEDAR DIGITAL LLC" in file.source and "0000009000" in file.source
    assert file.source == (await olive.open(exported.link("take-file"))).source

    await olive.send(f"{exported.link('take-file')}/paid", csrf=page.token, reference="batch 12")
    done = await olive.open(run)
    assert "Paid" in done.part("state") and "reference batch 12" in done.text
    back = await olive.send(
        f"{HOME}/payments/{done.attributes('payment', 'data-payment')[0]}/bounced", csrf=page.token, reason="R03"
    )
    assert back.part("state").strip().startswith("To pay") and "came back: R03" in back.text
    assert 2 == len(back.attributes("payment", "data-payment"))


async def test_above_the_amount_another_person_approves(olive: Visitor, served: Served) -> None:
    await booked(served.exchange, sale("big", "6000.00", at(5)))
    run = await prepared(olive)
    page = await olive.open(run)
    assert "You prepared this run" in (await olive.send(f"{run}/approve", csrf=page.token)).text
    async with signed_in(served, "fin@operator.example", "operator") as fin:
        page = await fin.open(run)
        assert "Statement PO-2026-00001" in (await fin.send(f"{run}/approve", csrf=page.token)).text


async def test_every_form_of_a_statement_agrees_to_the_cent(olive: Visitor, served: Served) -> None:
    run = await prepared(olive)
    await olive.send(f"{run}/approve", csrf=(await olive.open(run)).token)
    async with signed_in(served, "ann@cedar.example", "seller", "cedar") as ann:
        for base in ("/seller/statements/PO-2026-00001", "/seller/statements/open-USD"):
            page, fields = await ann.open(base), (await ann.open(f"{base}.json")).fields
            rows = list(csv.DictReader(io.StringIO((await ann.open(f"{base}.csv")).source)))
            async with ann.session.get(served.address + f"{base}.pdf") as answer:
                paper = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(await answer.read())).pages)
            pay = fields["pay"]
            assert f"To pay ${pay}" in page.text and f"${pay}" in page.part("total")
            assert f"To pay ${pay}" in " ".join(paper.split())
            assert Decimal(pay) == sum(Decimal(row["amount"]) for row in rows)
            parts = ("carried", "sold", "returned", "adjusted", "released", "held", "rounding", "carry")
            assert Decimal(pay) == sum(Decimal(fields[part]) for part in parts)
            assert Decimal(fields["sold"]) == sum(Decimal(x["amount"]) for x in rows if x["kind"] == "sold")
            entries = (await ann.open(f"{base}/entries.json")).fields["entries"]
            assert Decimal(fields["sold"]) + Decimal(fields["returned"]) == sum(Decimal(x["amount"]) for x in entries)
            for text in (page.text, paper, str(fields), str(rows)):
                assert "acme" not in text.lower(), "no buyer is named"
        back = await ann.open("/seller/statements/open-USD/entries?kind=returned")
        assert "−$40.00" in back.text and "−$40.0033" in back.source


async def test_the_running_statement_changes_at_once_with_a_return(olive: Visitor, served: Served) -> None:
    async with signed_in(served, "ann@cedar.example", "seller", "cedar") as ann:
        before = (await ann.open("/seller/statements/open-USD.json")).fields["sold"]
        late = sale("a9", "10.00", at(20))
        await booked(served.exchange, late, returned(late, at(21)))
        after = (await ann.open("/seller/statements/open-USD.json")).fields
        home = await ann.open("/seller")

    assert ("100.0033", "100.0033") == (before, after["sold"]), "the week that is over first"
    assert "Coming to you" in home.text and "To be paid" in home.text
    assert "Adjustments" in home.text and "Rest of a cent" in home.text, "the rows add up to what is paid"
    run = await prepared(olive)
    await olive.send(f"{run}/approve", csrf=(await olive.open(run)).token)
    fields = (await olive.open(f"{HOME}/open/cedar/USD.json")).fields
    assert ("0.00", "-40.0033") == (fields["sold"], fields["returned"])


async def test_a_seller_sees_its_own_statements_once_they_are_issued(olive: Visitor, served: Served) -> None:
    await served.exchange.add(*selling("birch"))
    run = await prepared(olive)
    async with signed_in(served, "ann@cedar.example", "seller", "cedar") as ann:
        assert "No statement was issued yet" in (await ann.open("/seller/statements")).text
        await olive.send(f"{run}/approve", csrf=(await olive.open(run)).token)
        assert "PO-2026-00001" in (await ann.open("/seller/statements")).text
        own = (await ann.open("/seller/statements.json")).fields["statements"]
        assert ["90.00"] == [each["pay"] for each in own] and "prepared_by" not in own[0]
        assert 403 == (await ann.open(HOME)).http_status
    async with signed_in(served, "bo@birch.example", "seller", "birch") as bo:
        assert 404 == (await bo.open("/seller/statements/PO-2026-00001")).http_status
        assert [] == (await bo.open("/seller/statements.json")).fields["statements"]


async def test_terms_are_changed_and_never_shown_whole(olive: Visitor) -> None:
    path = f"{HOME}/terms/cedar"
    page = await olive.open(path)
    wrong = await olive.send(path, csrf=page.token, net_days="x", iban="DE00", method="sepa", currency="EUR")
    assert (
        422 == wrong.http_status and "net_days is a number of days" in wrong.text and "iban is no account" in wrong.text
    )
    saved = await olive.send(path, csrf=page.token, every="month", net_days="15", reserve_percent="5")

    assert "Version 2" in saved.text and "ends in 6789" in saved.text and "000123456789" not in saved.source
    assert "every: week → month" in saved.text
    assert 404 == (await olive.open(f"{HOME}/terms/nobody")).http_status


async def test_lists_have_twins_and_nothing_breaks_on_strange_words(olive: Visitor) -> None:
    await prepared(olive)
    fields = (await olive.open(f"{HOME}.json?state=prepared")).fields
    assert (["cedar"], ["90.00"]) == ([x["seller_id"] for x in fields["open"]], [x["pay"] for x in fields["runs"]])
    rows = list(csv.DictReader(io.StringIO((await olive.open(f"{HOME}.csv")).source)))
    assert [("prepared", Money.parse("90.00", "USD").text)] == [(row["state"], row["pay"]) for row in rows]
    for strange in ("?state=x&before=9~9", "?before=x", "?seller=nobody"):
        assert 200 == (await olive.open(HOME + strange)).http_status
    token = (await olive.open(HOME)).token
    strange_forms: tuple[tuple[str, dict[str, Any]], ...] = (
        ("/prepare", {"seller": "x"}),
        ("/export", {"method": "x"}),
        ("/pay_0000000000/approve", {}),
        ("/payments/pmt_0000000000/paid", {"reference": "x"}),
        ("/files/pfl_0000000000/paid", {"reference": "x"}),
    )
    for path, form in strange_forms:
        assert (await olive.send(HOME + path, csrf=token, **form)).http_status in (404, 409, 422)
    assert 404 == (await olive.open(f"{HOME}/open/cedar/USD/nothing")).http_status


async def test_an_adjustment_stands_on_the_running_statement_with_its_reason(olive: Visitor, served: Served) -> None:
    run = await prepared(olive)
    assert "1 payout to approve" in [each["title"] for each in (await olive.open("/console.json")).fields["needs_you"]]
    page = await olive.open(run)
    await olive.send(f"{run}/approve", csrf=page.token)
    assert [] == [x for x in (await olive.open("/console.json")).fields["needs_you"] if x["kind"] == "payouts"]
    second = await prepared(olive)  # of the week that is over: what is booked now is of the one that runs
    await olive.send(f"{second}/approve", csrf=page.token)
    path = f"{HOME}/open/cedar/USD"
    for form in ({"amount": "x"}, {"amount": "0"}, {"amount": "5", "note": ""}, {"amount": "5", "reference": ""}):
        wrong = {"amount": "5.00", "reference": "case 7", "note": "sent twice", **form}
        assert (
            422
            == (await olive.session.post(served.address + f"{path}/adjust", data={**wrong, "csrf": page.token})).status
        )
    for _ in range(2):
        done = await olive.send(
            f"{path}/adjust", csrf=page.token, amount="-9.50", reference="case 7", note="sent twice"
        )
        assert "Adjustments 1 −$9.50" in done.text
    taken = await olive.send(f"{path}/adjust", csrf=page.token, amount="-1.00", reference="case 7", note="sent twice")
    assert 409 == taken.http_status
    async with signed_in(served, "ann@cedar.example", "seller", "cedar") as ann:
        told = (await ann.open("/seller/statements/open-USD/entries?kind=adjusted")).text
    assert "sent twice" in told and "olive" not in told, "the reason, not who"


async def test_every_account_has_its_card_and_every_file_its_line_page_by_page(served: Served) -> None:
    names = [f"s{number:02d}" for number in range(61)]
    await booked(served.exchange, *(sale(name, "5.00", at(3), name) for name in names))
    files = [f"pfl_{number:026d}" for number in range(11)]
    for number, name in enumerate(files):
        values = f"'{name}', 'nacha', 'USD', '2026-11-{number + 1:02d}', 'A', '{number}.ach', x'', '', 1, 9, '', 1, ''"
        await served.exchange.market.db.write(tell, f"INSERT INTO payout_files VALUES ({values})")
    async with signed_in(served, "olive@operator.example", "operator") as visitor:
        first = await visitor.open(HOME)
        last = await visitor.open(f"{HOME}?first=60")
        beyond = await visitor.open(f"{HOME}?first=999")
        older = await visitor.open(f"{HOME}?files={files[1]}")
    assert "61 accounts" in first.part("total") and "1 to 60 of 61" in first.part("cards-pager")
    assert "61 to 61 of 61" in last.part("cards-pager") and "s60" in last.text and "s59" not in last.text
    assert last.part("cards-pager") == beyond.part("cards-pager")
    assert "0.ach" not in first.text.split() and "0.ach" in older.text.split()
