"""One statement for whoever may read it, in the console and for sellers: the page, its entries, and its twins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from exchange.flows.seller_statements import Document, document_fields, entries_of, entry_fields
from exchange.web.csv_rows import csv_rows
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import address, as_json, notice, page
from exchange.web.statements import entries
from exchange.web.statements.told import STATES, told
from exchange.web.words import utc

COLUMNS = ("time", "kind", "lead_id", "campaign_id", "sub_id1", "sold_at", "note", "amount", "currency")
_CSV_LINES = 500

Find = Callable[[web.Request], Awaitable[Document | None]]
More = Callable[[web.Request, Document], Awaitable[Mapping[str, Any]]]


def document_pages(base: str, name: str, here: str, find: Find, more: More) -> tuple[Page, ...]:
    """`base` is the list's path and `name` the pattern of what follows it; `more` are values the page shows beside."""
    at = base + name
    return (
        Page("GET", at, _of(base, find, partial(_show, base, here, more))),
        Page("GET", f"{at}.json", _of(base, find, _json)),
        Page("GET", f"{at}.csv", _of(base, find, _csv)),
        Page("GET", f"{at}.pdf", _of(base, find, _pdf)),
        Page("GET", f"{at}/entries", _of(base, find, partial(entries.show, base, here))),
        Page("GET", f"{at}/entries.json", _of(base, find, entries.as_json)),
    )


def _of(
    base: str, find: Find, show: Callable[[web.Request, Document], Awaitable[web.StreamResponse]]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def shown(request: web.Request) -> web.StreamResponse:
        document = await find(request)
        if document is None:
            links = [("All statements", base)]
            said = "It was never issued, or it is somebody else's."
            return await notice(request, "There is no such statement", said, http_status=404, links=links)
        return await show(request, document)

    return shown


async def _show(base: str, here: str, more: More, request: web.Request, document: Document) -> web.StreamResponse:
    bill = told(request.app[MARKET], document)
    path = request.path
    links = [address(f"{path}/entries", kind=line.kind, campaign=line.campaign_id or "none") for line in document.lines]
    return await page(
        request,
        "statements/page.html",
        title=f"{bill.title} {bill.number or document.party.name}",
        here=here,
        bill=bill,
        document=document,
        standing=STATES[document.state],
        rows=list(zip(bill.rows, links, strict=True)),
        base=base,
        at=path,
        **await more(request, document),
    )


async def _json(_: web.Request, document: Document) -> web.StreamResponse:
    return as_json(document_fields(document))


async def _pdf(request: web.Request, document: Document) -> web.StreamResponse:
    """Drawn beside the event loop."""
    from exchange.web.bills.paper import draw  # reportlab is large, and few ask for this

    body = await asyncio.to_thread(draw, told(request.app[MARKET], document))
    headers = {"Content-Disposition": f'inline; filename="{_name(document)}.pdf"', "Cache-Control": "no-store"}
    return web.Response(body=body, content_type="application/pdf", headers=headers)


async def _csv(request: web.Request, document: Document) -> web.StreamResponse:
    """One row for each entry, then what is no entry: the column `amount` sums to what is to pay."""
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{_name(document)}.csv"',
        "Cache-Control": "no-store",
    }
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(csv_rows([list(COLUMNS)]))
    waiting: list[list[object]] = []
    async for entry in entries_of(request.app[MARKET], document):
        fields = entry_fields(document, entry)
        waiting.append([utc(entry.at), *(fields[name] or "" for name in COLUMNS[1:-1]), document.currency])
        if len(waiting) == _CSV_LINES:
            await response.write(csv_rows(waiting))
            waiting = []
    waiting += [
        ["", part.key, "", "", "", "", part.word, part.money.text, document.currency]
        for part in document.parts
        if part.key in ("carried", "released", "held", "rounding", "carry") and part.money.units
    ]
    await response.write(csv_rows(waiting) if waiting else b"")
    await response.write_eof()
    return response


def _name(document: Document) -> str:
    return document.number or f"{document.party.id}-{document.currency}-running"
