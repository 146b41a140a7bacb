"""Rows as CSV, and a small table as a file of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?|\+[0-9]{7,15}")


def csv_answer(name: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> web.Response:
    """The rows, these columns of them, under their names. Without columns those of the first: none at all is an empty
    file.
    """
    names = list(columns or (rows[0] if rows else ()))
    return csv_file(name, [list(names), *([row[each] for each in names] for row in rows)] if names else [])


def csv_file(name: str, lines: list[list[object]]) -> web.Response:
    """These lines as a file of that name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return web.Response(body=csv_rows(lines), content_type="text/csv", charset="utf-8", headers=headers)


def csv_rows(lines: list[list[object]]) -> bytes:
    """Lines of CSV that no spreadsheet takes for formulas."""
    text = io.StringIO()
    writer = csv.writer(text)
    for line in lines:
        writer.writerow([_cell(value) for value in line])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, Mapping):
        value = "; ".join(f"{name}: {part}" for name, part in value.items())
    if isinstance(value, list):
        value = "; ".join(str(part) for part in value)
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return f"'{value}"
    return "" if value is None else value


def _is_number(text: str) -> bool:
    """A negative amount of money, or a telephone with its country, is a number and no formula."""
    return _NUMBER.fullmatch(text) is not None
