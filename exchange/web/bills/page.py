"""One document for whoever may read it, in the console and in portals: the page, and its twins as PDF, CSV, JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from exchange.flows.payments import account_standings
from exchange.model.statement import Statement, StatementKind
from exchange.storage.spans import Span
from exchange.storage.statement_lists import StatementFilter, list_statements
from exchange.storage.statements import read_statement
from exchange.web.auth import actor_of
from exchange.web.bills.files import csv_of, fields_of, pdf_of
from exchange.web.bills.told import told
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json, notice, page

NUMBER = "/{number:[A-Z]{2,3}-[0-9]{4}-[0-9]{1,12}}"
_RELATED = 200

Show = Callable[[web.Request, Statement], Awaitable[web.StreamResponse]]


def document_pages(base: str, here: str) -> tuple[Page, ...]:
    """`base` is the list's path, `here` its entry in the rail."""
    return (
        Page("GET", base + NUMBER, of_document(base, partial(_show, base, here))),
        Page("GET", base + NUMBER + ".json", of_document(base, partial(_json, base))),
        Page("GET", base + NUMBER + ".csv", of_document(base, _csv)),
        Page("GET", base + NUMBER + ".pdf", of_document(base, _pdf)),
    )


def of_document(base: str, show: Show) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """For the document that the path names, if there is one and it is the reader's."""

    async def shown(request: web.Request) -> web.StreamResponse:
        number = request.match_info["number"]
        statement = await request.app[MARKET].db.read(read_statement, actor_of(request), number)
        if statement is None:
            told_ = f"{number} was never issued, or it is somebody else's."
            links = [("All documents", base)]
            return await notice(request, "There is no such document", told_, http_status=404, links=links)
        return await show(request, statement)

    return shown


async def _show(base: str, here: str, request: web.Request, statement: Statement) -> web.StreamResponse:
    market, actor, period = request.app[MARKET], actor_of(request), statement.period
    found = await account_standings(market, actor, period.account, period.currency)
    others = await market.db.read(list_statements, actor, _of_account(period.account))
    bill = told(statement)
    return await page(
        request,
        "bills/page.html",
        title=f"{bill.title} {statement.number}",
        here=here,
        bill=bill,
        statement=statement,
        standing=found[statement.number],
        related=[told(each) for each in others if _belongs(each, statement)],
        payable=statement.kind is StatementKind.INVOICE,
        base=base,
    )


def _of_account(account: str) -> StatementFilter:
    return StatementFilter(account=account, span=Span(limit=_RELATED))


def _belongs(each: Statement, statement: Statement) -> bool:
    return statement.number in (each.corrects, each.replaces) or each.number in (statement.corrects, statement.replaces)


async def _json(base: str, request: web.Request, statement: Statement) -> web.StreamResponse:
    market, period = request.app[MARKET], statement.period
    found = await account_standings(market, actor_of(request), period.account, period.currency)
    return as_json(fields_of(statement, found[statement.number], f"{base}/{statement.number}"))


async def _csv(request: web.Request, statement: Statement) -> web.StreamResponse:
    return await csv_of(request, request.app[MARKET], actor_of(request), statement)


async def _pdf(_: web.Request, statement: Statement) -> web.StreamResponse:
    return await pdf_of(statement)
