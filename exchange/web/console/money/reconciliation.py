"""One book beside ours: what differs, whose word counts for each, and what that books."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.reconciliation_decisions import OURS, THEIRS, Word, decide_differences
from exchange.flows.reconciliation_told import LINE, file_fields, line_fields, span_of
from exchange.flows.reconciliations import UNREADABLE, CannotReconcile, Look, compare_book, look_at_book
from exchange.model.money import Money
from exchange.model.reconciling import DifferenceKind
from exchange.stages.book_columns import MEANINGS
from exchange.storage.reconciliations import lines_of, sums
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.csv_rows import csv_rows
from exchange.web.keys import MARKET
from exchange.web.listed.books import PATH as HOME
from exchange.web.listed.books import party_name
from exchange.web.pages import Page, see_other
from exchange.web.render import address, as_json, notice, page
from exchange.web.words import plural

_ONE = HOME + "/{file_id:rcn_[0-9A-Z]{26}}"
_SHOWN = 200
_COLUMN = "column."
KINDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        UNREADABLE: ("Rows that cannot be read", "Correct the file and bring it again, or leave them.", ""),
        DifferenceKind.ONLY_THEIRS.value: ("Only in theirs", "We know no such sale.", "Book theirs"),
        DifferenceKind.ONLY_OURS.value: ("Only in ours", "They have no such line.", "Take it back"),
        DifferenceKind.PRICE.value: ("Another price", "Both have the sale.", "Take their price"),
        DifferenceKind.DAY.value: ("Another day", "Both have the sale at the same price.", "Note theirs"),
        DifferenceKind.SWAPPED.value: ("Ids changed places", "Two of their rows carry each other's id.", "Note theirs"),
        DifferenceKind.OTHER_ID.value: ("Another id", "The row's id is not this sale's.", "Note theirs"),
        DifferenceKind.TWICE.value: ("Twice in theirs", "Another of their rows is the same sale.", "Note theirs"),
        DifferenceKind.RETURNED.value: ("Returned in ours", "They still count the sale.", "Count it again"),
        DifferenceKind.CREDIT.value: ("A credit of theirs", "We know no such return.", "Give the credit"),
        DifferenceKind.UNCLEAR.value: ("Unclear in ours, sold in theirs", "We never heard the answer.", "It is sold"),
        DifferenceKind.UNCLEAR_ABSENT.value: ("Unclear in ours, not in theirs", "We never heard it.", "It is not sold"),
    }
)
"""Of each kind its heading, a sentence, and what taking their word does."""


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", _ONE, show),
        Page("GET", _ONE + ".json", show_json),
        Page("GET", _ONE + ".csv", show_csv),
        Page("POST", _ONE + "/compare", compare),
        Page("POST", _ONE + "/decide", decide),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _show(request)


async def _show(request: web.Request, problem: str = "", http_status: int = 200) -> web.StreamResponse:
    market, look = request.app[MARKET], await _look(request)
    if look is None:
        return await _gone(request)
    lines = await market.db.read(lines_of, look.file.id)
    open_sums = sums([row for row in lines if row["decided_at"] is None])
    groups = [
        (kind, *words, [row for row in lines if row["kind"] == kind], *open_sums.get(kind, (0, 0)))
        for kind, words in KINDS.items()
        if any(row["kind"] == kind for row in lines)
    ]
    since, until = _days(market, look)
    return await page(
        request,
        "console/money/reconciliation.html",
        title=look.file.name,
        here="reconcile",
        file=look.file,
        lacks=look.lacks,
        samples=look.samples,
        whose=party_name(market, look.file.party),
        account="buyer" if look.file.party.startswith("buyer:") else "seller",
        groups=groups,
        decided=sum(1 for row in lines if row["decided_at"] is not None),
        effect=lambda units: _effect(look, units),
        money=Money,
        meanings=MEANINGS,
        since=since,
        until=until,
        shown=_SHOWN,
        problem=problem or request.query.get("told", "")[:200],
        done=request.query.get("done", "")[:200],
        http_status=http_status,
    )


async def show_json(request: web.Request) -> web.StreamResponse:
    look = await _look(request)
    if look is None:
        return as_json({"status": "error", "message": "There is no such reconciliation."}, 404)
    lines = await request.app[MARKET].db.read(lines_of, look.file.id)
    return as_json({**file_fields(look.file), "lines": [line_fields(row, look.file.currency) for row in lines]})


async def show_csv(request: web.Request) -> web.StreamResponse:
    look = await _look(request)
    if look is None:
        return await _gone(request)
    lines = await request.app[MARKET].db.read(lines_of, look.file.id)
    body = csv_rows([list(LINE), *(list(line_fields(row, look.file.currency).values()) for row in lines)])
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{look.file.id}.csv"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=body, headers=headers)


async def compare(request: web.Request) -> web.StreamResponse:
    """Compare again, with the columns and days that the form says."""
    market, look, form = request.app[MARKET], await _look(request), request[FORM]
    if look is None:
        return await _gone(request)
    columns = {name: form.get(f"{_COLUMN}{number}", "") for number, name in enumerate(look.samples)}
    try:
        await compare_book(market, look.file.id, columns, span_of(market, form))
    except CannotReconcile as error:
        return await _show(request, str(error), 422)
    return _to(look)


async def decide(request: web.Request) -> web.StreamResponse:
    """Decide one difference, or all of a kind that wait."""
    market, look, form = request.app[MARKET], await _look(request), request[FORM]
    if look is None:
        return await _gone(request)
    word = THEIRS if "theirs" in form else OURS if "ours" in form else ""
    if form.get("compared", "") != str(look.file.compared_at):
        return await _show(request, "The books were compared anew since you saw them. Look again.", 409)
    waiting = await market.db.read(lines_of, look.file.id, form.get("kind", ""), open_only=True)
    one = form.get("number", "")
    chosen = [row["number"] for row in waiting if not one or str(row["number"]) == one]
    if not chosen:
        return await _show(request, "It was decided before.", 409)
    try:
        said = Word(word, form.get("note", ""), actor_of(request), ip_of(request))
        told = await decide_differences(market, look.file.id, chosen, said)
    except CannotReconcile as error:
        return await _show(request, str(error), 422)
    if told.failed:
        decided = f"{plural(told.done, 'difference')} decided. " if told.done else ""
        others = f" So it is with {plural(len(told.failed) - 1, 'other')}." if len(told.failed) > 1 else ""
        return await _show(request, f"{decided}{told.failed[0][1]}{others}", 422)
    left = f"; {plural(told.left, 'other waits', 'others wait')} for the same button" if told.left else ""
    return _to(look, f"{plural(told.done, 'difference')} decided{left}")


def _to(look: Look, done: str = "") -> web.Response:
    location = address(f"{HOME}/{look.file.id}", done=done or None)
    return see_other(location)


def _days(market: Market, look: Look) -> tuple[str, str]:
    zone, file = ZoneInfo(market.zone), look.file
    if file.since_at is None or file.until_at is None:
        return "", ""
    first, last = (datetime.fromtimestamp(at / 1000, zone) for at in (file.since_at, file.until_at - 1))
    return first.strftime("%Y-%m-%d"), last.strftime("%Y-%m-%d")


def _effect(look: Look, units: int) -> Money:
    """By how much the party's account grows when their word is taken: a buyer pays what its book says more."""
    return Money(-units if look.file.party.startswith("buyer:") else units, look.file.currency)


async def _look(request: web.Request) -> Look | None:
    return await look_at_book(request.app[MARKET], request.match_info["file_id"])


async def _gone(request: web.Request) -> web.StreamResponse:
    return await notice(request, "No such reconciliation", "It may be another exchange's.", http_status=404)
