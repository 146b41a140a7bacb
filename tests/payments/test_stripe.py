"""Stripe's wire, read and written: what goes out, what comes back, and which events are believed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Generator
from typing import Any
from urllib.parse import parse_qs

import pytest

from exchange.connector import BadReply, Callback, Forged
from exchange.model.money import Money
from exchange.model.wire import HttpMessage, Message, Reply
from exchange.payments.protocol import Access, Charged, Disputed, GaveBack, Method, NotPaid, Other, Paid, Wish
from exchange.payments.stripe import TOLERANCE_S, Stripe

ACCESS = Access("https://api.stripe.example", "sk_live_1", ("whsec_now", "whsec_before"))
NOW = 1_795_000_000_000
WISH = Wish("chg_1", "acme", "Acme", Money(5_000_000, "USD"), "Top-up", "https://harbor.example/buyer/billing", True)
CARD = Method("cus_1", "pm_1", "Visa")


def hold(conversation: Generator[Message, Reply, Any], status: int, body: object) -> tuple[HttpMessage, Any]:
    message = next(conversation)
    assert isinstance(message, HttpMessage)
    with pytest.raises(StopIteration) as end:
        conversation.send(Reply(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode()))
    return message, end.value.value


def sent(message: HttpMessage) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(message.body.decode()).items()}


def signed(event: object, secret: str = "whsec_now", at_s: int = NOW // 1000, more: str = "") -> Callback:
    body = json.dumps(event).encode()
    digest = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return Callback("/payments/stripe", "", {"stripe-signature": f"t={at_s},v1={digest}{more}"}, body, {})


def event(kind: str, **found: object) -> dict[str, object]:
    return {"id": "evt_1", "type": kind, "created": NOW // 1000, "data": {"object": {"id": "x_1", **found}}}


def test_a_page_is_asked_for_in_the_smallest_unit_and_under_our_id() -> None:
    message, page = hold(Stripe().hosted_page(ACCESS, WISH), 200, {"id": "cs_1", "url": "https://pay.example/cs_1"})

    fields = sent(message)
    assert ("POST", "https://api.stripe.example/v1/checkout/sessions") == (message.method, message.url)
    assert ("Bearer sk_live_1", "chg_1") == (message.headers["Authorization"], message.headers["Idempotency-Key"])
    assert ("50000", "usd") == (
        fields["line_items[0][price_data][unit_amount]"], fields["line_items[0][price_data][currency]"],
    )  # fmt: skip
    assert "chg_1" == fields["payment_intent_data[metadata][charge]"] == fields["client_reference_id"]
    assert "off_session" == fields["payment_intent_data[setup_future_usage]"]
    assert ("cs_1", "https://pay.example/cs_1") == tuple(page)
    assert ("sk_live_1",) == message.secrets


@pytest.mark.parametrize(
    ("currency", "units", "amount"), [("USD", 123_400, "1234"), ("JPY", 120_000, "12"), ("KWD", 12_340, "1234")]
)
def test_each_currency_has_its_own_smallest_unit(currency: str, units: int, amount: str) -> None:
    message, _ = hold(
        Stripe().charge(ACCESS, WISH._replace(money=Money(units, currency)), CARD), 200,
        {"id": "pi_1", "status": "succeeded"},
    )  # fmt: skip

    assert amount == sent(message)["amount"]


@pytest.mark.parametrize("units", [0, -10_000, 50, 99_999_999 * 100 + 100])
def test_amounts_that_no_card_knows_are_refused_before_they_are_sent(units: int) -> None:
    assert Stripe().takes(Money(units, "USD"))
    assert not Stripe().takes(Money(100, "USD"))


def test_a_card_is_taken_declined_or_still_at_its_bank() -> None:
    ways = (
        (200, {"id": "pi_1", "status": "succeeded"}, Charged("pi_1", True)),
        (200, {"id": "pi_1", "status": "processing"}, Charged("pi_1", False)),
        (402, {"error": {"message": "Your card was declined.", "payment_intent": {"id": "pi_2"}}},
         Charged("pi_2", False, "Your card was declined.")),
    )  # fmt: skip
    for status, body, wanted in ways:
        assert wanted == hold(Stripe().charge(ACCESS, WISH, CARD), status, body)[1]


@pytest.mark.parametrize(
    ("status", "body"), [(401, {"error": {"message": "No key"}}), (429, {}), (500, b"<html>"), (200, b"[]")]
)
def test_what_is_no_answer_is_never_taken_for_one(status: int, body: object) -> None:
    conversation = Stripe().charge(ACCESS, WISH, CARD)
    next(conversation)
    with pytest.raises(BadReply):
        conversation.send(Reply(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (signed(event("x"), "whsec_other"), "our secret"),
        (signed(event("x"), at_s=NOW // 1000 - TOLERANCE_S - 1), "too long ago"),
        (signed(event("x"), at_s=NOW // 1000 + TOLERANCE_S + 1), "future"),
        (signed(event("x"), more=",t=1"), "not signed"),
        (Callback("/", "", {"stripe-signature": f"t={NOW // 1000},v0=abc"}, b"{}", {}), "our secret"),
        (Callback("/", "", {"stripe-signature": f"t={NOW // 1000},v1=\u00e9"}, b"{}", {}), "our secret"),
        (Callback("/", "", {"stripe-signature": "t=\u0661,v1=a"}, b"{}", {}), "not signed"),
        (Callback("/", "", {}, b"{}", {}), "not signed"),
    ],
)
def test_an_event_that_does_not_prove_itself_is_not_believed(call: Callback, why: str) -> None:
    with pytest.raises(Forged, match=why):
        Stripe().events(ACCESS, call, NOW)


def test_an_empty_secret_signs_nothing() -> None:
    with pytest.raises(Forged):
        Stripe().events(ACCESS._replace(event_secrets=("", "")), signed(event("x"), ""), NOW)


def test_events_are_believed_under_both_secrets_and_say_what_moved() -> None:
    money = {"currency": "usd", "metadata": {"charge": "chg_1", "refund": "rfd_1"}, "payment_intent": "pi_1"}
    usd = Money(5_000_000, "USD")
    ways = (
        (event("checkout.session.completed", payment_status="paid", amount_total=50_000, **money),
         Paid("evt_1", NOW, "chg_1", "x_1", "pi_1", usd)),
        (event("checkout.session.completed", payment_status="unpaid", amount_total=50_000, **money),
         Other("evt_1", NOW, "checkout.session.completed")),
        (event("payment_intent.succeeded", amount_received=50_000, **money),
         Paid("evt_1", NOW, "chg_1", "", "x_1", usd)),
        (event("payment_intent.payment_failed", last_payment_error={"message": "Declined."}, **money),
         NotPaid("evt_1", NOW, "chg_1", "", "x_1", "Declined.")),
        (event("refund.created", status="pending", amount=50_000, **money),
         GaveBack("evt_1", NOW, "x_1", "pi_1", "rfd_1", usd, False)),
        (event("refund.failed", status="failed", amount=50_000, **money),
         GaveBack("evt_1", NOW, "x_1", "pi_1", "rfd_1", usd, True)),
        (event("charge.dispute.funds_withdrawn", amount=50_000, **money),
         Disputed("evt_1", NOW, "x_1", "pi_1", usd, False)),
        (event("charge.dispute.created", amount=50_000, **money), Other("evt_1", NOW, "charge.dispute.created")),
    )  # fmt: skip
    for told, wanted in ways:
        assert (wanted,) == Stripe().events(ACCESS, signed(told), NOW)
        assert (wanted,) == Stripe().events(ACCESS, signed(told, "whsec_before"), NOW)


@pytest.mark.parametrize(
    "told",
    [
        [], {"id": "evt_1"}, {**event("x"), "data": []},
        event("payment_intent.succeeded", amount_received=1.5, currency="usd"),
        event("payment_intent.succeeded", amount_received=-1, currency="usd"),
        event("payment_intent.succeeded", amount_received=True, currency="usd"),
        event("payment_intent.succeeded", amount_received=1, currency=None),
        event("checkout.session.completed", payment_status="paid", amount_total=1, currency="usd"),
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_read_is_an_error_and_no_money(told: object) -> None:
    with pytest.raises(BadReply):
        Stripe().events(ACCESS, signed(told), NOW)


def test_a_refund_is_found_again_under_our_id() -> None:
    made = [{"id": "re_2", "metadata": {"refund": "rfd_2"}}, {"id": "re_1", "metadata": {"refund": "rfd_1"}}]
    message, found = hold(Stripe().refund_made(ACCESS, "rfd_1", "pi_1"), 200, {"data": made})

    assert ("GET", "https://api.stripe.example/v1/refunds?payment_intent=pi_1&limit=100") == (
        message.method, message.url,
    )  # fmt: skip
    assert ("re_1", True) == found[:2]
    assert hold(Stripe().refund_made(ACCESS, "rfd_3", "pi_1"), 200, {"data": made})[1] is None
