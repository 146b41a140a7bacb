"""Documents as they were issued, the periods they close, and their numbers, given without a gap.

A number is taken in the unit that stores its document: a unit that fails gives it back, and two that want the same
one get it one after the other.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.ledger import Transaction, TransactionKind
from exchange.model.money import Money
from exchange.model.statement import BEGINNING, Cut, Issuer, Line, Party, Period, Statement, StatementKind, Totals
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.chain import Chain
from exchange.storage.database import Conflict, Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.ledger import book


class NumberTaken(Conflict):
    """Another document got this number meanwhile: take the next one and try again."""


class PeriodTaken(Conflict):
    """The account's last period does not end where this one begins: somebody closed it before."""


class Issue(NamedTuple):
    """What is issued together: a period with its documents, each with the entry that books it.

    `balance_units` is the account's balance at the period's end. `period` None adds documents to a closed one.
    """

    period: Period | None
    balance_units: int
    statements: tuple[Statement, ...]
    bookings: tuple[Transaction, ...]
    line: AuditLine
    jobs: tuple[JobRow, ...] = ()


async def issue(tx: Tx, wanted: Issue) -> None:
    """Close the period, store and number its documents, book them. Raises `PeriodTaken` or `NumberTaken`."""
    if wanted.period is not None:
        await _close(tx, wanted.period, wanted.balance_units, wanted.line.at)
    for statement in wanted.statements:
        await _take_number(tx, statement.number)
        await _insert(tx, statement)
    for booking in wanted.bookings:
        await book(tx, booking)
    await record(tx, wanted.line)
    for job in wanted.jobs:
        await add_job(tx, job)


async def _close(tx: Tx, period: Period, balance_units: int, now: int) -> None:
    closed = await tx.execute(
        """INSERT INTO money_periods (account, currency, since_at, since_position, until_at, until_position,
               balance_units, made_at)
           SELECT :account, :currency, :since_at, :since_position, :until_at, :until_position, :balance, :now
           WHERE :since_at = COALESCE((SELECT MAX(until_at) FROM money_periods
                                       WHERE account = :account AND currency = :currency), 0)
           ON CONFLICT DO NOTHING""",
        account=period.account,
        currency=period.currency,
        since_at=period.since.at,
        since_position=period.since.position,
        until_at=period.until.at,
        until_position=period.until.position,
        balance=balance_units,
        now=now,
    )
    if not closed:
        raise PeriodTaken(f"a period of {period.account} that begins at {period.since.at} was closed before")


def number_of(series: str, year: int, place: int) -> str:
    """`INV-2026-00042`."""
    return f"{series}-{year}-{place:05d}"


def _numbered(number: str) -> tuple[str, int, int]:
    series, year, place = number.split("-")
    return series, int(year), int(place)


async def next_place(tx: Tx, series: str, year: int) -> int:
    """The place that the next document of this series gets, unless somebody is faster."""
    rows = await tx.fetch(
        "SELECT last FROM statement_numbers WHERE series = :series AND year = :year", series=series, year=year
    )
    return int(rows[0]["last"]) + 1 if rows else 1


async def _take_number(tx: Tx, number: str) -> None:
    series, year, place = _numbered(number)
    if place == 1:
        sql = """INSERT INTO statement_numbers (series, year, last) VALUES (:series, :year, :place)
                 ON CONFLICT (series, year) DO NOTHING"""
    else:
        sql = """UPDATE statement_numbers SET last = :place
                 WHERE series = :series AND year = :year AND last = :place - 1"""
    if not await tx.execute(sql, series=series, year=year, place=place):
        raise NumberTaken(f"{number} is taken")


async def _insert(tx: Tx, statement: Statement) -> None:
    series, year, place = _numbered(statement.number)
    period, totals = statement.period, statement.totals
    await tx.execute(
        """INSERT INTO statements (number, month, series, year, place, kind, party_id, account, currency, since_at,
               since_position, until_at, until_position, net_units, tax_units, rounding_units, total_units,
               opening_units, closing_units, corrects, replaces, reference, issued_at, due_at, document)
           VALUES (:number, :month, :series, :year, :place, :kind, :party, :account, :currency, :since_at,
               :since_position, :until_at, :until_position, :net, :tax, :rounding, :total,
               :opening, :closing, :corrects, :replaces, :reference, :issued_at, :due_at, :document)""",
        number=statement.number,
        month=statement.month,
        series=series,
        year=year,
        place=place,
        kind=statement.kind.value,
        party=statement.party.id,
        account=period.account,
        currency=period.currency,
        since_at=period.since.at,
        since_position=period.since.position,
        until_at=period.until.at,
        until_position=period.until.position,
        net=totals.net.units,
        tax=totals.tax.units,
        rounding=totals.rounding.units,
        total=totals.total.units,
        opening=statement.opening.units,
        closing=statement.closing.units,
        corrects=statement.corrects,
        replaces=statement.replaces,
        reference=statement.reference,
        issued_at=statement.issued_at,
        due_at=statement.due_at,
        document=_document(statement),
    )
    await tx.execute(
        "INSERT INTO unsealed (chain, at, row_id) VALUES (:chain, :at, :row)",
        chain=Chain.STATEMENTS.value,
        at=statement.issued_at,
        row=statement.number,
    )


