"""A list for programs: all of it as JSON or CSV, on the address and with the filters of its page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from exchange.web.auth import actor_of
from exchange.web.csv_rows import csv_rows
from exchange.web.keys import MARKET
from exchange.web.lists.query import Query, read_mark, read_query
from exchange.web.lists.shape import Line, Shape
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import mode_of, times_of

_NEW_MOST = 100
More = Callable[[web.Request, Query], Awaitable[Mapping[str, object]]]
"""What the JSON of a list has beside its rows."""


def pages_of(shape: Shape[Line], show: Handler, more: More | None = None) -> tuple[Page, ...]:
    """The page of a list, its twins, and how many rows are new since it was read."""

    async def as_json(request: web.Request) -> web.StreamResponse:
        return await _write_json(request, shape, more)

    async def as_csv(request: web.Request) -> web.StreamResponse:
        return await _write_csv(request, shape)

    async def as_news(request: web.Request) -> web.StreamResponse:
        return await _count_new(request, shape)

    return (
        Page("GET", shape.path, show),
        Page("GET", f"{shape.path}.json", as_json),
        Page("GET", f"{shape.path}.csv", as_csv),
        Page("GET", f"{shape.path}/new.json", as_news),
    )


async def every_line(request: web.Request, shape: Shape[Line], query: Query) -> AsyncIterator[list[Line]]:
    """All rows that are asked for, some hundred at a time."""
    market, actor = request.app[MARKET], actor_of(request)
    asked = query.asked(times_of(request), shape.at_once)
    while lines := await shape.read(market, actor, asked):
        yield lines
        if len(lines) < shape.at_once:
            return
        asked = replace(asked, span=replace(asked.span, after=read_mark(query, query.mark(lines[-1]))))


async def _write_json(request: web.Request, shape: Shape[Line], more: More | None) -> web.StreamResponse:
    """`{"mode", "filters", "<rows>": […], "count": n}`, written as it is read."""
    query = read_query(shape, request.query, mode_of(request))
    beside = await more(request, query) if more is not None else {}
    response = await _begin(request, "application/json")
    head = orjson.dumps({"mode": query.mode, "filters": dict(query.given), **beside})
    await response.write(head[:-1] + b',"%s":[' % shape.many.replace(" ", "_").encode())
    count = 0
    async for lines in every_line(request, shape, query):
        told = b",".join(orjson.dumps(shape.fields(line)) for line in lines)
        await response.write(b"," + told if count else told)
        count += len(lines)
    await response.write(b'],"count":%d}' % count)
    await response.write_eof()
    return response


async def _write_csv(request: web.Request, shape: Shape[Line]) -> web.StreamResponse:
    """Every row, with the names of its fields above."""
    query = read_query(shape, request.query, mode_of(request))
    response = await _begin(request, "text/csv", f'attachment; filename="{shape.name}.csv"')
    await response.write(csv_rows([list(shape.names)]))
    async for lines in every_line(request, shape, query):
        told = (shape.fields(line) for line in lines)
        await response.write(csv_rows([[fields[name] for name in shape.names] for fields in told]))
    await response.write_eof()
    return response


async def _begin(request: web.Request, content_type: str, disposition: str = "") -> web.StreamResponse:
    headers = {"Content-Type": f"{content_type}; charset=utf-8", "Cache-Control": "no-store"}
    if disposition:
        headers["Content-Disposition"] = disposition
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    return response


async def _count_new(request: web.Request, shape: Shape[Line]) -> web.StreamResponse:
    """How many rows stand before the one a page began with, counted up to a hundred."""
    query = read_query(shape, request.query, mode_of(request))
    mark = read_mark(query, request.query.get("since", ""))
    asked = replace(query, after=None).asked(times_of(request), newer=mark)
    rows = await shape.count(request.app[MARKET], actor_of(request), asked, _NEW_MOST) if mark is not None else 0
    return json_response({"new": rows, "or_more": rows >= _NEW_MOST})
