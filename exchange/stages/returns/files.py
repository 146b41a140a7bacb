"""Files of returns as CSV: what a buyer asks for, row by row, and what an operator decides."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from exchange import limits
from exchange.model.feedback import storable
from exchange.model.money import Money
from exchange.stages.returns.terms import reason_in

ASK_COLUMNS = ("lead_id", "reason", "note", "your_return_id")
DECIDE_COLUMNS = ("return_id", "decision", "why", "credit")
_ALSO = {
    "lead": "lead_id",
    "reference": "lead_id",
    "delivery_id": "lead_id",
    "id": "lead_id",
    "return_reason": "reason",
    "comment": "note",
    "action": "decision",
    "amount": "credit",
}
DECISIONS = {
    "approve": "approve", "approved": "approve", "accept": "approve", "yes": "approve",
    "decline": "decline", "declined": "decline", "reject": "decline", "no": "decline",
    "part": "part", "partial": "part",
    "replace": "replace", "replacement": "replace",
}  # fmt: skip


class BadReturns(ValueError):
    """Why the file cannot be read, as a sentence."""


class AskRow(NamedTuple):
    number: int
    lead: str
    reason: str
    note: str
    theirs: str
    amount: Money | None = None


class DecideRow(NamedTuple):
    number: int
    return_id: str
    decision: str
    why: str
    credit: str


def ask_rows(text: str) -> tuple[AskRow, ...]:
    """Raises `BadReturns`."""
    rows = _rows(text, ("lead_id", "reason"))
    return tuple(
        AskRow(number, row["lead_id"], reason_in(row["reason"]), row.get("note", ""), row.get("your_return_id", ""))
        for number, row in rows
    )


def decide_rows(text: str) -> tuple[DecideRow, ...]:
    """Raises `BadReturns`."""
    rows = _rows(text, ("return_id", "decision"))
    return tuple(
        DecideRow(
            number,
            row["return_id"],
            DECISIONS.get(row["decision"].lower(), row["decision"]),
            row.get("why", ""),
            row.get("credit", ""),
        )
        for number, row in rows
    )


def _rows(text: str, needed: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Rows by column name, numbered as a spreadsheet numbers them; empty rows are left out."""
    head = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        found = list(_read(text.lstrip("\ufeff"), delimiter))
    except csv.Error as error:
        raise BadReturns(f"The file is no CSV: {error}.") from None
    if not found:
        raise BadReturns("The file is empty.")
    names = [_ALSO.get(folded := _fold(name), folded) for name in found[0][1]]
    if lacking := [name for name in needed if name not in names]:
        raise BadReturns(f"The file has no column {' and no column '.join(lacking)}.")
    rows = [(number, _record(names, cells)) for number, cells in found[1:] if any(cell.strip() for cell in cells)]
    if len(rows) > limits.RETURN_ROWS:
        raise BadReturns(f"The file has {len(rows):,} rows; {limits.RETURN_ROWS:,} are the most. Split it.")
    return rows


def _read(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    for cells in reader:
        yield reader.line_num, cells


def _record(names: list[str], cells: list[str]) -> dict[str, str]:
    row = dict.fromkeys(names, "")
    row |= {name: storable(cell).strip() for name, cell in zip(names, cells, strict=False)}
    return row


def _fold(name: str) -> str:
    return "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
