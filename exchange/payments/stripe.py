"""Stripe, as its wire says it: forms in, JSON out, amounts in the currency's smallest unit, events signed with HMAC."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from exchange.connector import BadReply, Callback, Conversation, Forged
from exchange.model.money import SCALE, Money
from exchange.model.wire import HttpMessage, Reply
from exchange.payments.protocol import (
    Access,
    Charged,
    Disputed,
    Event,
    GaveBack,
    HostedPage,
    Intent,
    Method,
    NotPaid,
    Other,
    Paid,
    Refunded,
    Wish,
)

VERSION = "2024-06-20"
TOLERANCE_S = 300
HEARD: Final = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)
_WHOLE = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)
_THOUSANDTHS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
_PAID_SESSIONS = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
_LOST_SESSIONS = ("checkout.session.async_payment_failed", "checkout.session.expired")


class Stripe:
    name = "stripe"
    title = "Stripe"

    def takes(self, money: Money) -> str:
        if money.units <= 0:
            return "The amount must be above zero."
        smallest = _smallest(money.currency)
        if money.units % smallest:
            return f"Write the amount in whole {'units' if smallest == SCALE else 'cents'}: cards know no smaller ones."
        return "" if money.units // smallest <= 99_999_999 else "One payment may be up to 999,999.99."

    def hosted_page(self, access: Access, wish: Wish) -> Conversation[HostedPage]:
        fields = {
            "mode": "payment",
            "client_reference_id": wish.charge_id,
            "success_url": f"{wish.back_url}?paid={wish.charge_id}",
            "cancel_url": f"{wish.back_url}?left={wish.charge_id}",
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": wish.money.currency.lower(),
            "line_items[0][price_data][unit_amount]": str(_amount(wish.money)),
            "line_items[0][price_data][product_data][name]": wish.what,
            "metadata[charge]": wish.charge_id,
            "payment_intent_data[metadata][charge]": wish.charge_id,
            "payment_intent_data[metadata][buyer]": wish.buyer_id,
        }
        if wish.customer_id:
            fields["customer"] = wish.customer_id
        else:
            fields["customer_creation"] = "always"
        if wish.save:
            fields["payment_intent_data[setup_future_usage]"] = "off_session"
        found = _read((yield _post(access, "/v1/checkout/sessions", fields, wish.charge_id)))
        page = HostedPage(_text(found, "id"), _text(found, "url"))
        if not page.url.startswith(("https://", f"{access.base_url}/")) or not page.url.isprintable():
            raise BadReply("the page to pay on is at no address that can be trusted")
        return page

    def charge(self, access: Access, wish: Wish, method: Method) -> Conversation[Charged]:
        fields = {
            "amount": str(_amount(wish.money)),
            "currency": wish.money.currency.lower(),
            "customer": method.customer_id,
            "payment_method": method.method_id,
            "off_session": "true",
            "confirm": "true",
            "description": wish.what,
            "metadata[charge]": wish.charge_id,
            "metadata[buyer]": wish.buyer_id,
        }
        reply = yield _post(access, "/v1/payment_intents", fields, wish.charge_id)
        if _refused(reply):
            error = _error(reply)
            return Charged(_intent_of_error(error), False, _why(error) or f"{self.title} refused the card.")
        found = _read(reply)
        if found.get("status") in ("requires_action", "requires_payment_method", "canceled"):
            return Charged(_text(found, "id"), False, "The card's bank asks its holder to confirm the payment.")
        if found.get("status") not in ("succeeded", "processing"):
            raise BadReply("the payment has a status that is not known")
        return Charged(_text(found, "id"), found["status"] == "succeeded")

    def refund(self, access: Access, refund_of: str, intent_id: str, money: Money) -> Conversation[Refunded]:
        fields = {"payment_intent": intent_id, "amount": str(_amount(money)), "metadata[refund]": refund_of}
        reply = yield _post(access, "/v1/refunds", fields, refund_of)
        if _refused(reply):
            return Refunded("", False, _why(_error(reply)))
        return _refunded(_read(reply))

    def refund_made(self, access: Access, refund_of: str, intent_id: str) -> Conversation[Refunded | None]:
        url = f"{access.base_url}/v1/refunds?{urlencode({'payment_intent': intent_id, 'limit': '100'})}"
        message = HttpMessage("GET", url, _headers(access), delivers=False, secrets=(access.key,))
        listed = _read((yield message)).get("data")
        if not isinstance(listed, list):
            raise BadReply("the list of refunds is none")
        ours = [each for each in listed if isinstance(each, dict) and _ours(each, "refund") == refund_of]
        return _refunded(ours[0]) if ours else None

    def intent(self, access: Access, intent_id: str) -> Conversation[Intent]:
        path = f"/v1/payment_intents/{quote(intent_id, safe='')}?{urlencode({'expand[]': 'payment_method'})}"
        found = _read((yield HttpMessage("GET", access.base_url + path, _headers(access), delivers=False,
                                         secrets=(access.key,))))  # fmt: skip
        taken = _money(found, "amount_received") if found.get("status") == "succeeded" else None
        return Intent(_text(found, "id"), _ours(found, "charge"), taken, _method(found))

    def listen(self, access: Access, url: str) -> Conversation[str]:
        fields = {"url": url, "api_version": VERSION, "description": "lead exchange"}
        fields |= {f"enabled_events[{place}]": name for place, name in enumerate(HEARD)}
        return _text(_read((yield _post(access, "/v1/webhook_endpoints", fields, ""))), "secret")

    def events(self, access: Access, call: Callback, now: int) -> Sequence[Event]:
        _require_signed(access, call, now)
        try:
            event = json.loads(call.body)
        except ValueError:
            raise BadReply("the event is no JSON") from None
        told = event.get("data") if isinstance(event, dict) else None
        found = told.get("object") if isinstance(told, dict) else None
        if not isinstance(found, dict) or not isinstance(event.get("created"), int):
            raise BadReply("the event lacks what every event has")
        return (_event(_text(event, "id"), event["created"] * 1000, _text(event, "type"), found),)


def _event(event_id: str, at: int, kind: str, found: Mapping[str, Any]) -> Event:
    if kind in _PAID_SESSIONS and found.get("payment_status") == "paid":
        session, intent = _text(found, "id"), _text(found, "payment_intent")
        return Paid(event_id, at, _ours(found, "charge"), session, intent, _money(found, "amount_total"))
    if kind in _LOST_SESSIONS:
        why = "The page was left without a payment." if kind.endswith("expired") else "The bank did not pay."
        return NotPaid(event_id, at, _ours(found, "charge"), _text(found, "id"), _plain(found, "payment_intent"), why)
    if kind == "payment_intent.succeeded":
        intent = _text(found, "id")
        return Paid(event_id, at, _ours(found, "charge"), "", intent, _money(found, "amount_received"))
    if kind == "payment_intent.payment_failed":
        why = _why(found.get("last_payment_error") or {})
        return NotPaid(event_id, at, _ours(found, "charge"), "", _text(found, "id"), why)
    if kind in ("refund.created", "refund.updated", "refund.failed") and found.get("status") not in (
        None,
        "requires_action",
    ):
        failed = found["status"] in ("failed", "canceled")
        refund, intent = _text(found, "id"), _text(found, "payment_intent")
        return GaveBack(event_id, at, refund, intent, _ours(found, "refund"), _money(found, "amount"), failed)
    if kind in ("charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"):
        won = kind.endswith("reinstated")
        return Disputed(event_id, at, _text(found, "id"), _text(found, "payment_intent"), _money(found, "amount"), won)
    return Other(event_id, at, kind)


def _refunded(found: Mapping[str, Any]) -> Refunded:
    failed = found.get("status") in ("failed", "canceled")
    return Refunded(_text(found, "id"), not failed, str(found.get("failure_reason") or "") if failed else "")


def _require_signed(access: Access, call: Callback, now: int) -> None:
    """`t=1492774577,v1=…,v1=…`: one of them must be ours, over the moment and the body, and the moment near."""
    moments: list[str] = []
    signatures: list[str] = []
    for part in call.headers.get("stripe-signature", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            moments.append(value)
        elif name == "v1":
            signatures.append(value)
    if len(moments) != 1 or not moments[0].isascii() or not moments[0].isdigit() or len(moments[0]) > 12:
        raise Forged("it is not signed")
    signed = moments[0].encode() + b"." + call.body
    wanted = [
        hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in access.event_secrets if secret
    ]
    if not any(hmac.compare_digest(given.encode(), want.encode()) for given in signatures[:10] for want in wanted):
        raise Forged("it is not signed with our secret")
    if abs(now // 1000 - int(moments[0])) > TOLERANCE_S:
        raise Forged("it was signed too long ago, or in the future")


def _post(access: Access, path: str, fields: Mapping[str, str], once: str) -> HttpMessage:
    headers = {**_headers(access), "Content-Type": "application/x-www-form-urlencoded"}
    if once:
        headers["Idempotency-Key"] = once
    body = urlencode(fields).encode()
    return HttpMessage("POST", access.base_url + path, headers, body, secrets=(access.key,))


def _headers(access: Access) -> dict[str, str]:
    return {"Authorization": f"Bearer {access.key}", "Stripe-Version": VERSION, "Accept": "application/json"}


def _read(reply: Reply) -> Mapping[str, Any]:
    """The object of a reply. Raises `BadReply` with Stripe's own sentence when it says no."""
    if reply.status >= 400:
        raise BadReply(_why(_error(reply)) or f"answer {reply.status}")
    try:
        found = json.loads(reply.body)
    except ValueError:
        raise BadReply("the answer is no JSON") from None
    if not isinstance(found, dict):
        raise BadReply("the answer is no object")
    return found


