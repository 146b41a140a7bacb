"""Balances and documents by program: each key its own, money booked once."""

from __future__ import annotations

from exchange.model.money import Money
from tests.flows.billed import WEEKLY, later, on_credit, sold, sound
from tests.market import OPERATOR_KEY, Deposit, Key, buyer, buyer_key, operator
from tests.web.served import Served

BIRCH = buyer_key("birch")


async def test_a_buyer_asks_what_it_may_spend_and_how_long_that_lasts(served: Served) -> None:
    await served.exchange.add(
        Deposit("acme", Money.parse("99", "EUR"))
    )  # buys no lead: the account it buys in is in USD
    told = await served.get("buyer/balance", key=buyer_key("acme"))

    assert (200, "prepaid", "1000.00", "USD") == (
        told.http_status, told["billing"], told["available"], told["currency"],
    )  # fmt: skip
    assert [("EUR", "99.00", "0.00"), ("USD", "1000.00", "0.00")] == [
        (x["currency"], x["balance"], x["held"]) for x in told["accounts"]
    ]
    assert told.get("leads_left") is None
    assert 401 == (await served.get("buyer/balance", key="bk_live_nobody")).http_status
    assert 401 == (await served.get("buyer/balance", key=OPERATOR_KEY)).http_status


async def test_documents_are_issued_listed_read_and_paid_once(served: Served) -> None:
    exchange = served.exchange
    await exchange.add(operator(), buyer("birch", terms=WEEKLY), Key(BIRCH, "buyer", "birch"))
    await on_credit(exchange)
    await sold(exchange, "a", "50")
    later(exchange, 1)
    await sound(exchange)
    issued = await served.send("buyers/acme/invoices", {}, key=OPERATOR_KEY)
    number = next(each for each in issued["issued"] if each.startswith("INV"))

    own = await served.get(f"buyer/invoices/{number}", key=buyer_key("acme"))
    theirs = await served.get(f"buyer/invoices/{number}", key=BIRCH)
    assert (200, "50.00", "open", 404) == (own.http_status, own["total"], own["state"], theirs.http_status)
    payment = {"amount": "20.00", "reference": "wire-1"}
    paid = [await served.send(f"invoices/{number}/paid", payment, key=OPERATOR_KEY) for _ in range(2)]
    other = await served.send(f"invoices/{number}/paid", {**payment, "amount": "21"}, key=OPERATOR_KEY)
    wrong = await served.send(f"invoices/{number}/paid", {"amount": "much"}, key=OPERATOR_KEY)
    assert [("booked", "30.00"), ("unchanged", "30.00")] == [(each["status"], each["open"]) for each in paid]
    assert (409, 422) == (other.http_status, wrong.http_status)
    assert {"amount", "reference"} == {each["field"] for each in wrong["errors"]}

    listed = await served.get("invoices?limit=1", key=OPERATOR_KEY)
    rest = await served.get(f"invoices?before={listed['next']}", key=OPERATOR_KEY)
    assert (True, 2) == (listed["more"], len(listed["invoices"]) + len(rest["invoices"]))
    assert [] == (await served.get("buyer/invoices", key=BIRCH))["invoices"]
    to_pay = await served.get("buyer/invoices?status=to_pay", key=buyer_key("acme"))
    assert [number] == [each["number"] for each in to_pay["invoices"]]
    assert 422 == (await served.get("invoices?status=odd", key=OPERATOR_KEY)).http_status
    assert 404 == (await served.send("buyers/nobody/invoices", {}, key=OPERATOR_KEY)).http_status
    assert 401 == (await served.get("invoices", key=buyer_key("acme"))).http_status
