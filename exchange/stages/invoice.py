"""A buyer's documents for a period: an invoice, credit notes for returns of what was invoiced before, a statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.model.ledger import Transaction, TransactionKind
from exchange.model.money import Money
from exchange.model.statement import Issuer, Line, Party, Period, Statement, StatementKind, Totals
from exchange.stages.statement import closing_postings, issued, sums_of

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the lines of every document that is made at one moment. `names` are those of contracts."""

    party: Party
    issued_at: int
    month: str
    due_days: int
    tax_name: str
    tax_bp: int
    names: Mapping[str, str]
    issuer: Issuer


def document(
    kind: StatementKind,
    number: str,
    period: Period,
    lines: tuple[Line, ...],
    heading: Heading,
    *,
    opening: int,
    closing: int,
    payments: tuple[Line, ...] = (),
    corrects: Statement | None = None,
    replaces: str | None = None,
    reason: str = "",
) -> Statement:
    """`opening` and `closing` are units. What corrects an invoice has the tax of that one."""
    currency = period.currency
    taxed = corrects if corrects is not None else heading
    tax_bp = taxed.tax_bp if kind is not StatementKind.STATEMENT else 0
    groups = sorted({line.group for line in (*lines, *payments) if line.group})
    return Statement(
        number,
        kind,
        period,
        lines,
        sums_of(kind, lines, currency, tax_bp),
        Money(opening, currency),
        Money(closing, currency),
        heading.issued_at,
        heading.month,
        heading.issued_at + heading.due_days * DAY_MS if kind is StatementKind.INVOICE else None,
        reference_of(kind, number),
        heading.party,
        payments,
        taxed.tax_name if tax_bp else "",
        tax_bp,
        corrects.number if corrects is not None else None,
        replaces,
        reason,
        tuple((group, heading.names[group]) for group in groups if group in heading.names),
        heading.issuer,
    )


def reference_of(kind: StatementKind, number: str) -> str:
    return f"{kind.value}:{number}"


def booking_of(statement: Statement) -> Transaction:
    """The entry that it was issued, with its tax and its rounding."""
    postings = closing_postings(statement.period.account, statement.totals)
    return issued(statement.reference, postings, statement.number, statement.issued_at, statement.month)


def cancelled(invoice: Statement, number: str, heading: Heading, reason: str) -> Statement:
    """The credit note that takes a whole invoice back."""
    totals = Totals(*(-money for money in invoice.totals))
    return invoice._replace(
        number=number,
        kind=StatementKind.CANCELLATION,
        lines=negative(invoice.lines),
        payments=(),
        totals=totals,
        issued_at=heading.issued_at,
        month=heading.month,
        due_at=None,
        reference=reference_of(StatementKind.CANCELLATION, number),
        corrects=invoice.number,
        replaces=None,
        reason=reason,
        party=heading.party,
        issuer=heading.issuer,
    )


def cancelling(invoice: Statement, cancellation: Statement) -> Transaction:
    """Gives back what the invoice booked. Its sales stay booked: they stand on the invoice that takes its place."""
    booked = booking_of(invoice)
    back = tuple(each._replace(source=each.destination, destination=each.source) for each in booked.postings)
    at, month = cancellation.issued_at, cancellation.month
    kind = TransactionKind.REVERSAL
    return Transaction(cancellation.reference, kind, back, at, month, cancellation.number, booked.reference)


def negative(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple(line._replace(units=-line.units) for line in lines)
