"""A list for programs: all of it as JSON or CSV, on the address and with the filters of its page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

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
Rows = Callable[[web.Request], AsyncIterator[Sequence[Mapping[str, Any]]]]
"""The rows of a list for programs, some at a time; none at all ends it."""
Pages = tuple[Page, Page]


def pages_of(
    shape: Shape[Line], show: Handler, more: More | None = None, csv: Handler | None = None
) -> tuple[Page, ...]:
    """The page of a list, its twins, and how many rows are new since it was read. `csv` writes one whose columns are
    not the same for everybody.
    """

    async def as_json(request: web.Request) -> web.StreamResponse:
        return await _write_json(request, shape, more)

    async def as_csv(request: web.Request) -> web.StreamResponse:
        return await _write_csv(request, shape)

    async def as_news(request: web.Request) -> web.StreamResponse:
        return await _count_new(request, shape)

    return (
        Page("GET", shape.path, show),
        Page("GET", f"{shape.path}.json", as_json),
        Page("GET", f"{shape.path}.csv", csv or as_csv),
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
    query = read_query(shape, request.query, mode_of(request))
    beside = await more(request, query) if more is not None else {}
    head = {"mode": query.mode, "filters": dict(query.given), **beside}
    return await write_json(request, head, shape.many.replace(" ", "_"), _told(request, shape, query))


async def _write_csv(request: web.Request, shape: Shape[Line]) -> web.StreamResponse:
    query = read_query(shape, request.query, mode_of(request))
    return await write_csv(request, shape.name, shape.names, _told(request, shape, query))


async def _told(request: web.Request, shape: Shape[Line], query: Query) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    async for lines in every_line(request, shape, query):
        yield [shape.fields(line) for line in lines]


def short_twins(path: str, many: str, names: tuple[str, ...], read: Rows, filters: Sequence[str] = ()) -> Pages:
    """The twins of a page that lists what it has by itself: `read` brings its rows as programs see them, `filters` are
    the values of its address that narrow them.
    """

    async def as_json(request: web.Request) -> web.StreamResponse:
        given = {name: value for name in filters if (value := request.query.get(name, "").strip())}
        return await write_json(request, {"mode": mode_of(request), "filters": given}, many, read(request))

    async def as_csv(request: web.Request) -> web.StreamResponse:
        return await write_csv(request, path.rpartition("/")[2], names, read(request))

    return Page("GET", f"{path}.json", as_json), Page("GET", f"{path}.csv", as_csv)


async def write_json(
    request: web.Request, head: Mapping[str, object], many: str, rows: AsyncIterator[Sequence[Mapping[str, Any]]]
) -> web.StreamResponse:
    """`{"mode", "filters", "<rows>": […], "count": n}`, written as it is read."""
    first = await _first(rows)
    response = await _begin(request, "application/json")
    await response.write(orjson.dumps(head)[:-1] + b',"%s":[' % many.encode())
    await response.write(b",".join(orjson.dumps(fields) for fields in first))
    count = len(first)
    async for some in rows:
        await response.write(b"".join(b"," + orjson.dumps(fields) for fields in some))
        count += len(some)
    await response.write(b'],"count":%d}' % count)
    await response.write_eof()
    return response


async def write_csv(
    request: web.Request,
    name: str,
    names: Sequence[str],
    rows: AsyncIterator[Sequence[Mapping[str, Any]]],
    mark: bytes = b"",
) -> web.StreamResponse:
    """Every row, with the names of its fields above. `mark` goes before all of it."""
    first = await _first(rows)
    response = await _begin(request, "text/csv", f'attachment; filename="{name}.csv"')
    await response.write(mark + csv_rows([list(names), *([fields[each] for each in names] for fields in first)]))
    async for some in rows:
        await response.write(csv_rows([[fields[each] for each in names] for fields in some]))
    await response.write_eof()
    return response


async def _first(rows: AsyncIterator[Sequence[Mapping[str, Any]]]) -> Sequence[Mapping[str, Any]]:
    """What cannot be read is told before anything is written."""
    async for some in rows:
        return some
    return ()


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
