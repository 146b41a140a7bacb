"""Leads as rows, and rows as a file: CSV and XLSX that no spreadsheet runs, JSON lines, plain XML."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import orjson
import xmltodict

from buyers.email.page import moment
from buyers.email.templates import tidy
from buyers.mapping.document import Value
from buyers.mapping.values import Draw, Facts, compile_value, secrets_of

Record = Mapping[str, str]
Columns = Sequence[tuple[str, Draw]]
"""The names of columns, each with what stands in it. Empty: every field of the leads by our names."""

_RUNS: Final = frozenset("=+-@\t\r＝＋－＠")  # the wide ones too, which some spreadsheets read as the others
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_CELL_CHARACTERS: Final = 32_767  # of XLSX
_PLAIN_TEXT: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def compile_columns(columns: Mapping[str, Value]) -> Columns:
    """Raises `ValueError` when a value is none that a cell can hold."""
    for name, value in columns.items():
        if secrets_of(value):
            raise ValueError(f"{name}: a secret belongs into no file")
    return [(name, compile_value(value)) for name, value in columns.items()]


def records_of(leads: Sequence[Facts], columns: Columns = ()) -> list[Record]:
    """One for each lead, in their order."""
    if not columns:
        return [record_of(facts) for facts in leads]
    return [{name: tidy(draw(facts)) for name, draw in columns} for facts in leads]


def record_of(facts: Facts) -> dict[str, str]:
    """One lead, flat, by our names."""
    lead = facts.lead
    assert lead is not None
    price = facts.award.bid.price if facts.award is not None else None
    return {
        "reference": facts.terms.reference,
        "received_at": moment(lead.received_at),
        "price": price.text if price is not None else "",
        **{name: tidy(value.clean) for name, value in lead.values.items()},
        "trustedform_url": tidy(lead.consent.trustedform_url or ""),
        "jornaya_leadid": tidy(lead.consent.jornaya_leadid or ""),
    }


def cell(value: str) -> str:
    """Text that a spreadsheet would run gets an apostrophe before it; a number, a phone's too, is none."""
    runs = value.lstrip("\"' ")[:1] in _RUNS and bool(value)
    return f"'{value}" if runs and not _NUMBER.fullmatch(value) else value


def table_of(records: Sequence[Record], names: Sequence[str] = ()) -> list[list[str]]:
    """A row of names and one for each record. Without `names` they are those of all records, in their order."""
    names = names or list(dict.fromkeys(name for record in records for name in record))
    return [[cell(name) for name in names], *([cell(record.get(name, "")) for name in names] for record in records)]


def csv_text(records: Sequence[Record], names: Sequence[str] = ()) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(table_of(records, names))
    return out.getvalue()


def csv_of(records: Sequence[Record], names: Sequence[str] = ()) -> bytes:
    """With a byte order mark, by which spreadsheets know UTF-8."""
    return csv_text(records, names).encode("utf-8-sig")


def xlsx_of(records: Sequence[Record], names: Sequence[str] = ()) -> bytes:
    """One sheet. Every cell is text: a ZIP keeps its zero, and nothing is a formula or a link."""
    import xlsxwriter  # large, and few ask for this

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, **_PLAIN_TEXT})
    sheet = book.add_worksheet("Leads")
    for number, row in enumerate(table_of(records, names)):
        for place, value in enumerate(row):
            sheet.write_string(number, place, value[:_CELL_CHARACTERS])
    book.close()
    return out.getvalue()


def json_lines_of(records: Sequence[Record], names: Sequence[str] = ()) -> bytes:
    return b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)


def xml_of(records: Sequence[Record], names: Sequence[str] = ()) -> bytes:
    """An element for each value that there is."""
    told: list[Any] = [{name: value for name, value in record.items() if value} for record in records]
    return str(xmltodict.unparse({"leads": {"lead": told}}, pretty=True, indent="  ")).encode()


Make = Callable[[Sequence[Record], Sequence[str]], bytes]
FORMATS: Final[Mapping[str, Make]] = MappingProxyType(
    {"csv": csv_of, "jsonl": json_lines_of, "xlsx": xlsx_of, "xml": xml_of}
)
"""How rows are written, by the ending of the file's name."""
