"""What sellers, buyers and operators may ask and tell after the sale: each its own, nobody another's."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.clock import SimulatedClock
from exchange.model.actor import SYSTEM
from exchange.model.audit import AuditLine
from exchange.model.wire import Loss, Lost
from exchange.storage.audit import audit_of
from exchange.storage.ledger import house_balance
from tests.market import (
    NOW,
    OPERATOR_KEY,
    PING,
    POST,
    buyer,
    buyer_key,
    buying,
    consumer,
    contract,
    key_for_tests,
    live_key,
    operator,
    selling,
    usd,
)
from tests.scripted_buyers import reply
from tests.web.served import FORM, Heard, Served


def pass_time(served: Served, seconds: float) -> None:
    assert isinstance(served.exchange.clock, SimulatedClock)
    served.exchange.clock.advance(seconds)


async def sell(served: Served, number: int = 1, **more: str) -> Heard:
    answer = await served.send("pingpost", {**consumer(number), **more})
    assert "accepted" == answer["status"]
    return answer


async def leave_unclear(served: Served) -> str:
    """A lead whose buyer fell silent on the post; returns the delivery's id."""
    served.exchange.buyers.answers_posts("acme", Lost(Loss.TIMEOUT))
    await served.send("pingpost", POST)
    listed = await served.get("deliveries?state=unclear", key=OPERATOR_KEY)
    (delivery,) = listed["deliveries"]
    return str(delivery["delivery_id"])


async def tell(served: Served, call: str, fields: dict[str, Any], key: str = OPERATOR_KEY) -> Heard:
    return await served.send(call, fields, key=key)


# A seller's leads


async def test_a_seller_reads_its_lead_with_price_return_and_timeline_and_no_buyer(served: Served) -> None:
    ping = await served.send("ping", PING)
    pass_time(served, 1)
    await served.send("post", {**POST, "ping_id": ping["ping_id"], "seller_lead_id": "A-1", "s1": "pop-19"})
    by_id = await served.get(f"leads/ld_{ping['ping_id'][4:]}")
    by_own_id = await served.get("leads?seller_lead_id=A-1")

    told = [by_id[name] for name in ("status", "price", "currency", "return", "times_sold", "sub_id1")]
    assert ["accepted", "20.00", "USD", "none", 1, "pop-19"] == told
    assert ["ping", "post"] == [event["what"] for event in by_id["timeline"]]
    assert by_id["lead_id"] == by_own_id["lead_id"]
    assert b"cme" not in by_id.body
    assert b"25.00" not in by_id.body


async def test_an_open_ping_is_told_with_what_it_promises(served: Served) -> None:
    ping = await served.send("ping", PING)
    lead = await served.get(f"leads/ld_{ping['ping_id'][4:]}")

    assert ("quoted", "20.00", ping["expires_at"]) == (lead["status"], lead["price"], lead["expires_at"])


async def test_another_sellers_lead_is_not_there(served: Served) -> None:
    await served.exchange.add(*selling("birch"))
    lead_id = (await sell(served, seller_lead_id="A-1"))["lead_id"]

    for path in (f"leads/{lead_id}", "leads?seller_lead_id=A-1"):
        assert 200 == (await served.get(path)).http_status
        assert (404, "error", "not_found") == (await served.get(path, key=live_key("birch"))).told
        assert 404 == (await served.get(path, key=key_for_tests("cedar"))).http_status
        assert 401 == (await served.get(path, key=buyer_key("acme"))).http_status
        assert 401 == (await served.get(path, key=None)).http_status
    pass_time(served, 5)
    assert [] == (await served.get("leads?since=0", key=live_key("birch")))["leads"]


