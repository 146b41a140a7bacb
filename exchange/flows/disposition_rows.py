"""Rows of reports, each with several names for its lead: of a file, or of a buyer's system."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.flows.dispositions import Teller, Told, look_at, record_reports
from exchange.flows.market import Market
from exchange.model.feedback import Report
from exchange.stages.dispositions import Verdict
from exchange.stages.report_columns import NAMING, Row


async def told_of_rows(market: Market, teller: Teller, rows: Sequence[Row], *, record: bool) -> list[tuple[int, Told]]:
    """What becomes of each row, recorded or only foreseen. Whom its first name does not find its next one may."""
    found: dict[int, Told] = {}
    for turn in range(len(NAMING)):
        left = [row for row in rows if row.number not in found or _may_be_found(found[row.number], row, turn)]
        if not left:
            break
        reports = [_report(row, turn) for row in left]
        told = await (record_reports if record else look_at)(market, teller, reports)
        found |= {row.number: each for row, each in zip(left, told, strict=True)}
    wrong = {row.number: row for row in rows if row.problem is not None}
    return [(number, _with_problem(told, wrong.get(number))) for number, told in sorted(found.items())]


def _may_be_found(told: Told, row: Row, turn: int) -> bool:
    return told.verdict is Verdict.NOT_FOUND and len(row.names) > turn


def _report(row: Row, turn: int) -> Report:
    """A row whose own text is wrong names nobody, so that nothing of it is kept."""
    name = row.names[turn] if turn < len(row.names) and row.problem is None else ""
    return Report(name, row.word, row.note, row.value, row.at)


def _with_problem(told: Told, row: Row | None) -> Told:
    return told if row is None else told._replace(verdict=Verdict.INVALID, problem=row.problem)
