"""One line of the audit log: field by field what changed, its place in the chain, and undo where that can be."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.revert import CannotRevert, Reversal, reversal_of, revert
from exchange.model.audit import AuditLine
from exchange.model.rights import may, needed
from exchange.storage.audit_views import read_audit_line, seal_of
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.listed.audit_rows import page_of_subject, row_of
from exchange.web.pages import Page, see_other
from exchange.web.render import page

HOME = "/console/audit"
_ONE = HOME + "/{line_id:[A-Za-z0-9_]{1,60}}"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _ONE, show), Page("POST", f"{_ONE}/undo", undo))


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def undo(request: web.Request) -> web.StreamResponse:
    """Put back what it was before. Whoever may make the change may undo it."""
    line_id = request.match_info["line_id"]
    try:
        await revert(request.app[MARKET], line_id, actor_of(request))
    except CannotRevert as why:
        return await _page(request, str(why), 409)
    except LookupError:
        raise web.HTTPNotFound from None
    return see_other(f"{HOME}?object={(await _line(request)).subject}")


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    line = await _line(request)
    reversal, why_not = await _undo_of(request)
    barred = needed(reversal.right) if reversal is not None and not may(actor, reversal.right) else ""
    return await page(
        request,
        "console/settings/audit_line.html",
        title="A line of the audit log",
        here="audit",
        http_status=http_status,
        row=row_of(line),
        seal=await market.db.read(seal_of, line.id),
        about=page_of_subject(line.subject),
        reversal=reversal,
        why_not=why_not,
        barred=barred,
        problem=problem,
    )


async def _line(request: web.Request) -> AuditLine:
    line = await request.app[MARKET].db.read(read_audit_line, actor_of(request), request.match_info["line_id"])
    if line is None:
        raise web.HTTPNotFound
    return line


async def _undo_of(request: web.Request) -> tuple[Reversal | None, str]:
    """How it is undone, or why it is not."""
    try:
        return await reversal_of(request.app[MARKET], await _line(request)), ""
    except CannotRevert as why:
        return None, str(why)