async def test_changes_are_read_page_by_page_each_once_and_later_ones_with_the_same_cursor(served: Served) -> None:
    sold = []
    for number in range(5):
        sold.append((await sell(served, number))["lead_id"])
        pass_time(served, 0.001 if number % 2 else 0)
    pass_time(served, 5)

    first = await served.get("leads?since=0&limit=2")
    second = await served.get(f"leads?since={first['next']}&limit=2")
    third = await served.get(f"leads?since={second['next']}&limit=2")
    last = await served.get(f"leads?since={third['next']}")
    late = (await sell(served, 9))["lead_id"]
    at_once = await served.get(f"leads?since={third['next']}")
    pass_time(served, 5)
    then = await served.get(f"leads?since={third['next']}")

    pages = [[each["lead_id"] for each in page["leads"]] for page in (first, second, third, last)]
    assert sorted(sold) == sorted(pages[0] + pages[1] + pages[2])
    assert ([2, 2, 1, 0], [True, True, False]) == (
        [len(page) for page in pages],
        [page["more"] for page in (first, second, third)],
    )
    assert ([], [late]) == (at_once["leads"], [each["lead_id"] for each in then["leads"]])


async def test_changes_since_a_moment(served: Served) -> None:
    await sell(served, 1)
    pass_time(served, 60)
    second = (await sell(served, 2))["lead_id"]
    pass_time(served, 5)

    changed = await served.get("leads?since=2026-11-21T14:34:30Z")

    assert [second] == [each["lead_id"] for each in changed["leads"]]


@pytest.mark.parametrize("query", ["", "since=yesterday", "since=0&limit=0", "since=0&limit=1001", "since=0&limit=x"])
async def test_a_list_that_cannot_be_made_says_what_to_send(served: Served, query: str) -> None:
    answer = await served.get(f"leads?{query}")

    assert (422, "invalid", "invalid") == answer.told
    assert answer["errors"][0]["field"] in ("since", "limit")


# A buyer's sales


async def test_a_buyer_tells_what_became_of_a_lead_by_any_of_its_ids(served: Served) -> None:
    lead_id = (await sell(served))["lead_id"]
    pass_time(served, 5)
    (sale,) = (await served.get("sales?since=0", key=buyer_key("acme")))["sales"]

    for name, reference, word in (
        ("lead_id", lead_id, "contacted"),
        ("reference", sale["reference"], "quoted"),
        ("reference", sale["your_reference"], "sold"),
    ):
        told = await tell(served, "dispositions", {name: reference, "disposition": word}, buyer_key("acme"))
        assert (200, "recorded", lead_id) == (told.http_status, told["status"], told["lead_id"])
        pass_time(served, 1)
    again = (await served.get("sales", key=buyer_key("acme")))["sales"][0]
    assert ("25.00", "sold") == (again["price"], again["disposition"])
    assert again["disposition_at"] and "disposition_value" not in again
    assert {"price", "contract_id", "vertical"} <= set(sale)
    assert b"cedar" not in (await served.get("sales", key=buyer_key("acme"))).body
    assert b"20.00" not in (await served.get("sales", key=buyer_key("acme"))).body


async def test_a_disposition_as_a_form_with_time_and_value_is_kept_once(served: Served) -> None:
    lead_id = (await sell(served))["lead_id"]
    fields = {"lead_id": lead_id, "disposition": "sold", "at": str(NOW // 1000), "value": "1250.00", "note": "6.2 kW"}
    first = await served.send("dispositions", fields, key=buyer_key("acme"), content_type=FORM)
    again = await served.send("dispositions", fields, key=buyer_key("acme"))

    assert b"status=recorded" in first.body
    assert "unchanged" == again["status"]
    kept = await served.exchange.rows("SELECT kind, note, value_units, at, channel FROM dispositions")
    assert [{"kind": "sold", "note": "", "value_units": 12_500_000, "at": NOW, "channel": "api"}] == kept
    (sealed,) = await served.exchange.rows("SELECT sealed_note FROM dispositions")
    assert sealed["sealed_note"] and b"6.2 kW" not in bytes(sealed["sealed_note"])


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"disposition": "call 602 958 0142"}, "disposition", "pattern"),
        ({"disposition": ""}, "disposition", "missing"),
        ({"lead_id": ""}, "lead_id", "missing"),
        ({"at": "soon"}, "at", "type"),
        ({"at": "2199-01-01T00:00:00Z"}, "at", "in_future"),
        ({"value": "a lot"}, "value", "type"),
        ({"note": "x" * 501}, "note", "length"),
    ],
)
async def test_a_wrong_disposition_is_told_with_the_field(
    served: Served, wrong: dict[str, str], field: str, code: str
) -> None:
    lead_id = (await sell(served))["lead_id"]
    fields = {"lead_id": lead_id, "disposition": "sold", **wrong}

    answer = await tell(served, "dispositions", fields, buyer_key("acme"))

    assert (422, [(field, code)]) == (
        answer.http_status,
        [(error["field"], error["code"]) for error in answer["errors"]],
    )
    assert 0 == await served.exchange.count("dispositions")


