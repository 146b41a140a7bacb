"""Spreadsheets made by other libraries, read as a person reads them."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
import xlwt

from exchange import limits
from exchange.intake.batch import BadFile, look_through, records
from exchange.intake.sheets import is_sheet, sheet_as_csv
from exchange.model.batch import Columns, LeadFile

HEADER = ["Phone Number", "ZIP", "DOB", "Called at", "Homeowner", "Bill"]
ROW = [4155552671.0, 85016, date(1980, 5, 4), datetime(2026, 11, 20, 14, 30), True, 101.5]
READ = ["4155552671", "85016", "1980-05-04", "2026-11-20 14:30:00", "true", "101.5"]


def file_of(data: bytes, name: str = "leads.xlsx") -> LeadFile:
    return LeadFile(name, lambda: io.BytesIO(data))


def as_csv(data: bytes) -> LeadFile:
    assert is_sheet(data)
    out = io.BytesIO()
    sheet_as_csv(file_of(data), out.write)
    return file_of(out.getvalue(), "leads.xlsx")


def rows_of(data: bytes) -> list[tuple[str, ...]]:
    file = as_csv(data)
    batch = look_through(file)
    return [batch.layout.columns, *(row.cells for row in records(file, batch.layout, Columns()))]


def xlsx(*rows: list[object], before: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    for title in before:
        book.create_sheet(title, 0)
    sheet = book["Sheet"]
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_an_xlsx_is_read_as_a_person_reads_it() -> None:
    assert [tuple(HEADER), tuple(READ)] == rows_of(xlsx(list(HEADER), list(ROW)))


def test_an_old_xls_is_read_the_same() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Leads")
    styles = {2: xlwt.easyxf(num_format_str="YYYY-MM-DD"), 3: xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM")}
    for column, (name, value) in enumerate(zip(HEADER, ROW, strict=True)):
        sheet.write(0, column, name)
        sheet.write(1, column, value, styles.get(column, xlwt.Style.default_style))
    out = io.BytesIO()
    book.save(out)

    assert [tuple(HEADER), tuple(READ)] == rows_of(out.getvalue())


def test_the_first_filled_sheet_counts_and_blank_rows_above_the_header_do_not() -> None:
    data = xlsx([], ["zip", "phone"], [], ["85016", "6029580142"], before=("Cover",))

    assert [("zip", "phone"), ("85016", "6029580142")] == rows_of(data)


def test_merged_cells_formulas_and_commas_keep_their_rows() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["zip", "note", "sum"], ["85016", 'said "call, please"', "=1+1"], ["85017", None, 7]):
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    out = io.BytesIO()
    book.save(out)

    header, first, second = rows_of(out.getvalue())
    assert ("zip", "note", "sum") == header
    assert ("85016", 'said "call, please"') == first[:2]
    assert ("85017", "", "7") == second


def test_times_alone_and_whole_and_broken_numbers_are_written_plainly() -> None:
    _, row = rows_of(xlsx(["a", "b", "c", "d"], [time(9, 5), 0.1 + 0.2, 10**12, -3.0]))

    assert ("09:05:00", "0.3", "1000000000000", "-3") == row


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"PK\x03\x04 and no more of it", "archive cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "cannot be read as a spreadsheet"),
        (xlsx(), "no filled sheet"),
        (xlsx(["near", *[None] * limits.FIELDS, "far"]), "columns wide"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_with_a_sentence(data: bytes, word: str) -> None:
    with pytest.raises(BadFile, match=word):
        as_csv(data)


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "x")
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(limits.SHEET_BYTES // 1024 // 1024 + 1):
                sheet.write(b"\0" * 1024 * 1024)

    assert len(out.getvalue()) < 1_000_000
    with pytest.raises(BadFile, match="unpacks to more than"):
        as_csv(out.getvalue())


def test_two_cells_at_the_corners_of_a_sheet_take_neither_memory_nor_the_exchange(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"], sheet["XFD1048576"] = "zip", "85016"
    book.save(tmp_path / "corners.xlsx")

    with pytest.raises(BadFile, match=r"too much memory|columns wide|more than"):
        as_csv((tmp_path / "corners.xlsx").read_bytes())
