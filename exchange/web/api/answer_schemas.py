"""JSON schemas of what the API answers, and of what it is sent beside leads. Plain data for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from exchange import limits
from exchange.model.finding import Outcome
from exchange.model.reason import Reason
from exchange.web.api.webhook_schemas import webhook_schemas

Schema = dict[str, Any]

STATUSES = ("accepted", "unsold", "duplicate", "rejected", "invalid", "queued", "error")
PROBLEM_CODES = (
    "missing",
    "blank",
    "type",
    "pattern",
    "length",
    "range",
    "not_allowed",
    "too_old",
    "in_future",
    "mismatch",
    "unknown_key",
    "expired",
    "conflict",
)
WARNING_CODES = (
    "unknown_field",
    "alias_used",
    "not_for_ping",
    "personal",
    "deprecated_value",
    "required_soon",
    "truncated",
)


def answer_schemas() -> dict[str, Schema]:
    """Every schema of an answer and of a small request, by name."""
    return {
        "Problem": _problem(),
        "Answer": _answer(),
        "Preflight": _preflight(),
        **_leads(),
        **_buying(),
        **_managing(),
        **webhook_schemas(),
    }


def text(about: str = "", **more: Any) -> Schema:
    return {"type": "string", **({"description": about} if about else {}), **more}


def money(about: str) -> Schema:
    return text(about, pattern=r"^-?[0-9]+\.[0-9]{2,4}$")


def moment(about: str) -> Schema:
    return text(about, format="date-time")


def record(needed: tuple[str, ...], **fields: Schema) -> Schema:
    return {"type": "object", "required": list(needed), "properties": fields}


def many(name: str, about: str = "") -> Schema:
    return {
        "type": "array",
        "items": {"$ref": f"#/components/schemas/{name}"},
        **({"description": about} if about else {}),
    }


def ends() -> dict[str, Schema]:
    """What every answer ends with."""
    return {
        "request_id": text("Quote it in any question."),
        "took_ms": {"type": "integer", "minimum": 0, "description": "How long the exchange took."},
    }


def _problem() -> Schema:
    return record(
        ("field", "code", "message", "got", "allowed", "doc"),
        field=text("The field's canonical name."),
        code=text(enum=[*PROBLEM_CODES, *WARNING_CODES]),
        message=text("One sentence."),
        got=text("What was sent; empty where nothing was, or it is not repeated.", maxLength=limits.GOT_CHARACTERS),
        allowed={
            "type": "array",
            "items": {"type": "string"},
            "description": "What may be sent; empty where it is no list.",
        },
        closest=text("What was probably meant."),
        doc=text("Where the field, or else the code, is explained.", format="uri-reference"),
    )


def _told() -> dict[str, Schema]:
    return {
        "seller_lead_id": text("Your own id."),
        "reason": text("Why not: one code, one cause; or its group, where the campaign discloses no more."),
        "message": text("One sentence."),
        "details": {"type": "array", "items": {"type": "string"}, "description": "The rules, as far as disclosed."},
        "errors": many("Problem", f"Everything wrong at once, in field order, at most {limits.PROBLEMS_TOLD}."),
        "warnings": many("Problem"),
        "test": {"type": "boolean", "description": "True for a test key."},
        **ends(),
    }


def _answer() -> Schema:
    reasons = ", ".join(f"`{reason.slug}`" for reason in Reason)
    told = _told()
    told["reason"]["description"] += f" Codes: {reasons}."
    return record(
        ("status", "request_id", "took_ms"),
        status=text(enum=list(STATUSES)),
        lead_id=text("The lead, on a post."),
        ping_id=text("The ping, to post on."),
        price=money("What you earn."),
        currency=text(pattern="^[A-Z]{3}$"),
        expires_at=moment("Until when the price of a ping holds."),
        exclusive={"type": "boolean"},
        companies={
            "type": "array",
            "items": text(),
            "description": "On a ping whose consumer must name companies and has named none: whom it may choose, first "
            "those that have a price, then those that bid once they were chosen. Show them one by one, then ping or "
            "post with those that were chosen as consented_buyers. An unsold ping may have some, too.",
        },
        times_sold={"type": "integer", "minimum": 1},
        redirect_url=text("Where to send the consumer.", format="uri"),
        price_changed={"type": "boolean", "description": "The sale pays less than the ping promised."},
        **told,
    )


def _preflight() -> Schema:
    kept_out = record(("check", "contracts"), check=text(), contracts={"type": "integer", "minimum": 1})
    return record(
        ("status", "request_id", "took_ms"),
        status=text(enum=["valid", *STATUSES]),
        would_be_asked={"type": "boolean"},
        contracts_asked={"type": "integer", "minimum": 0, "description": "Unless the campaign discloses codes only."},
        not_asked={"type": "array", "items": kept_out, "description": "With full disclosure: how many, by check."},
        **_told(),
    )


def _leads() -> dict[str, Schema]:
    event = record(
        ("at", "what"),
        at=moment("When."),
        what=text("`ping`, `post`, `pingpost`, `settled` or `returned`."),
        request_id=text(),
        http_status={"type": "integer"},
        status=text(),
        reason=text(),
        took_ms={"type": "integer"},
    )
    check = record(
        ("check", "outcome"),
        check=text("`scrub:email`, `duplicates`, `screen` …"),
        outcome=text(enum=[each.value for each in Outcome]),
        message=text("What the scrub changed or found, where everything is disclosed."),
    )
    lead = record(
        ("status", "lead_id", "received_at", "changed_at"),
        status=text(enum=[*STATUSES, "quoted"]),
        lead_id=text(),
        seller_lead_id=text(),
        campaign_id=text(),
        price=money("What it earned, or what its open ping promises."),
        currency=text(),
        expires_at=moment("Until when the price of an open ping holds."),
        times_sold={"type": "integer"},
        **{"return": text("Of a sold lead.", enum=["none", "returned"])},
        returned_at=moment("When it was returned."),
        reason=text(),
        message=text(),
        sub_id1=text(),
        test={"type": "boolean"},
        received_at=moment("When it came."),
        changed_at=moment("When it last changed."),
        checks=many("Check"),
        timeline=many("Event"),
        **ends(),
    )
    either: Schema = {
        "description": "A page of leads; asked with `seller_lead_id`, that one lead.",
        "anyOf": [{"$ref": "#/components/schemas/Leads"}, {"$ref": "#/components/schemas/Lead"}],
    }
    return {"Check": check, "Event": event, "Lead": lead, "Leads": _page("leads", "Lead"), "LeadsOrLead": either}


def _page(name: str, entry: str) -> Schema:
    return record(
        (name, "more"),
        status=text(enum=["ok"]),
        **{name: many(entry)},
        more={"type": "boolean", "description": "The page is full: there may be another."},
        next=text("Send it as `since`."),
        **ends(),
    )


def _buying() -> dict[str, Schema]:
    sale = record(
        ("sale_id", "lead_id", "reference", "price", "currency", "accepted_at"),
        sale_id=text(),
        lead_id=text(),
        reference=text("What we sent with the post."),
        your_reference=text("What you answered."),
        contract_id=text(),
        vertical=text(),
        price=money("What you paid."),
        currency=text(),
        disposition=text("What stands for it."),
        disposition_value=money("What it was worth, if that was told."),
        disposition_at=moment("Since when it is so."),
        test={"type": "boolean"},
        accepted_at=moment("When you took it."),
    )
    return {"Sale": sale, "Sales": _page("sales", "Sale"), **_fetching()}


def _fetching() -> dict[str, Schema]:
    lead = record(
        ("lead_id", "reference", "contract_id", "vertical", "price", "currency", "received_at"),
        lead_id=text(),
        reference=text("For dispositions."),
        contract_id=text(),
        vertical=text(),
        price=money("What you pay."),
        currency=text(),
        test={"type": "boolean"},
        received_at=moment("When the consumer sent it."),
        erased={"type": "boolean", "description": "Its values were erased; none are told."},
        lead={"type": "object", "additionalProperties": text(), "description": "Every value by its field."},
        trustedform_cert_url=text(),
        jornaya_leadid=text(),
    )
    told = record(
        ("status", "leads", "more"),
        status=text(enum=["ok"]),
        leads=many("FetchedLead", f"At most {limits.LISTED_MOST}, in the order in which they were first told."),
        more={"type": "boolean", "description": "The page is full: there may be another."},
        next=text("Send it as `since` once these are stored: it says that they arrived."),
        **ends(),
    )
    return {"FetchedLead": lead, "FetchedLeads": told}


def _managing() -> dict[str, Schema]:
    delivery = record(
        ("delivery_id", "lead_id", "buyer_id", "contract_id", "state", "price", "currency", "made_at"),
        delivery_id=text(),
        lead_id=text(),
        buyer_id=text(),
        contract_id=text(),
        state=text(enum=["unclear", "pending"]),
        reason=text(),
        detail=text(),
        price=money("What the buyer bid: it is held."),
        currency=text(),
        buyer_reference=text(),
        test={"type": "boolean"},
        made_at=moment("When it was sent."),
        settle_after=moment("When the contract's own rule settles it."),
    )
    settlement = record(
        ("decision",),
        decision=text(enum=["accepted", "rejected"]),
        price=text("When the buyer pays less than it bid."),
        note=text("Who said so and where.", maxLength=limits.NOTE_CHARACTERS),
    )
    settled = record(
        ("status", "delivery_id", "outcome", "lead_id", "lead_state"),
        status=text(enum=["settled"]),
        delivery_id=text(),
        outcome=text(enum=["accepted", "rejected"]),
        lead_id=text(),
        lead_state=text(),
        **ends(),
    )
    resent = record(
        ("status", "delivery_id", "lead_id"),
        status=text(enum=["queued"]),
        delivery_id=text(),
        lead_id=text(),
        **ends(),
    )
    top_up = record(
        ("amount", "reference"),
        amount=text("In the buyer's currency, as decimal text."),
        reference=text("Of the payment; the same one is booked once.", minLength=1, maxLength=80),
    )
    topped_up = record(
        ("status", "buyer_id", "amount", "currency", "balance", "available"),
        status=text(enum=["booked", "unchanged"]),
        buyer_id=text(),
        amount=money("What was booked."),
        currency=text(),
        balance=money("What the account holds, or (below zero) is owed."),
        available=money("What the buyer may spend."),
        **ends(),
    )
    return {
        "Delivery": delivery,
        "Deliveries": _page("deliveries", "Delivery"),
        "Settlement": settlement,
        "Settled": settled,
        "Resent": resent,
        "TopUp": top_up,
        "ToppedUp": topped_up,
    }