def _document(statement: Statement) -> str:
    content = {
        "party": statement.party._asdict(),
        "lines": _written(statement.lines),
        "payments": _written(statement.payments),
        "names": list(statement.names),
        "tax": [statement.tax_name, statement.tax_bp],
        "reason": statement.reason,
        "issuer": list(statement.issuer),
    }
    return orjson.dumps(content).decode()


def _written(lines: tuple[Line, ...]) -> list[list[object]]:
    return [[line.kind.value, line.group, line.entries, line.units] for line in lines]


def _lines(written: list[list[Any]]) -> tuple[Line, ...]:
    return tuple(Line(TransactionKind(kind), *rest) for kind, *rest in written)


async def last_cut(tx: Tx, account: str, currency: str) -> tuple[Cut, int]:
    """Where the account's last period ended, and its balance there."""
    rows = await tx.fetch(
        """SELECT until_at, until_position, balance_units FROM money_periods
           WHERE account = :account AND currency = :currency ORDER BY until_at DESC LIMIT 1""",
        account=account,
        currency=currency,
    )
    return (Cut(rows[0]["until_at"], rows[0]["until_position"]), rows[0]["balance_units"]) if rows else (BEGINNING, 0)


async def periods_of(tx: Tx, account: str, currency: str) -> list[Period]:
    """The account's closed periods, oldest first."""
    rows = await tx.fetch(
        "SELECT * FROM money_periods WHERE account = :account AND currency = :currency ORDER BY until_at",
        account=account,
        currency=currency,
    )
    return [period_in(row) for row in rows]


async def read_statement(tx: Tx, actor: Actor, number: str) -> Statement | None:
    """A document; None when there is none, or it is somebody else's."""
    rows = await tx.fetch("SELECT * FROM statements WHERE number = :number", number=number)
    return as_statement(rows[0]) if rows and may_read(actor, rows[0]) else None


def may_read(actor: Actor, row: Row) -> bool:
    """Whoever runs the exchange reads all; a party those of its own accounts."""
    if actor.role in (Role.OPERATOR, Role.SYSTEM):
        return True
    return bool(row["account"].split(":")[:2] == [actor.role.value, actor.party_id])


async def account_statements(tx: Tx, actor: Actor, account: str, currency: str) -> list[Statement]:
    """All documents of an account, oldest first."""
    rows = await tx.fetch(
        """SELECT * FROM statements WHERE account = :account AND currency = :currency ORDER BY issued_at, number""",
        account=account,
        currency=currency,
    )
    return [as_statement(row) for row in rows if may_read(actor, row)]


async def billed_accounts(tx: Tx) -> list[tuple[str, str]]:
    """Every account of a buyer that documents are made for, with its currency."""
    rows = await tx.fetch(
        """SELECT account, currency FROM account_balances
           WHERE SUBSTR(account, 1, 6) = 'buyer:' AND SUBSTR(account, LENGTH(account) - 7, 8) <> ':deposit'
           ORDER BY account, currency"""
    )
    return [(row["account"], row["currency"]) for row in rows]


def as_statement(row: Row) -> Statement:
    content: dict[str, Any] = orjson.loads(row["document"])
    currency, (tax_name, tax_bp) = row["currency"], content["tax"]
    net, tax, rounding, total, opening, closing = (
        Money(row[f"{name}_units"], currency) for name in ("net", "tax", "rounding", "total", "opening", "closing")
    )
    return Statement(
        row["number"],
        StatementKind(row["kind"]),
        period_in(row),
        _lines(content["lines"]),
        Totals(net, tax, rounding, total),
        opening,
        closing,
        row["issued_at"],
        row["month"],
        row["due_at"],
        row["reference"],
        Party(**content["party"]),
        _lines(content["payments"]),
        tax_name,
        tax_bp,
        row["corrects"],
        row["replaces"],
        content["reason"],
        tuple((group, name) for group, name in content["names"]),
        Issuer(*content["issuer"]),
    )


def period_in(row: Row) -> Period:
    since, until = (Cut(row[f"{end}_at"], row[f"{end}_position"]) for end in ("since", "until"))
    return Period(row["account"], row["currency"], since, until)
