"""A small table as a CSV file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from exchange.web.lead_rows import csv_rows


def csv_answer(name: str, rows: Sequence[Mapping[str, Any]]) -> web.Response:
    """The rows under the names of their first; none at all is an empty file."""
    head: list[list[object]] = [list(rows[0])] if rows else []
    body = csv_rows([*head, *(list(row.values()) for row in rows)])
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)
