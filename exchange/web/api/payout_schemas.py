"""JSON schemas of the calls about what sellers are paid."""

from __future__ import annotations

from typing import Any

from exchange.model.billing import Every
from exchange.model.payout import Method, PaymentState
from exchange.web.api.answer_schemas import Schema, ends, many, moment, money, record, text

_COUNT: Schema = {"type": "integer", "minimum": 0}
_METHODS = [each.value for each in Method]
_STATES = ["running", "prepared", "issued", "paid", "carried", "discarded"]
_AMOUNTS = ("carried", "sold", "returned", "adjusted", "released", "held", "rounding", "carry", "pay")


def payout_schemas() -> dict[str, Schema]:
    """By name."""
    return {**_documents(), **_runs(), **_payments(), **_terms()}


def _amounts() -> dict[str, Schema]:
    return {
        "carried": money("Carried over from the statement before."),
        "sold": money("What was sold."),
        "returned": money("What came back; below zero."),
        "adjusted": money("Adjustments."),
        "released": money("Reserve let go."),
        "held": money("Reserve held back; below zero."),
        "rounding": money("The rest of a cent, for the house."),
        "carry": money("Carried over into the next statement; what is carried is taken off here."),
        "pay": money("What is to pay: the sum of all others."),
    }


def _head() -> dict[str, Schema]:
    return {
        "seller_id": text(),
        "currency": text(),
        "since": moment("When its period begins; left out by the first one of all."),
        "until": moment("When it ends."),
        "due_at": moment("By when it is paid."),
        "method": text("How.", enum=_METHODS),
    }


def _documents() -> dict[str, Schema]:
    line = record(
        ("kind", "entries", "amount"),
        kind=text(enum=["sold", "returned", "adjusted"]),
        campaign_id={"type": ["string", "null"]},
        entries=_COUNT,
        amount=money("Their sum."),
    )
    facts: dict[str, Any] = {
        "statement": {"type": ["string", "null"], "description": "Its number; null: not issued."},
        "state": text(enum=_STATES),
        "seller": text("Its name."),
        **_nullable(_head()),
        **_amounts(),
        "counts": {"type": "object", "additionalProperties": _COUNT},
        "lines": many("StatementLine"),
        "payments": many("Payment"),
    }
    needed = ("state", "seller_id", "currency", "until", *_AMOUNTS, "lines", "payments")
    entry = record(
        ("at", "kind", "amount"),
        at=moment("When it was booked."),
        kind=text(enum=["sold", "returned", "adjusted"]),
        lead_id=_maybe(),
        campaign_id=_maybe(),
        sub_id1=_maybe(),
        sold_at=_maybe(),
        note=_maybe("Why it was adjusted."),
        amount=money("What it moved."),
    )
    return {
        "StatementLine": line,
        "StatementEntry": entry,
        "StatementDocument": record(needed, **facts),
        "Statement": record(("status", *needed), status=text(), **facts, **ends()),
        "StatementEntries": record(
            ("status", "entries", "more"),
            status=text(),
            entries=many("StatementEntry"),
            more={"type": "boolean"},
            next=text("`after` of the next page."),
            **ends(),
        ),
        "Statements": record(
            ("status", "running", "statements"),
            status=text(),
            running=many("StatementDocument", "One for each currency."),
            statements=many("PayoutEntry"),
            **ends(),
        ),
    }


