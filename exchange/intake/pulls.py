"""Lists that are fetched: each row of JSON, CSV or XML is a message."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson

from exchange import limits
from exchange.flows.doors import NotPolled
from exchange.flows.market import Market
from exchange.intake.batch import BadFile, look_through, records
from exchange.intake.changed import fetch_changed
from exchange.intake.decode import Flat, decode
from exchange.intake.flat import Unreadable
from exchange.intake.trees import find, leaves, refused, settled, whole
from exchange.intake.xml_rows import rows_of_xml
from exchange.model.batch import Columns, LeadFile
from exchange.model.source import Item, Polled
from exchange.sources.document import Source
from exchange.sources.pull import SINCE, PullDocument

CHANNEL = "url"
_DAY_MS = 86_400_000
_ACCEPT = {"json": "application/json", "csv": "text/csv", "xml": "application/xml, text/xml;q=0.9"}


async def poll(market: Market, source: Source, cursor: str) -> AsyncIterator[Polled]:
    document = source.document
    assert isinstance(document, PullDocument)
    known: Mapping[str, Any] = orjson.loads(cursor) if cursor else {"list": "", "at": None}
    now = market.clock.now()
    headers = {"Accept": _ACCEPT[document.format]}
    if document.authorization is not None:
        headers["Authorization"] = source.secrets[document.authorization]
    fetched = await fetch_changed(market, source, _url(document, known["at"], now), headers, known["list"])
    if fetched is None:
        return
    items = await asyncio.to_thread(lambda: tuple(read_list(document, fetched.body, now)))
    done = orjson.dumps({"list": fetched.cursor, "at": now}).decode()
    for start in range(0, len(items), limits.ITEMS_AT_ONCE):
        part = items[start : start + limits.ITEMS_AT_ONCE]
        yield Polled(part, done if start + len(part) == len(items) else cursor)
    if not items:
        yield Polled((), done)


def _url(document: PullDocument, last: int | None, now: int) -> str:
    """The address, with the moment from which on rows are wanted."""
    since = now - document.first_days * _DAY_MS if last is None else last - limits.PULL_OVERLAP_MS
    moment = datetime.fromtimestamp(since / 1000, UTC)
    written = {
        "rfc3339": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "date": f"{moment:%Y-%m-%d}",
        "epoch_s": str(since // 1000),
        "epoch_ms": str(since),
    }[document.since]
    return document.url.replace(SINCE, quote(written, safe=""))


def read_list(document: PullDocument, body: bytes, now: int) -> Iterator[Item]:
    """The rows of a list. Raises `NotPolled` when it cannot be read to its end."""
    rows = {"json": _json_rows, "csv": _csv_rows, "xml": _xml_rows}[document.format](document, body)
    content_type = "application/xml" if document.format == "xml" else "application/json"
    for number, original in enumerate(rows, start=1):
        blank = Item("", CHANNEL, None, original, content_type, now, told=(f"row {number}",))
        item = _read(document, blank)
        name = item.fields.get(document.key, "") if item.fields is not None and document.key is not None else ""
        yield replace(item, key=name)


def read(source: Source, item: Item) -> Item:
    """A row that was kept, again."""
    assert isinstance(source.document, PullDocument)
    return _read(source.document, item)


def _read(document: PullDocument, item: Item) -> Item:
    if document.format == "xml":
        flat = decode(item.original, "application/xml")
        if isinstance(flat, Flat):
            return replace(item, fields=flat.fields, problems=())
        return refused(item, *(problem.message for problem in flat.problems), otherwise=flat.message)
    row = orjson.loads(item.original)
    if isinstance(row, list):  # of CSV: names and values
        return settled(item, [(name, name, value) for name, value in row], "nvp")
    if not isinstance(row, dict):
        return refused(item, "The row is no object.")
    try:
        return settled(item, leaves(row), "json")
    except Unreadable as error:
        return refused(item, error.refused.message)


def _json_rows(document: PullDocument, body: bytes) -> Iterator[bytes]:
    """Numbers stay the text they were."""
    try:
        told = json.loads(body.decode("utf-8-sig"), parse_int=str, parse_float=str, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise NotPolled(f"The list is no JSON: line {error.lineno}, column {error.colno}.") from None
    except (ValueError, RecursionError) as error:
        raise NotPolled(f"The list cannot be read: {type(error).__name__}.") from None
    found = find(document.rows, told) if document.rows is not None else told
    if not isinstance(found, list):
        raise NotPolled("No list of rows is in it; say in rows where it is.")
    try:
        return iter([orjson.dumps(whole(row)) for row in found])
    except (RecursionError, orjson.JSONEncodeError):
        raise NotPolled("A row of the list is nested too deep.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise NotPolled("In one of its objects a name comes twice.")
    return made


def _csv_rows(_: PullDocument, body: bytes) -> Iterator[bytes]:
    file = LeadFile("list.csv", lambda: io.BytesIO(body))
    try:
        layout = look_through(file).layout
        for record in records(file, layout, Columns()):
            names = (*layout.columns, *([""] * len(record.cells)))
            yield orjson.dumps(list(zip(names, record.cells, strict=False)))
    except BadFile as error:
        raise NotPolled(str(error)) from None


def _xml_rows(document: PullDocument, body: bytes) -> Iterator[bytes]:
    """Elements of the name, whatever their namespace; one inside another is a part of it."""
    assert document.rows is not None
    return iter(rows_of_xml(body, document.rows))
