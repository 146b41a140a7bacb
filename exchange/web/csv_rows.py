"""A small table as a CSV file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from exchange.web.lead_rows import csv_rows


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
