"""The schemas of the calls that lay a book beside ours."""

from __future__ import annotations

from exchange.flows.reconciliation_decisions import OURS, THEIRS
from exchange.flows.reconciliation_told import KINDS
from exchange.web.api.answer_schemas import Schema, ends, many, moment, money, record, text

_COLUMNS = "A JSON object: the name of a column, and what it is: lead, reference, phone, email, price, at, or empty."
_DAYS = {"since": text("The first day that is compared, as 2026-11-01."), "until": text("The last day, included.")}


def reconciling_schemas() -> dict[str, Schema]:
    """By name."""
    number: Schema = {"type": "integer"}
    whole: Schema = {"type": "boolean"}
    return {
        "BookFile": record(
            ("party", "file"),
            party=text("Whose book it is: `buyer:ID` or `seller:ID`."),
            currency=text("Of its amounts; the party's first unless said."),
            columns=text(_COLUMNS),
            name=text("Of the file."),
            file={"type": "string", "format": "binary", "description": "CSV, TSV, XLSX, XLS or JSON lines."},
            **_DAYS,
        ),
        "BookColumns": record((), columns=text(_COLUMNS), **_DAYS),
        "ReconciliationListed": record(("reconciliation_id", "party", "currency"), **_file()),
        "Reconciliation": record(
            ("status", "reconciliation_id", "agreed", "differences"),
            status=text(enum=["ok"]),
            columns={"type": "object", "description": "What each column was taken for."},
            **_file(),
            **ends(),
        ),
        "Reconciliations": record(
            ("status", "reconciliations", "more"),
            status=text(enum=["ok"]),
            reconciliations=many("ReconciliationListed"),
            more=whole,
            next=text("`before` of the next page."),
            **ends(),
        ),
        "Difference": _difference(),
        "Differences": record(
            ("status", "differences", "more"),
            status=text(enum=["ok"]),
            differences=many("Difference"),
            more=whole,
            next={**number, "description": "`after` of the next page."},
            **ends(),
        ),
        "DifferenceWord": record(
            ("word", "note"),
            word=text("Whose counts. `theirs` books what theirs says more.", enum=[OURS, THEIRS]),
            note=text("Why; it stays with the decision."),
            number={**number, "description": "One difference."},
            kind=text("Or all of a kind that wait.", enum=list(KINDS)),
        ),
        "DifferencesDecided": record(
            ("status", "decided", "failed", "left"),
            status=text(enum=["ok"]),
            decided={**number, "description": "How many were decided now."},
            failed={"type": "array", "items": record(("number", "why"), number=number, why=text())},
            left={**number, "description": "How many wait for the same call again: 1,000 are decided in one."},
            **ends(),
        ),
    }


def _file() -> dict[str, Schema]:
    number: Schema = {"type": "integer"}
    return {
        "reconciliation_id": text(),
        "party": text(),
        "currency": text(),
        "name": text(),
        "since": moment("Where what is compared begins."),
        "until": moment("Where it ends."),
        "agreed": {**number, "description": "How many lines stand in both books alike."},
        "differences": number,
        "waiting": {**number, "description": "Differences that nobody decided."},
        "ours": money("What our book sums to."),
        "theirs": money("And theirs."),
        "made_at": moment("When it came."),
        "made_by": text(),
        "compared_at": moment("When it was compared."),
    }


def _difference() -> Schema:
    number: Schema = {"type": "integer"}
    return record(
        ("number", "kind", "more"),
        number=number,
        kind=text(enum=list(KINDS)),
        lead_id=text(),
        sale_id=text(),
        delivery_id=text(),
        row={**number, "description": "Of their file."},
        row_name=text("What they call it; never a phone or an email."),
        other_row={**number, "description": "The row that it was swapped with, or that has the sale too."},
        ours=money("In our book."),
        theirs=money("In theirs."),
        more=money("By how much theirs says more: what taking their word books."),
        ours_at=moment("In our book."),
        theirs_at=moment("In theirs."),
        decision=text(enum=[OURS, THEIRS]),
        note=text(),
        booking=text("The entry's reference, where money moved."),
        decided_at=moment("When it was decided."),
        decided_by=text(),
    )