async def test_a_buyer_can_tell_nothing_of_a_lead_another_bought(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    await served.exchange.add(*buying("birch", price=usd("1")))
    lead_id = (await sell(served))["lead_id"]
    (attempt,) = await served.exchange.rows("SELECT id FROM attempts")

    for reference in (lead_id, attempt["id"], "b1"):
        fields = {"reference": reference, "disposition": "sold"}
        assert (404, "error", "not_found") == (await tell(served, "dispositions", fields, buyer_key("birch"))).told
    assert ["A buyer spoke of leads that it did not buy"] * 2 == [record.getMessage() for record in caplog.records]
    pass_time(served, 5)
    assert [] == (await served.get("sales", key=buyer_key("birch")))["sales"]
    assert 0 == await served.exchange.count("dispositions")


# Settling


async def test_an_operator_settles_an_unclear_delivery_and_the_money_follows(served: Served) -> None:
    await served.exchange.add(operator())
    delivery_id = await leave_unclear(served)

    settled = await tell(served, f"deliveries/{delivery_id}/settle", {"decision": "accepted", "note": "told by phone"})
    again = await tell(served, f"deliveries/{delivery_id}/settle", {"decision": "rejected"})
    lead = await served.get(f"leads/{settled['lead_id']}")

    assert (200, "settled", "sold") == (settled.http_status, settled["status"], settled["lead_state"])
    assert (409, "error", "cannot_settle") == again.told
    assert ("accepted", "20.00") == (lead["status"], lead["price"])
    assert ["pingpost", "settled"] == [event["what"] for event in lead["timeline"]]
    assert usd("975") == (await served.exchange.balance("acme")).posted
    assert usd("5") == await served.exchange.market.db.read(house_balance, "house:margin", "USD")
    (line,) = await audit(served, f"delivery:{delivery_id}")
    assert ("delivery.settled", "pat", "127.0.0.1") == (line.action, line.actor.name, line.ip)
    assert [] == (await served.get("deliveries", key=OPERATOR_KEY))["deliveries"]


async def test_a_delivery_settled_as_rejected_gives_the_money_and_the_consumer_back(served: Served) -> None:
    await served.exchange.add(operator())
    delivery_id = await leave_unclear(served)
    held = await served.exchange.balance("acme")

    settled = await tell(served, f"deliveries/{delivery_id}/settle", {"decision": "rejected"})
    served.exchange.buyers.answers_posts("acme", reply(status="sold", id="b2"))
    posted = await served.send("pingpost", POST)

    assert (usd("975"), "unsold", "accepted") == (held.available, settled["lead_state"], posted["status"])


async def test_a_settlement_may_lower_the_price_and_never_raise_it(served: Served) -> None:
    await served.exchange.add(operator())
    delivery_id = await leave_unclear(served)
    call = f"deliveries/{delivery_id}/settle"

    dearer = await tell(served, call, {"decision": "accepted", "price": "25.01"})
    negative = await tell(served, call, {"decision": "accepted", "price": "-1"})
    lower = await tell(served, call, {"decision": "accepted", "price": "20.00"})

    assert [409, 422, 200] == [each.http_status for each in (dearer, negative, lower)]
    assert usd("980") == (await served.exchange.balance("acme")).posted


@pytest.mark.parametrize("key", [live_key("cedar"), buyer_key("acme"), None, "ok_live_operator_0002"])
async def test_only_operators_settle_and_book(served: Served, key: str | None) -> None:
    await served.exchange.add(operator())
    delivery_id = await leave_unclear(served)

    for call, fields in (
        (f"deliveries/{delivery_id}/settle", {"decision": "accepted"}),
        ("buyers/acme/top-up", {"amount": "100", "reference": "wire-1"}),
    ):
        assert 401 == (await served.send(call, fields, key=key)).http_status
    assert 401 == (await served.get("deliveries", key=key)).http_status
    assert usd("975") == (await served.exchange.balance("acme")).available


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, ["decision"]),
        ({"decision": "maybe"}, ["decision"]),
        ({"decision": "accepted", "price": "1e3"}, ["price"]),
        ({"decision": "no", "price": "x", "note": "y" * 501}, ["decision", "price", "note"]),
    ],
)
async def test_a_settlement_that_cannot_be_read_tells_every_problem(
    served: Served, fields: dict[str, str], wrong: list[str]
) -> None:
    await served.exchange.add(operator())
    delivery_id = await leave_unclear(served)

    answer = await tell(served, f"deliveries/{delivery_id}/settle", fields)

    assert (422, wrong) == (answer.http_status, [error["field"] for error in answer["errors"]])


