"""What the provider knows: sessions, payments, refunds, disputes, cards and the events that tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exchange.clock import Clock
from exchange.ids import Ids

Object = dict[str, Any]

CARDS: Mapping[str, tuple[str, str, str]] = {
    # number: brand, what it does on the page, what it does later when nobody is there
    "4242424242424242": ("visa", "", ""),
    "5555555555554444": ("mastercard", "", ""),
    "4000000000000002": ("visa", "card_declined", "card_declined"),
    "4000000000000341": ("visa", "", "card_declined"),
    "4000000000009995": ("visa", "insufficient_funds", "insufficient_funds"),
    "4000002500003155": ("visa", "", "authentication_required"),
}
"""The provider's own test cards."""
MESSAGES = {
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "authentication_required": "The card's bank asks its holder to confirm the payment.",
}


_KEPT = ("sessions", "intents", "refunds", "disputes", "methods", "numbers")


class Refusal(Exception):
    """An error as the API tells it."""

    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error: Object = {"type": kind, "message": message, **more}


@dataclass
class Books:
    """Everything by its id. `events` are in the order they happened."""

    clock: Clock
    ids: Ids
    sessions: dict[str, Object] = field(default_factory=dict)
    intents: dict[str, Object] = field(default_factory=dict)
    refunds: dict[str, Object] = field(default_factory=dict)
    disputes: dict[str, Object] = field(default_factory=dict)
    methods: dict[str, Object] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)  # of the cards, by method
    events: list[Object] = field(default_factory=list)

    def whole(self) -> Object:
        """What a stop of the provider must not lose."""
        return {name: getattr(self, name) for name in _KEPT}

    def restore(self, kept: Object) -> None:
        for name in _KEPT:
            getattr(self, name).update(kept[name])

    def open_session(self, given: Mapping[str, str], base: str) -> Object:
        amount = number_in(given, "line_items[0][price_data][unit_amount]") * number_in(
            given, "line_items[0][quantity]"
        )
        if given.get("mode") != "payment" or not given.get("success_url"):
            raise Refusal(400, "invalid_request_error", "Missing required param: success_url.", param="success_url")
        found = self._made("checkout.session", "cs_test")
        found |= {
            "amount_total": amount,
            "currency": currency(given, "line_items[0][price_data][currency]"),
            "client_reference_id": given.get("client_reference_id"),
            "customer": given.get("customer"),
            "metadata": inside(given, "metadata"),
            "mode": "payment",
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "success_url": given["success_url"],
            "cancel_url": given.get("cancel_url"),
        }
        found["url"] = f"{base}/c/pay/{found['id']}"
        self.sessions[found["id"]] = found
        found["_of_intent"] = inside(given, "payment_intent_data[metadata]")
        found["_saves"] = given.get("payment_intent_data[setup_future_usage]") == "off_session"
        found["_name"] = given.get("line_items[0][price_data][product_data][name]", "")
        return found

    def pay(self, session_id: str, number: str) -> str:
        """Somebody pays on the page. Empty when it was taken, else what the page says."""
        session = self.sessions[session_id]
        brand, on_page, _ = CARDS.get(number, ("unknown", "card_declined", ""))
        intent = self.intents.get(session["payment_intent"] or "") or self._intent(session, session["_of_intent"])
        session["payment_intent"] = intent["id"]
        if session["status"] != "open":
            return "This page was used already."
        if on_page:
            self._decline(intent, on_page)
            return MESSAGES[on_page]
        session["customer"] = intent["customer"] = session["customer"] or self.ids.new("cus", self.clock.now())
        intent["payment_method"] = self._card(number, brand, intent["customer"])["id"]
        self._take(intent)
        session |= {"status": "complete", "payment_status": "paid"}
        self.tell("checkout.session.completed", session)
        return ""

    def events_of(self, kind: str) -> list[Object]:
        return [each for each in self.events if each["type"] == kind]

    def expire(self, session_id: str) -> None:
        session = self.sessions[session_id]
        if session["status"] == "open":
            session["status"] = "expired"
            self.tell("checkout.session.expired", session)

    def charge(self, given: Mapping[str, str]) -> Object:
        """A payment with a kept card, confirmed at once. Raises `Refusal` as the API does when it is declined."""
        method = self.methods.get(given.get("payment_method", ""))
        if method is None or method["customer"] != given.get("customer"):
            raise Refusal(400, "invalid_request_error", "No such PaymentMethod for this customer.")
        asked = {"amount_total": number_in(given, "amount"), "currency": currency(given, "currency")}
        intent = self._intent(asked, inside(given, "metadata"))
        intent |= {"customer": given["customer"], "payment_method": method["id"]}
        later = CARDS[self.numbers[method["id"]]][2]
        if later:
            self._decline(intent, later)
            code = later if later == "authentication_required" else "card_declined"
            raise Refusal(
                402, "card_error", MESSAGES[later], code=code, decline_code=later, payment_intent=shown(intent)
            )
        self._take(intent)
        return intent

    def refund(self, given: Mapping[str, str]) -> Object:
        intent = self.intents.get(given.get("payment_intent", ""))
        if intent is None or intent["status"] != "succeeded":
            raise Refusal(
                400, "invalid_request_error", "This PaymentIntent does not have a successful charge to refund."
            )
        amount = number_in(given, "amount")
        if amount > intent["amount_received"] - intent["_back"]:
            raise Refusal(400, "invalid_request_error", "Refund amount is greater than unrefunded amount on charge.")
        intent["_back"] += amount
        found = self._made("refund", "re")
        found |= {
            "amount": amount,
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "metadata": inside(given, "metadata"),
            "status": "succeeded",
        }
        self.refunds[found["id"]] = found
        self.tell("refund.created", found)
        return found

    def fail_refund(self, refund_id: str) -> None:
        """The card's bank sends a refund back."""
        found = self.refunds[refund_id]
        self.intents[found["payment_intent"]]["_back"] -= found["amount"]
        found |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
        self.tell("refund.failed", found)

    def dispute(self, intent_id: str) -> Object:
        """The card's holder has a payment taken back."""
        intent = self.intents[intent_id]
        found = self._made("dispute", "dp")
        found |= {
            "amount": intent["amount_received"],
            "currency": intent["currency"],
            "payment_intent": intent_id,
            "reason": "fraudulent",
            "status": "needs_response",
        }
        self.disputes[found["id"]] = found
        self.tell("charge.dispute.created", found)
        self.tell("charge.dispute.funds_withdrawn", found)
        return found

    def win(self, dispute_id: str) -> None:
        found = self.disputes[dispute_id]
        found["status"] = "won"
        self.tell("charge.dispute.funds_reinstated", found)

    def tell(self, kind: str, about: Object) -> Object:
        event = self._made("event", "evt")
        event |= {"type": kind, "api_version": "2024-06-20", "data": {"object": shown(about)}}
        self.events.append(event)
        return event

    def _intent(self, asked: Mapping[str, Any], metadata: Object) -> Object:
        found = self._made("payment_intent", "pi")
        found |= {
            "amount": asked["amount_total"],
            "amount_received": 0,
            "currency": asked["currency"],
            "customer": None,
            "payment_method": None,
            "metadata": metadata,
            "status": "requires_payment_method",
            "last_payment_error": None,
            "_back": 0,
        }
        self.intents[found["id"]] = found
        return found

    def _take(self, intent: Object) -> None:
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "last_payment_error": None}
        self.tell("payment_intent.succeeded", intent)

    def _decline(self, intent: Object, code: str) -> None:
        intent["last_payment_error"] = {"type": "card_error", "code": code, "message": MESSAGES[code]}
        self.tell("payment_intent.payment_failed", intent)

    def _card(self, number: str, brand: str, customer: str) -> Object:
        found = self._made("payment_method", "pm")
        found |= {
            "type": "card",
            "customer": customer,
            "card": {"brand": brand, "last4": number[-4:], "exp_month": 12, "exp_year": 2031},
        }
        self.methods[found["id"]] = found
        self.numbers[found["id"]] = number
        return found

    def _made(self, kind: str, prefix: str) -> Object:
        now = self.clock.now()
        return {"id": self.ids.new(prefix, now), "object": kind, "created": now // 1000, "livemode": False}


def shown(found: Object) -> Object:
    """As the API shows it: what begins with `_` is its own."""
    return {name: value for name, value in found.items() if not name.startswith("_")}


def number_in(given: Mapping[str, str], name: str) -> int:
    text = given.get(name, "")
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Refusal(400, "invalid_request_error", f"Invalid integer: {text}", param=name)
    return int(text)


def currency(given: Mapping[str, str], name: str) -> str:
    text = given.get(name, "")
    if len(text) != 3 or not text.islower():
        raise Refusal(400, "invalid_request_error", f"Invalid currency: {text}", param=name)
    return text


def inside(given: Mapping[str, str], name: str) -> Object:
    """`metadata[charge]=…` as an object."""
    begin = f"{name}["
    return {key[len(begin) : -1]: value for key, value in given.items() if key.startswith(begin)}