def _refused(reply: Reply) -> bool:
    """It was understood and not done, and will not be: unlike a wrong key, a conflict or too many calls."""
    return 400 <= reply.status < 500 and reply.status not in (401, 403, 409, 429)


def _error(reply: Reply) -> Mapping[str, Any]:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return {}
    error = found.get("error") if isinstance(found, dict) else None
    return error if isinstance(error, dict) else {}


def _why(error: Mapping[str, Any]) -> str:
    told = error.get("message")
    return told[:200] if isinstance(told, str) else ""


def _intent_of_error(error: Mapping[str, Any]) -> str:
    intent = error.get("payment_intent")
    return _plain(intent, "id") if isinstance(intent, dict) else ""


def _method(found: Mapping[str, Any]) -> Method | None:
    method, customer = found.get("payment_method"), found.get("customer")
    if not isinstance(method, dict) or not isinstance(customer, str):
        return None
    card = method.get("card")
    label = str(method.get("type") or "Means of payment").replace("_", " ").capitalize()
    if isinstance(card, dict):
        month, year = card.get("exp_month"), card.get("exp_year")
        label = f"{str(card.get('brand', 'Card')).capitalize()} •••• {card.get('last4', '????')}, {month}/{year}"
    return Method(customer, _text(method, "id"), label[:80])


def _ours(found: Mapping[str, Any], name: str) -> str:
    metadata = found.get("metadata")
    return _plain(metadata, name) if isinstance(metadata, dict) else ""


def _text(found: Mapping[str, Any], name: str) -> str:
    value = _plain(found, name)
    if not value:
        raise BadReply(f"{name} is missing")
    return value


def _plain(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value[:255] if isinstance(value, str) else ""


def _smallest(currency: str) -> int:
    """The smallest amount that cards know, in our units."""
    return SCALE if currency in _WHOLE else SCALE // 1000 if currency in _THOUSANDTHS else SCALE // 100


def _amount(money: Money) -> int:
    return money.units // _smallest(money.currency)


def _money(found: Mapping[str, Any], name: str) -> Money:
    amount, currency = found.get(name), _text(found, "currency").upper()
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount < 10**12 or len(currency) != 3:
        raise BadReply(f"{name} is no amount")
    return Money(amount * _smallest(currency), currency)
