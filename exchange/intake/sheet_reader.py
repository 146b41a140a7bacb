"""A spreadsheet on standard input becomes CSV on standard output: the whole program of a process of its own.

A workbook must be unpacked to be read, and what it unpacks to is up to whoever made it. In a process of its own it can
take no more memory and time than it is given, and both are free again afterwards.
"""

from __future__ import annotations

import csv
import io
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from exchange import limits

REFUSED = 3
"""The exit code with which a sentence for people stands on standard error."""

_ZIP = b"PK\x03\x04"
_EXACT_DIGITS = ".15g"  # what a spreadsheet keeps of a number


class BadSheet(Exception):
    """The sentence says what to do."""


def main() -> int:
    """Read, write, and say with the exit code how it went."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.SHEET_MEMORY_BYTES, limits.SHEET_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.SHEET_SECONDS, limits.SHEET_SECONDS))
    data = sys.stdin.buffer.read()
    try:
        with io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            for row in rows(data):
                writer.writerow(row)
    except BadSheet as error:
        sys.stderr.write(str(error))
        return REFUSED
    return 0


def rows(data: bytes) -> Iterator[list[str]]:
    """The rows of the first sheet that has any, each cell as a person reads it. Raises `BadSheet`."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    if data.startswith(_ZIP):
        _check_size(data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for place in range(len(book.sheet_names)):
            sheet = book.get_sheet_by_index(place)
            if sheet.height:
                _check_shape(sheet.height, sheet.width)
                for cells in sheet.iter_rows():
                    yield [shown(cell) for cell in cells]
                return
    except PasswordError:
        raise BadSheet("It is protected by a password. Save it without one.") from None
    except (CalamineError, OSError, ValueError) as error:
        raise BadSheet(f"It cannot be read as a spreadsheet ({error}). Save it again as XLSX or as CSV.") from None
    raise BadSheet("It has no filled sheet.")


def shown(cell: object) -> str:
    """A cell as a person reads it: `4155552671.0` is a phone number, midnight is only a date."""
    match cell:
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() else format(cell, _EXACT_DIGITS)
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
        case date() | time():
            return cell.isoformat()
        case timedelta() | int():
            return str(cell)
        case _:
            return ""


def _check_size(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError):
        raise BadSheet("It is broken: its archive cannot be read. Save it again.") from None
    if unpacked > limits.SHEET_BYTES:
        most = limits.SHEET_BYTES // 1024 // 1024
        raise BadSheet(f"It unpacks to more than {most} MB. Save it as CSV, or cut it into several files.")


def _check_shape(height: int, width: int) -> None:
    if height > limits.IMPORT_ROWS + 1:
        raise BadSheet(f"It has more than {limits.IMPORT_ROWS:,} rows. Cut it into several files.")
    if width > limits.FIELDS:
        raise BadSheet(f"It is {width:,} columns wide; {limits.FIELDS} are read at most. Delete the empty ones.")


if __name__ == "__main__":
    sys.exit(main())
