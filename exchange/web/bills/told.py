"""A document in words and amounts, as every form of it shows them: that is why they agree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from exchange.model.ledger import TAX, TransactionKind
from exchange.model.money import Money
from exchange.model.statement import Line, Statement, StatementKind
from exchange.stages.reasons import show_exact

TITLES: Mapping[StatementKind, str] = MappingProxyType(
    {
        StatementKind.INVOICE: "Invoice",
        StatementKind.CREDIT_NOTE: "Credit note",
        StatementKind.CANCELLATION: "Credit note",
        StatementKind.STATEMENT: "Statement",
    }
)
KINDS: Mapping[TransactionKind, str] = MappingProxyType(
    {
        TransactionKind.SALE: "Leads sold",
        TransactionKind.TOP_UP: "Paid in",
        TransactionKind.REVERSAL: "Leads returned",
        TransactionKind.ADJUSTMENT: "Adjustments",
        TransactionKind.PAYOUT: "Paid out",
        TransactionKind.INVOICE: "Tax and rounding",
        TransactionKind.FEE: "Fees",
        TransactionKind.PAYMENT: "Paid",
        TransactionKind.REFUND: "Given back",
        TransactionKind.DISPUTE: "Taken back by the card's bank",
        TransactionKind.DEPOSIT: "Security",
        TransactionKind.RESERVE: "Reserve",
    }
)
"""What a kind of entry is called on documents."""


class Row(NamedTuple):
    """One line: what, how many, how much."""

    what: str
    group: str
    entries: int
    money: Money

    @property
    def amount(self) -> str:
        return show_exact(self.money)


class Told(NamedTuple):
    """`heading` are label and value; `before` and `after` what stands above and under the lines, `total` the last."""

    title: str
    number: str
    sender: tuple[str, ...]
    receiver: tuple[str, ...]
    heading: tuple[tuple[str, str], ...]
    before: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    after: tuple[tuple[str, str], ...]
    total: tuple[str, str]
    notes: tuple[str, ...]
    group_word: str = "Contract"


def told(statement: Statement) -> Told:
    totals, prepaid = statement.totals, statement.kind is StatementKind.STATEMENT
    after = []
    if totals.tax.units or totals.rounding.units:
        after.append(("Sum", show_exact(totals.net)))
    if totals.tax.units:
        after.append((f"{statement.tax_name or 'Tax'} {_percent(statement.tax_bp)}", show_exact(totals.tax)))
    if totals.rounding.units:
        after.append(("Rounding", show_exact(totals.rounding)))
    return Told(
        TITLES[statement.kind],
        statement.number,
        _lines(statement.issuer.name, statement.issuer.address),
        _lines(statement.party.name, statement.party.address, statement.party.tax_id),
        _heading(statement),
        _before(statement) if prepaid else (),
        tuple(_row(statement, line) for line in statement.lines),
        tuple(after),
        (_total_word(statement), show_exact(totals.total)),
        _notes(statement),
    )


def _row(statement: Statement, line: Line) -> Row:
    names = dict(statement.names)
    money = Money(line.units, statement.period.currency)
    return Row(KINDS[line.kind], names.get(line.group, line.group), line.entries, money)


def _heading(statement: Statement) -> tuple[tuple[str, str], ...]:
    zone = statement.party.zone
    period = statement.period
    last = last_day(period.until.at, zone)
    whole = f"{day(period.since.at, zone)} to {last}" if period.since.at else f"up to {last}"
    found = [
        ("Issued", day(statement.issued_at, zone)),
        ("Period", whole),
        ("Time zone", zone),
        ("Currency", period.currency),
    ]
    if statement.due_at is not None:
        found.insert(1, ("Due", day(statement.due_at, zone)))
    if statement.corrects is not None:
        found.append(("Credits", statement.corrects))
    if statement.replaces is not None:
        found.append(("Takes the place of", statement.replaces))
    return tuple(found)


def _before(statement: Statement) -> tuple[tuple[str, str], ...]:
    """A prepaid account: what was there, what came, what is left, and what else moved it."""
    tax = sum(line.units for line in statement.payments if line.group == TAX)
    paid = sum(line.units for line in statement.payments) - tax
    carried = statement.closing.units - statement.opening.units - paid - tax + statement.totals.net.units
    rows = [("Balance at the beginning", statement.opening), ("Paid in", Money(paid, statement.period.currency))]
    if tax:
        rows.append((f"{dict(statement.names).get(TAX, 'Tax')} within it", Money(tax, statement.period.currency)))
    if carried:
        rows.append(("Rounding of earlier statements", Money(carried, statement.period.currency)))
    rows += [("Bought, less returns", -statement.totals.net), ("Balance at the end", statement.closing)]
    return tuple((label, show_exact(money)) for label, money in rows)


def _total_word(statement: Statement) -> str:
    match statement.kind:
        case StatementKind.INVOICE:
            return "To pay"
        case StatementKind.CREDIT_NOTE | StatementKind.CANCELLATION:
            return "Credited"
        case StatementKind.STATEMENT:
            return "Bought in all"


def _notes(statement: Statement) -> tuple[str, ...]:
    found = [statement.issuer.note] if statement.issuer.note and statement.kind is StatementKind.INVOICE else []
    if statement.reason:
        found.append(f"Reason: {statement.reason}")
    if statement.kind is StatementKind.CANCELLATION:
        found.append(f"Takes invoice {statement.corrects} back as a whole; another invoice takes its place.")
    return tuple(found)


def _lines(*parts: str) -> tuple[str, ...]:
    return tuple(line.strip() for part in parts for line in part.split("\n") if line.strip())


def _percent(basis_points: int) -> str:
    whole, part = divmod(basis_points, 100)
    return f"{whole}.{part:02d} %".replace(".00 %", " %")


def day(at: int, zone: str) -> str:
    """`20 Nov 2026`"""
    local = datetime.fromtimestamp(at // 1000, ZoneInfo(zone))
    return f"{local.day} {local:%b %Y}"


def last_day(until: int, zone: str) -> str:
    """The day on which a period that ends at `until` has its last moment."""
    return day(until - 1, zone)
