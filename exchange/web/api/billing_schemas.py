"""The schemas of balances and documents."""

from __future__ import annotations

from exchange.model.statement import StatementKind
from exchange.stages.standing import State
from exchange.web.api.answer_schemas import Schema, ends, many, moment, record, text

_MONEY = text("Decimal text.")
_STANDS = text("How it stands.", enum=[each.value for each in State])
_SUMS = ("net", "tax", "total", "paid", "credited", "open")


def billing_schemas() -> dict[str, Schema]:
    """By name."""
    return {
        "InvoiceLine": record(
            ("kind", "what", "entries", "amount"),
            kind=text(),
            what=text("In words."),
            group=text("The contract."),
            group_name=text("Its name when the document was issued."),
            entries={"type": "integer"},
            amount=_MONEY,
        ),
        "InvoiceListed": _listed(),
        "Invoice": _whole(),
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
            state=_STANDS,
            paid=_MONEY,
            open=_MONEY,
            currency=text(),
            **ends(),
        ),
        "Issued": record(
            ("status", "issued"), status=text(enum=["ok"]), issued={"type": "array", "items": text()}, **ends()
        ),
        "MoneyLeft": _left(),
    }


def _listed() -> Schema:
    return record(
        ("number", "kind", "total", "currency", "status"),
        number=text(),
        kind=text(enum=[each.value for each in StatementKind]),
        party=text("Whom it is for."),
        issued_at=moment("When it was issued."),
        due_at=moment("By when it is to be paid."),
        currency=text(),
        corrects=text("The invoice that a credit note goes back to."),
        status=_STANDS,
        **dict.fromkeys(_SUMS, _MONEY),
    )


def _whole() -> Schema:
    return record(
        ("status", "number", "kind", "lines", "total", "currency", "state"),
        status=text(enum=["ok"]),
        state=_STANDS,
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
        tax_percent=_MONEY,
        rounding=_MONEY,
        opening=_MONEY,
        closing=_MONEY,
        corrects=text(),
        replaces=text(),
        reason=text(),
        pdf=text("Where a person finds it as PDF."),
        csv=text("And every entry as CSV."),
        **dict.fromkeys(_SUMS, _MONEY),
        **ends(),
    )


def _left() -> Schema:
    account = record((), account=text(), currency=text(), balance=_MONEY, held=_MONEY, limit=_MONEY)
    return record(
        ("status", "billing", "available", "currency", "accounts"),
        status=text(enum=["ok"]),
        billing=text(enum=["prepaid", "credit"]),
        available=_MONEY,
        currency=text(),
        accounts={"type": "array", "items": account},
        leads_left={"type": "integer", "description": "At the prices of late; missing while too little was bought."},
        hours_left={"type": "integer", "description": "Missing beyond three months."},
        **ends(),
    )
