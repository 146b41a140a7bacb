"""The audit log: who did what to what, and what it was before and after. Newest first; nobody can change it."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.market import Market
from exchange.model.actor import Actor, Role
from exchange.storage.audit_views import AuditFilter, audit_lines, count_audit_lines
from exchange.web.listed.audit_rows import COLUMNS, AuditRow, row_of
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.shape import Asked, Column, Filter, Nothing, Shape
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import page

PATH = "/console/audit"


def pages() -> tuple[Page, ...]:
    return pages_of(AUDIT, show)


async def show(request: web.Request) -> web.StreamResponse:
    view = await view_of(request, AUDIT)
    return await page(request, "console/settings/audit.html", title="Audit log", here="audit", view=view)


def _filter(asked: Asked) -> AuditFilter:
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    return AuditFilter(
        given.get("who", ""),
        given.get("role", ""),
        given.get("ip", ""),
        given.get("what", ""),
        given.get("object", ""),
        given.get("told", ""),
        since,
        until,
        asked.span,
    )


async def _read(market: Market, actor: Actor, asked: Asked) -> list[AuditRow]:
    return [row_of(line) for line in await market.db.read(audit_lines, actor, _filter(asked))]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_audit_lines, actor, _filter(asked), most)


def _as_action(text: str) -> str:
    """`Contract changed` as it stands in the log."""
    first, _, rest = text.strip().lower().replace(".", " ").partition(" ")
    return f"{first}.{rest.replace(' ', '_')}" if rest else first


AUDIT: Shape[AuditRow] = Shape(
    "audit",
    PATH,
    "line",
    "lines",
    (
        Column("at", "Time", "when tab", sorts=lambda row: row.line.at),
        Column("who", "Who", "who", fixed=True),
        Column("ip", "From", "mono dim"),
        Column("what", "What", "is", fixed=True),
        Column("object", "Object", "mono brk"),
        Column("before", "Before", "wrap dim"),
        Column("after", "After", "wrap"),
    ),
    (
        Filter("who", "Who", example="ann@example.com", longest=200),
        Filter("what", "What", read=_as_action, example="contract.changed"),
        Filter("object", "Object", example="lead:ld_…", longest=200),
        period_filter("When"),
        Filter("role", "Side", lambda _: [(each.value, each.value) for each in Role], rare=True),
        Filter("ip", "From", example="198.51.100.7", rare=True),
        Filter("told", "Before or after holds", example="paused", rare=True),
    ),
    _read,
    _count,
    lambda row: row.line.id,
    AuditRow.fields,
    COLUMNS,
    Nothing("Nothing was changed yet. Every change, every look at personal data and every export leaves a line here."),
)
