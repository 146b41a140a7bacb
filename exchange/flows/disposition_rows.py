"""Rows of reports, each with several names for its lead: of a file, or of a buyer's system."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.flows.dispositions import Sales, Teller, Told, look_at, record_reports, sales_of
from exchange.flows.market import Market
from exchange.model.feedback import Report
from exchange.stages.dispositions import Verdict
from exchange.stages.report_columns import NAMING, Row
from exchange.storage.database import Row as Found


async def told_of_rows(market: Market, teller: Teller, rows: Sequence[Row], *, record: bool) -> list[tuple[int, Told]]:
    """What becomes of each row, recorded or only foreseen."""
    sales = await sales_of_rows(market, teller, rows)
    reports = [_report(row, sales) for row in rows]
    told = await (record_reports if record else look_at)(market, teller, reports, sales)
    return [(row.number, _with_problem(each, row)) for row, each in zip(rows, told, strict=True)]


async def record_rows(market: Market, teller: Teller, rows: Sequence[Row], sales: Sales) -> list[Told]:
    """Some of the rows that `sales` were found for, recorded."""
    told = await record_reports(market, teller, [_report(row, sales) for row in rows], sales)
    return [_with_problem(each, row) for row, each in zip(rows, told, strict=True)]


async def sales_of_rows(market: Market, teller: Teller, rows: Sequence[Row]) -> dict[str, Found]:
    """The sales that rows mean: whom the first name of a row does not find its next one may."""
    sales: dict[str, Found] = {}
    left = [row.names for row in rows if row.problem is None]
    for turn in range(len(NAMING)):
        left = [names for names in left if len(names) > turn]
        sales |= await sales_of(market, teller, {names[turn] for names in left} - sales.keys())
        left = [names for names in left if names[turn] not in sales]
    return sales


def _report(row: Row, sales: Sales) -> Report:
    """A row whose own text is wrong names nobody, so that nothing of it is kept."""
    names = row.names if row.problem is None else ()
    name = next((name for name in names if name in sales), names[-1] if names else "")
    return Report(name, row.word, row.note, row.value, row.at)


def _with_problem(told: Told, row: Row) -> Told:
    return told if row.problem is None else told._replace(verdict=Verdict.INVALID, problem=row.problem)
