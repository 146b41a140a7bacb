"""A money document to take home: its PDF, its entries as CSV, the whole as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiohttp import web

from exchange.flows.entries import Counted, closing_rows, counted_entries
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.model.statement import Line, Statement
from exchange.stages.standing import Standing
from exchange.storage.statements import account_statements, periods_of
from exchange.web.bills.told import KINDS, TITLES, told
from exchange.web.csv_rows import csv_rows
from exchange.web.words import utc

COLUMNS = ("time", "kind", "lead_id", "group", "group_name", "reference", "corrects", "amount", "currency")


async def pdf_of(statement: Statement) -> web.Response:
    """Drawn beside the event loop: a long one takes its time."""
    from exchange.web.bills.paper import draw  # reportlab is large, and few ask for this

    body = await asyncio.to_thread(draw, told(statement))
    name = f'inline; filename="{statement.number}.pdf"'
    return web.Response(
        body=body,
        content_type="application/pdf",
        headers={"Content-Disposition": name, "Cache-Control": "no-store"},
    )


async def csv_of(request: web.Request, market: Market, actor: Actor, statement: Statement) -> web.StreamResponse:
    """One row for each entry, then tax and rounding: the column `amount` sums to the document's total."""
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{statement.number}.csv"',
        "Cache-Control": "no-store",
    }
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(csv_rows([list(COLUMNS)]))
    names = dict(statement.names)
    async for page in entries_of(market, actor, statement):
        await response.write(csv_rows([_row(each, names) for each in page]))
    closing: list[list[object]] = [
        [utc(statement.issued_at), kind.value, "", "", what, statement.reference, "", money.text, money.currency]
        for kind, what, money in closing_rows(statement)
    ]
    if closing:
        await response.write(csv_rows(closing))
    await response.write_eof()
    return response


async def entries_of(market: Market, actor: Actor, statement: Statement) -> AsyncIterator[list[Counted]]:
    period, db = statement.period, market.db
    all_of = await db.read(account_statements, actor, period.account, period.currency)
    periods = await db.read(periods_of, period.account, period.currency)
    async for page in counted_entries(db, statement, all_of, periods, market.clock.now()):
        yield page


def _row(entry: Counted, names: dict[str, str]) -> list[object]:
    moved = entry.movement
    return [
        utc(moved.at),
        moved.kind.value,
        moved.cause if moved.cause.startswith("ld_") else "",
        entry.group,
        names.get(entry.group, ""),
        moved.reference,
        moved.reverses or "",
        entry.money.text,
        entry.money.currency,
    ]


def fields_of(statement: Statement, standing: Standing | None, twins: str) -> dict[str, Any]:
    """As a program reads it. `twins` is where its PDF and CSV are, without the ending."""
    totals, currency = statement.totals, statement.period.currency
    period, names = statement.period, dict(statement.names)
    fields: dict[str, Any] = {
        "number": statement.number,
        "kind": statement.kind.value,
        "title": f"{TITLES[statement.kind]} {statement.number}",
        "party": statement.party._asdict(),
        "issuer": statement.issuer._asdict(),
        "currency": currency,
        "issued_at": utc(statement.issued_at),
        "due_at": utc(statement.due_at) if statement.due_at is not None else None,
        "since": utc(period.since.at) if period.since.at else None,
        "until": utc(period.until.at),
        "lines": _lines(statement.lines, names, currency),
        "payments": _lines(statement.payments, names, currency),
        "net": totals.net.text,
        "tax_name": statement.tax_name or None,
        "tax_percent": f"{statement.tax_bp // 100}.{statement.tax_bp % 100:02d}",
        "tax": totals.tax.text,
        "rounding": totals.rounding.text,
        "total": totals.total.text,
        "opening": statement.opening.text,
        "closing": statement.closing.text,
        "corrects": statement.corrects,
        "replaces": statement.replaces,
        "reason": statement.reason or None,
        "pdf": f"{twins}.pdf",
        "csv": f"{twins}.csv",
    }
    if standing is not None:
        fields |= standing_fields(standing)
    return fields


def standing_fields(standing: Standing) -> dict[str, Any]:
    return {
        "status": standing.state.value,
        "paid": standing.paid.text,
        "credited": standing.credited.text,
        "open": standing.open.text,
    }


def _lines(lines: Sequence[Line], names: dict[str, str], currency: str) -> list[dict[str, Any]]:
    return [
        {
            "kind": line.kind.value,
            "what": KINDS[line.kind],
            "group": line.group or None,
            "group_name": names.get(line.group),
            "entries": line.entries,
            "amount": Money(line.units, currency).text,
        }
        for line in lines
    ]