async def test_a_delivery_nobody_made_cannot_be_settled(served: Served) -> None:
    await served.exchange.add(operator())

    answer = await tell(served, "deliveries/dlv_none/settle", {"decision": "accepted"})

    assert (404, "error", "not_found") == answer.told


# Money in


async def test_a_top_up_is_booked_once_by_its_reference_and_leaves_a_line(served: Served) -> None:
    await served.exchange.add(operator())
    paid = {"amount": "250.50", "reference": "wire-1"}
    first = await tell(served, "buyers/acme/top-up", paid)
    again = await tell(served, "buyers/acme/top-up", paid)
    other = await tell(served, "buyers/acme/top-up", {**paid, "amount": "900"})

    assert [(200, "booked"), (200, "unchanged"), (409, "error")] == [
        (each.http_status, each["status"]) for each in (first, again, other)
    ]
    assert ("1250.50", usd("1250.50")) == (first["balance"], (await served.exchange.balance("acme")).posted)
    (line,) = await audit(served, "buyer:acme")
    assert "account.topped_up" == line.action
    assert usd("-1250.50") == await served.exchange.market.db.read(house_balance, "bank", "USD")


async def test_a_buyer_on_credit_pays_back_what_it_owes(served: Served) -> None:
    await served.exchange.add(operator(), buyer("birch", credit="100"), contract("birch"))
    served.exchange.buyers.bids("birch", "40.00")
    await sell(served)
    owed = await served.exchange.balance("birch")
    paid = await tell(served, "buyers/birch/top-up", {"amount": "40", "reference": "wire-1"})

    assert (usd("60"), "0.00", "100.00") == (owed.available, paid["balance"], paid["available"])


@pytest.mark.parametrize("amount", ["0", "-5", "ten", "", "1.00001", "NaN", "1e9"])
async def test_an_amount_that_is_none_is_not_booked(served: Served, amount: str) -> None:
    await served.exchange.add(operator())

    answer = await tell(served, "buyers/acme/top-up", {"amount": amount, "reference": "wire-1"})

    assert (422, "amount") == (answer.http_status, answer["errors"][0]["field"])
    assert usd("1000") == (await served.exchange.balance("acme")).posted


async def test_money_for_nobody_is_not_booked(served: Served) -> None:
    await served.exchange.add(operator())

    assert 404 == (await tell(served, "buyers/nobody/top-up", {"amount": "5", "reference": "w"})).http_status


async def audit(served: Served, subject: str) -> list[AuditLine]:
    return await served.exchange.market.db.read(audit_of, SYSTEM, subject)
