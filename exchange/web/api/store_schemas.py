"""The schemas of the store's answers and requests."""

from __future__ import annotations

from exchange.web.api.answer_schemas import Schema, ends, many, moment, money, record, text


def store_schemas() -> dict[str, Schema]:
    """By name."""
    card = record(
        ("lead_id", "vertical", "facts", "price", "currency", "listed_at", "ends_at"),
        lead_id=text(),
        vertical=text(),
        state=text(),
        zip3=text("The first three digits of the ZIP code."),
        grade=text(),
        facts={"type": "object", "additionalProperties": text(), "description": "Labels and values; nothing personal."},
        price=money("What it costs now; it falls with age."),
        currency=text(),
        received_at=moment("When the consumer sent it."),
        listed_at=moment("When it came into the store."),
        ends_at=moment("When it leaves the store."),
        claim_id=text("Your own claim, while you hold it."),
    )
    shelf = record(
        ("status", "leads", "more"),
        status=text(enum=["ok"]),
        leads=many("Card"),
        more={"type": "boolean"},
        next=text("Send it as `before` for the next page."),
        **ends(),
    )
    held = record(
        ("status", "claim_id", "lead_id", "price", "currency", "expires_at"),
        status=text(enum=["held"]),
        claim_id=text(),
        lead_id=text(),
        price=money("Stays until the claim ends."),
        currency=text(),
        expires_at=moment("Confirm before this, or the lead is free again."),
        **ends(),
    )
    paid: Schema = {
        "claim_id": text(),
        "lead_id": text(),
        "reference": text("For dispositions."),
        "price": money("What you paid."),
        "currency": text(),
        "lead": {"type": "object", "additionalProperties": text(), "description": "Every value by its field."},
        "trustedform_cert_url": text(),
        "jornaya_leadid": text(),
    }
    needed = ("claim_id", "lead_id", "reference", "price", "currency", "lead")
    bought = record(("status", *needed), status=text(enum=["bought"]), **paid, **ends())
    return {
        "Card": card,
        "Store": shelf,
        "Held": held,
        "Bought": bought,
        "BoughtLead": record(needed, **paid),
        **_orders(),
        **_small(),
    }


def _orders() -> dict[str, Schema]:
    asked = record(
        ("reference", "limit"),
        reference=text("Yours for this order: the same again goes on where it was cut, and buys nothing twice."),
        limit=money("What the leads may cost together."),
        count=text("How many at most, 1 to 100; 25 unless said."),
        **_wanted(),
    )
    order = record(
        ("status", "order_id", "why", "count", "spent", "limit", "currency", "leads"),
        status=text(enum=["bought", "nothing"]),
        order_id=text(),
        why=text(
            "Why it took no more: all, limit (the next costs more than is left), none_left (nothing more fits), "
            "stopped (after a minute), balance, too_many or no_contract."
        ),
        count={"type": "integer"},
        spent=money("What they cost together."),
        limit=money("What they might have cost."),
        currency=text(),
        leads=many("BoughtLead"),
        **ends(),
    )
    return {"ToOrder": asked, "Order": order}


def _wanted() -> Schema:
    return {
        "vertical": text("Of this vertical only."),
        "states": text("Two letters each, with commas between."),
        "zip3": text("First three digits of ZIP codes, with commas between."),
        "grades": text("With commas between."),
        "most": text("The highest price of one lead, as decimal text."),
    }


def _small() -> dict[str, Schema]:
    released = record(("status", "claim_id"), status=text(enum=["released", "unchanged"]), claim_id=text(), **ends())
    mail = text("How often what it finds is mailed to the buyer's people.", enum=["hourly", "daily", "never"])
    search = record(("name",), name=text(), mail=mail, **_wanted())
    found = record(("search_id", "name", "found"), search_id=text(), name=text(), mail=mail, found={"type": "integer"})
    searches = record(("status", "searches"), status=text(enum=["ok"]), searches=many("FoundSearch"), **ends())
    saved = record(("status", "search_id"), status=text(enum=["saved"]), search_id=text(), **ends())
    deleted = record(("status", "search_id"), status=text(enum=["deleted"]), search_id=text(), **ends())
    return {
        "Released": released,
        "Search": search,
        "FoundSearch": found,
        "Searches": searches,
        "Saved": saved,
        "Deleted": deleted,
    }