def _runs() -> dict[str, Schema]:
    facts: dict[str, Any] = {
        "run_id": text("For those who run the exchange."),
        "statement": _maybe("Its number."),
        "state": text(enum=["prepared", "issued", "paid", "discarded"]),
        "hold_reason": _maybe(),
        **_nullable(_head()),
        **_amounts(),
        "counts": {"type": "object", "additionalProperties": _COUNT},
        "prepared_by": text(),
        "issued_at": _maybe(),
        "issued_by": _maybe(),
    }
    needed = ("state", "seller_id", "currency", "until", *_AMOUNTS)
    coming = {name: facts[name] for name in (*_head(), *_AMOUNTS, "counts")}
    return {
        "PayoutEntry": record(needed, **facts),
        "PayoutRun": record(("status", *needed), status=text(), **facts, **ends()),
        "PayoutComing": record(
            ("seller_id", "currency", "until", "over", "pay"),
            over={"type": "boolean", "description": "Its period has ended: it can be prepared."},
            **coming,
        ),
        "Payouts": record(
            ("status", "open", "runs"), status=text(), open=many("PayoutComing"), runs=many("PayoutEntry"), **ends()
        ),
        "PreparePayout": record(
            ("seller_id",), seller_id=text(), currency=text("That of the seller's terms unless said.")
        ),
        "PayoutHold": record(("reason",), reason=text("Empty lets it go.", maxLength=200)),
        "PayoutPaid": record(("reference",), reference=text("What the bank calls it.", maxLength=80)),
    }


def _payments() -> dict[str, Schema]:
    payment = record(
        ("payment_id", "run_id", "part", "amount", "currency", "method", "state"),
        payment_id=text(),
        run_id=text(),
        part=_COUNT,
        amount=money("What it moves."),
        currency=text(),
        method=text(enum=_METHODS),
        state=text(enum=[each.value for each in PaymentState]),
        hold_reason=_maybe(),
        file_id=_maybe(),
        reference=_maybe(),
        paid_at=_maybe(),
        bounce_reason=_maybe(),
    )
    file = record(
        ("status", "file_id", "format", "name", "currency", "payments", "amount", "sha256", "effective_day", "content"),
        status=text(),
        file_id=text(),
        format=text(enum=["nacha", "pain.001"]),
        name=text(),
        currency=text(),
        payments=_COUNT,
        amount=money("Their sum."),
        sha256=text(),
        effective_day=text("The day on which banks settle it."),
        made_at=moment("When it was made."),
        made_by=text(),
        content=text("The file in base64: the same bytes whenever it is asked for."),
        left_out={"type": "array", "items": {"type": "object"}, "description": "Payments that are not in it, and why."},
        **ends(),
    )
    return {
        "Payment": payment,
        "Payments": record(("status", "payments"), status=text(), payments=many("Payment"), **ends()),
        "PaymentBounced": record(("reason",), reason=text("The bank's code and words.")),
        "PaymentSplit": record(("amount",), amount=money("What stays in the first of the two.")),
        "PayoutExport": record(("method",), method=text(enum=["ach", "sepa"])),
        "PayoutFile": file,
        "PayoutWithdraw": record(("reason",), reason=text("What the bank said.", maxLength=200)),
        "PayoutWithdrawn": record(
            ("status", "file_id", "payments"), status=text(), file_id=text(), payments=_COUNT, **ends()
        ),
    }


def _terms() -> dict[str, Schema]:
    facts: dict[str, Any] = {
        "every": text("The period.", enum=[each.value for each in Every]),
        "zone": _maybe("Whose midnight ends it; null: the exchange's."),
        "net_days": _COUNT,
        "reserve_percent": text(),
        "reserve_days": _COUNT,
        "chargeback_days": {**_COUNT, "description": "So long a return debits the seller."},
        "minimum": money("Less is carried over."),
        "method": text(enum=_METHODS),
        "currency": _maybe("Of the minimum and the account."),
        "address": _maybe(),
        "tax_id": _maybe(),
    }
    bank = {name: text() for name in ("holder", "routing", "account", "savings", "person", "iban", "bic")}
    needed = ("status", "seller_id", "version", "every", "method")
    told = {"seller_id": text(), "version": _COUNT, "bank_ends_in": _maybe(), **facts}
    return {
        "PaymentTerms": record(needed, status=text(), **told, **ends()),
        "ChangePaymentTerms": record((), **facts, **bank),
    }


def _maybe(about: str = "") -> Schema:
    return {"type": ["string", "null"], **({"description": about} if about else {})}


def _nullable(fields: dict[str, Schema]) -> dict[str, Schema]:
    """The first period of all has no beginning."""
    return {**fields, "since": {"type": ["string", "null"], "description": fields["since"]["description"]}}
