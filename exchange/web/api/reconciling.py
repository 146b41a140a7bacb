"""Books beside ours by program: a file brought and compared, what differs read, each difference decided once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from exchange import limits
from exchange.flows.reconciliation_decisions import OURS, THEIRS, Word, decide_differences
from exchange.flows.reconciliation_told import KINDS, currency_of, file_fields, line_fields, span_of
from exchange.flows.reconciliations import CannotReconcile, bring_book, compare_book, look_at_book
from exchange.intake.upload import Sent, receive
from exchange.model.reason import Reason
from exchange.storage.book_views import BookFilter, list_books
from exchange.storage.reconciliations import BookFile, book_head, lines_of
from exchange.storage.spans import Span
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.pages import length, wrong
from exchange.web.api.report_files import file_refused, said_columns
from exchange.web.uploads import Held

OPTIONS = ("party", "currency", "since", "until", "columns", "name")
_BEFORE = re.compile(r"(\d{1,15})_(rcn_[0-9A-Z]{1,40})")
_NUMBER = re.compile(r"\d{1,9}")
_WORDS = (OURS, THEIRS)


async def listed(call: Call) -> Told:
    """The newest first; `before` goes on where a page ended."""
    call.admit_by_header("operator")
    limit, text = length(call), call.request.query.get("before", "").strip()
    mark = _BEFORE.fullmatch(text)
    if text and mark is None:
        raise wrong("before", "type", "before must be the next of the page before", text[:60])
    span = Span(after=(int(mark[1]), mark[2]) if mark else None, limit=limit + 1)
    found = await call.market.db.read(list_books, BookFilter(span=span))
    shown = found[:limit]
    fields: dict[str, Any] = {
        "status": "ok",
        "reconciliations": [file_fields(*each) for each in shown],
        "more": len(found) > limit,
    }
    if len(found) > limit:
        fields["next"] = f"{shown[-1][0].made_at}_{shown[-1][0].id}"
    return Told(fields)


async def bring(call: Call) -> Told:
    """Take a book, as a part of a form or as the body itself, and compare it."""
    actor, market = call.admit_live("operator").actor, call.market
    held, said = Held(limits.DISPOSITION_FILE_BYTES), dict[str, str]()

    def begin(sent: Sent) -> Held:
        said.update(sent.fields)
        return held

    with file_refused():
        sent = await receive(call.request, begin)
        said.update(sent.fields)
        columns, party = said_columns(said), said.get("party", "")
        currency, span = currency_of(market, party, said.get("currency", "")), span_of(market, said)
        file_id = await bring_book(market, party, currency, sent.name or "book", bytes(held.data), actor)
        await _compare(call, file_id, columns, span)
    return await _told(call, file_id)


async def one(call: Call) -> Told:
    """A book, with the columns that were read and what they may be called."""
    call.admit_by_header("operator")
    return await _told(call, (await _found(call)).id)


async def lines(call: Call) -> Told:
    """What differs, in its order."""
    call.admit_by_header("operator")
    file, query, limit = await _found(call), call.request.query, length(call)
    kind, after = query.get("kind", "").strip(), query.get("after", "0").strip()
    if kind and kind not in KINDS:
        raise wrong("kind", "not_allowed", f"kind is one of {', '.join(KINDS)}.", kind[:40], KINDS)
    if not _NUMBER.fullmatch(after):
        raise wrong("after", "type", "after is the number of a difference.", after[:40])
    only_open = query.get("waiting", "").strip() == "yes"
    found = await call.market.db.read(lines_of, file.id, kind, open_only=only_open, after=int(after), most=limit + 1)
    shown = [line_fields(row, file.currency) for row in found[:limit]]
    fields: dict[str, Any] = {"status": "ok", "differences": shown, "more": len(found) > limit}
    if shown:
        fields["next"] = shown[-1]["number"]
    return Told(fields)


async def compare(call: Call) -> Told:
    """Once more, with other columns or days."""
    call.admit_live("operator")
    file, sent = await _found(call), await call.read_fields()
    try:
        await _compare(call, file.id, said_columns(sent), span_of(call.market, sent))
    except CannotReconcile as error:
        raise Stop(Reason.CANNOT_SETTLE, 409, str(error)) from None
    return await _told(call, file.id)


async def decide(call: Call) -> Told:
    """One difference by its number, or all of a kind that wait. Decided again, nothing happens."""
    actor, file = call.admit_live("operator").actor, await _found(call)
    sent = sent_fields(await call.read_fields())
    number, kind, word = sent.get("number", ""), sent.get("kind", ""), sent.get("word", "").lower()
    if word not in _WORDS:
        raise wrong("word", "not_allowed", "word is ours or theirs: whose counts.", word[:40], _WORDS)
    if bool(number) is bool(kind):
        raise wrong("number", "missing", "Say the number of one difference, or the kind of all that wait.")
    if number and not _NUMBER.fullmatch(number):
        raise wrong("number", "type", "number is that of a difference.", number[:40])
    if kind and kind not in KINDS:
        raise wrong("kind", "not_allowed", f"kind is one of {', '.join(KINDS)}.", kind[:40], KINDS)
    numbers = [int(number)] if number else await _waiting(call, file, kind)
    try:
        said = Word(word, sent.get("note", ""), actor, call.remote_ip)
        done = await decide_differences(call.market, file.id, numbers, said)
    except CannotReconcile as error:
        raise wrong("note", "missing", str(error)) from None
    if number and done.failed:
        raise Stop(Reason.CANNOT_SETTLE, 409, done.failed[0][1])
    failed = [{"number": each, "why": why} for each, why in done.failed]
    return Told({"status": "ok", "decided": done.done, "failed": failed, "left": done.left})


async def _waiting(call: Call, file: BookFile, kind: str) -> list[int]:
    return [row["number"] for row in await call.market.db.read(lines_of, file.id, kind, open_only=True)]


async def _compare(call: Call, file_id: str, said: Mapping[str, str], span: tuple[int, int] | None) -> None:
    """With the columns that were said in the place of what was guessed of them. Raises `CannotReconcile`."""
    look = await look_at_book(call.market, file_id)
    assert look is not None
    if unknown := [name for name in said if name not in look.samples]:
        raise CannotReconcile(f"The file has no column {unknown[0][:40]}.")
    await compare_book(call.market, file_id, {**look.file.columns, **said}, span)


async def _found(call: Call) -> BookFile:
    found = await call.market.db.read(book_head, call.request.match_info["file_id"])
    if found is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such reconciliation.")
    return found


async def _told(call: Call, file_id: str) -> Told:
    file = await call.market.db.read(book_head, file_id)
    assert file is not None
    waiting = await call.market.db.read(lines_of, file_id, open_only=True)
    return Told({"status": "ok", **file_fields(file, len(waiting)), "columns": dict(file.columns)})
