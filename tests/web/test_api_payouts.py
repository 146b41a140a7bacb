"""Payouts and statements by program: sellers see their own, operators do what the console does, each once."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

import pytest

from exchange.flows.seller_terms import change_payer
from exchange.model.payout import Method
from tests.flows.payouts import ANN, at, booked, paid_seller, returned, sale
from tests.market import OPERATOR_KEY, key_for_tests, live_key, operator, selling
from tests.web.served import Heard, Served

SOLD = sale("a1", "40.00", at(3))
ACH = {"method": "ach", "holder": "Cedar Digital LLC", "routing": "021000021", "account": "000123456789"}


@pytest.fixture
async def paying(served: Served) -> Served:
    await served.exchange.add(operator())
    await paid_seller(served.exchange, **ACH)
    await booked(served.exchange, SOLD, sale("a2", "60.00", at(4)), returned(SOLD, at(10)), sale("a3", "75.50", at(17)))
    return served


async def do(served: Served, call: str, **fields: Any) -> Heard:
    return await served.send(call, fields, key=OPERATOR_KEY)


async def test_a_program_pays_a_seller_from_the_period_to_the_bank(paying: Served) -> None:
    coming = (await paying.get("payouts", key=OPERATOR_KEY))["open"][0]
    assert ("cedar", True, "100.00") == (coming["seller_id"], coming["over"], coming["pay"])
    run = await do(paying, "payouts", seller_id="cedar")
    assert run["run_id"] == (await do(paying, "payouts", seller_id="cedar"))["run_id"], "made once"
    path = f"payouts/{run['run_id']}"
    assert "sub ids" == (await do(paying, f"{path}/hold", reason="sub ids"))["hold_reason"]
    assert (409, "error", "cannot_pay") == (await do(paying, f"{path}/approve")).told
    await do(paying, f"{path}/hold", reason="")
    issued = await do(paying, f"{path}/approve")
    assert ("issued", "PO-2026-00001") == (issued["state"], issued["statement"])

    document = await paying.get(path, key=OPERATOR_KEY)
    payment = document["payments"][0]["payment_id"]
    assert ["70.00", "30.00"] == [
        x["amount"] for x in (await do(paying, f"payments/{payment}/split", amount="70.00"))["payments"]
    ]
    bank = {"bank_name": "First", "routing": "011401533", "company": "Harbor", "company_id": "1123456789"}
    assert (409, "error", "cannot_pay") == (await do(paying, "payout-files", method="ach")).told
    await change_payer(paying.exchange.market, Method.ACH, bank, ANN)
    file = await do(paying, "payout-files", method="ach")
    assert (2, "100.00") == (file["payments"], file["amount"]) and b"CEDAR" in base64.b64decode(file["content"])
    assert file["content"] == (await paying.get(f"payout-files/{file['file_id']}", key=OPERATOR_KEY))["content"]
    paid = await do(paying, f"{path}/paid", reference="batch 1")
    assert {"paid"} == {x["state"] for x in paid["payments"]}
    back = await do(paying, f"payments/{payment}/bounced", reason="R03")
    assert "bounced" == back["payments"][0]["state"]


async def test_a_seller_reads_its_own_statements_and_they_sum(paying: Served) -> None:
    run = await do(paying, "payouts", seller_id="cedar")
    assert 404 == (await paying.get(f"statements/{run['run_id']}")).http_status, "not issued yet"
    await do(paying, f"payouts/{run['run_id']}/approve")
    listed = await paying.get("statements")
    assert ["PO-2026-00001"] == [each["statement"] for each in listed["statements"]]
    assert "prepared_by" not in listed["statements"][0] and ["-40.00"] == [x["returned"] for x in listed["running"]]
    one = await paying.get("statements/PO-2026-00001")
    entries = (await paying.get("statements/PO-2026-00001/entries?limit=1")).fields
    rest = (await paying.get(f"statements/PO-2026-00001/entries?limit=1&after={entries['next']}")).fields
    amounts = [Decimal(x["amount"]) for x in (*entries["entries"], *rest["entries"])]
    assert Decimal(one["pay"]) == sum(amounts) == Decimal("100.00")
    running = await paying.get("statements/open-USD")
    assert ("-40.00", "0.00", "40.00") == (running["returned"], running["pay"], running["carry"]), "a debt goes over"

    await paying.exchange.add(*selling("birch"))
    for path in ("statements/PO-2026-00001", "statements/PO-2026-00001/entries", "statements/open-USD"):
        assert 404 == (await paying.get(path, key=live_key("birch"))).http_status
    assert 403 == (await paying.get("statements", key=key_for_tests("cedar"))).http_status
    assert 401 == (await paying.get("payouts")).http_status


async def test_terms_are_told_without_the_account_and_changed_whole(paying: Served) -> None:
    told = await paying.get("sellers/cedar/payment-terms", key=OPERATOR_KEY)
    assert ("ach", "6789", 1) == (told["method"], told["bank_ends_in"], told["version"])
    changed = await do(paying, "sellers/cedar/payment-terms", every="month", reserve_percent="12.5", net_days=3)
    assert ("month", "12.50", 3, "6789") == tuple(
        changed[name] for name in ("every", "reserve_percent", "net_days", "bank_ends_in")
    )
    wrong = await do(paying, "sellers/cedar/payment-terms", iban="DE00", method="sepa", every="day")
    assert 422 == wrong.http_status and {"method", "iban", "every", "holder"} == {x["field"] for x in wrong["errors"]}
    assert 404 == (await do(paying, "sellers/nobody/payment-terms", every="month")).http_status
    assert "000123456789" not in str(told.fields) + str(changed.fields)


async def test_what_cannot_be_is_refused_with_a_reason(paying: Served) -> None:
    calls: tuple[tuple[str, dict[str, Any], int], ...] = (
        ("payouts", {}, 422),
        ("payouts", {"seller_id": "cedar", "currency": "dollars"}, 422),
        ("payouts", {"seller_id": "cedar", "currency": "EUR"}, 409),
        ("payouts/pay_nothing/approve", {}, 404),
        ("payouts/pay_nothing/paid", {"reference": "x"}, 404),
        ("payments/pmt_nothing/paid", {"reference": "x"}, 409),
        ("payments/pmt_nothing/split", {"amount": "x"}, 409),
        ("payout-files", {"method": "cash"}, 422),
        ("payout-files/pfl_nothing/withdraw", {"reason": "x"}, 409),
    )
    for call, fields, status in calls:
        found = await do(paying, call, **fields)
        assert (call, status) == (call, found.http_status) and (found.get("message") or found["errors"])
