"""The entries that stand on a document, each with what it counts there: as rows they sum to its total."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from exchange.flows.gather import read_period
from exchange.model.ledger import TransactionKind
from exchange.model.money import Money
from exchange.model.statement import Movement, Period, Statement, StatementKind
from exchange.stages.statement import home_of, is_line
from exchange.storage.database import Db


class Counted(NamedTuple):
    """One entry as the document counts it. `group` is a contract."""

    movement: Movement
    group: str
    money: Money


async def counted_entries(
    db: Db, statement: Statement, all_of: Sequence[Statement], periods: Sequence[Period], now: int
) -> AsyncIterator[list[Counted]]:
    """In the order of their times, a day at a time. `all_of` and `periods` are the account's documents and periods."""
    by_number = {each.number: each for each in all_of}
    earlier = [each for each in periods if each.until.at <= statement.period.since.at]
    home = by_number[statement.corrects].period if statement.corrects in by_number else None
    noted = {
        by_number[each.corrects].period
        for each in all_of
        if each.kind is StatementKind.CREDIT_NOTE and each.period == statement.period and each.corrects in by_number
    }
    sign = 1 if statement.kind is StatementKind.CANCELLATION else -1
    async for page in read_period(db, statement.period, now):
        found = [
            Counted(each, each.contract_id, Money(sign * each.units, statement.period.currency))
            for each in page
            if is_line(each) and _stands_on(statement, home_of(each, earlier), home, noted)
        ]
        if found:
            yield found


def _stands_on(statement: Statement, its_home: Period | None, home: Period | None, noted: set[Period]) -> bool:
    match statement.kind:
        case StatementKind.CREDIT_NOTE:
            return its_home == home
        case StatementKind.INVOICE | StatementKind.CANCELLATION:
            return its_home is None or its_home not in noted
        case _:
            return True


def closing_rows(statement: Statement) -> list[tuple[TransactionKind, str, Money]]:
    """What is counted beside the entries: tax and rounding, where there are any."""
    totals = statement.totals
    rows = [(TransactionKind.INVOICE, statement.tax_name or "Tax", totals.tax)] if totals.tax.units else []
    if totals.rounding.units:
        rows.append((TransactionKind.INVOICE, "Rounding", totals.rounding))
    return rows
