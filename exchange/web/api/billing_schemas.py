"""The schemas of balances and documents."""

from __future__ import annotations

from exchange.model.statement import StatementKind
from exchange.stages.standing import State
from exchange.web.api.answer_schemas import Schema, ends, many, moment, record, text


def billing_schemas() -> dict[str, Schema]:
    """By name."""
    money = text("Decimal text.")
    line = record(
        ("kind", "what", "entries", "amount"),
        kind=text(),
        what=text("In words."),
        group=text("The contract."),
        group_name=text("Its name when the document was issued."),
        entries={"type": "integer"},
        amount=money,
    )
    stands = text("How it stands.", enum=[each.value for each in State])
    sums: dict[str, Schema] = dict.fromkeys(("net", "tax", "total", "paid", "credited", "open"), money)
    listed = record(
        ("number", "kind", "total", "currency", "status"),
        number=text(),
        kind=text(enum=[each.value for each in StatementKind]),
        party=text("Whom it is for."),
        issued_at=moment("When it was issued."),
        due_at=moment("By when it is to be paid."),
        currency=text(),
        corrects=text("The invoice that a credit note goes back to."),
        status=stands,
        **sums,
    )
    whole = record(
        ("status", "number", "kind", "lines", "total", "currency", "state"),
        status=text(enum=["ok"]),
        state=stands,
        number=text(),
        kind=text(),
        title=text(),
        party=record((), id=text(), name=text(), address=text(), tax_id=text(), zone=text()),
        issuer=record((), name=text(), address=text(), note=text()),
        currency=text(),
        issued_at=moment("When it was issued."),
        due_at=moment("By when it is to be paid."),
        since=moment("Where its period begins."),
        until=moment("Where it ends."),
        lines=many("InvoiceLine"),
        payments=many("InvoiceLine", "What came in and went back in the period."),
        tax_name=text(),
        tax_percent=money,
        rounding=money,
        opening=money,
        closing=money,
        corrects=text(),
        replaces=text(),
        reason=text(),
        pdf=text("Where a person finds it as PDF."),
        csv=text("And every entry as CSV."),
        **sums,
        **ends(),
    )
    account = record((), account=text(), currency=text(), balance=money, held=money, limit=money)
    return {
        "InvoiceLine": line,
        "InvoiceListed": listed,
        "Invoice": whole,
        "Invoices": record(
            ("status", "invoices", "more"),
            status=text(enum=["ok"]),
            invoices=many("InvoiceListed"),
            more={"type": "boolean"},
            next=text("`before` of the next page."),
            **ends(),
        ),
        "InvoicePaid": record(
            ("status", "number", "state", "open"),
            status=text(enum=["booked", "unchanged"]),
            number=text(),
            state=stands,
            paid=money,
            open=money,
            currency=text(),
            **ends(),
        ),
        "Issued": record(
            ("status", "issued"), status=text(enum=["ok"]), issued={"type": "array", "items": text()}, **ends()
        ),
        "MoneyLeft": record(
            ("status", "billing", "available", "currency", "accounts"),
            status=text(enum=["ok"]),
            billing=text(enum=["prepaid", "credit"]),
            available=money,
            currency=text(),
            accounts={"type": "array", "items": account},
            leads_left={
                "type": "integer",
                "description": "At the prices of late; missing while too little was bought.",
            },
            hours_left={"type": "integer", "description": "Missing beyond three months."},
            **ends(),
        ),
    }
