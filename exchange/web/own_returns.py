"""Returns as their buyer and their seller list them: page by page, and the newest of them for programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from exchange.storage.database import Row
from exchange.storage.return_views import ReturnFilter, list_returns
from exchange.storage.spans import Span
from exchange.web.api.returning import return_fields
from exchange.web.auth import actor_of
from exchange.web.csv_rows import csv_answer
from exchange.web.keys import MARKET
from exchange.web.render import as_json as json_response
from exchange.web.render import mode_of
from exchange.web.return_rows import ReturnLine, line_of

PAGE = 50
_MOST = 1_000
_BEFORE = re.compile(r"(\d{1,15})_(ret_[0-9A-Za-z]{1,40})")


async def newest(request: web.Request) -> tuple[list[ReturnLine], str | None]:
    """A page of whoever is signed in, and what goes on where it ends."""
    rows, before = await _rows(request, PAGE)
    return [line_of(request.app[MARKET], row) for row in rows], before


async def as_json(request: web.Request) -> web.StreamResponse:
    """The newest thousand; `before` goes on where they ended."""
    rows, before = await _rows(request, _MOST)
    return json_response({"returns": _told(request, rows), "before": before})


def as_csv(columns: Sequence[str]) -> Handler:
    async def shown(request: web.Request) -> web.StreamResponse:
        rows, _ = await _rows(request, _MOST)
        return csv_answer("returns", _told(request, rows), columns)

    return shown


def _told(request: web.Request, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [return_fields(request.app[MARKET], row, actor_of(request)) for row in rows]


async def _rows(request: web.Request, most: int) -> tuple[list[Row], str | None]:
    mode = mode_of(request)
    mark = _BEFORE.fullmatch(request.query.get("before", ""))
    after = (int(mark[1]), mark[2]) if mark is not None else None
    wanted = ReturnFilter(mode, span=Span(after=after, limit=most + 1))
    found = await request.app[MARKET].db.read(list_returns, actor_of(request), wanted)
    last = found[most - 1] if len(found) > most else None
    return found[:most], f"{last['asked_at']}_{last['id']}" if last is not None else None
