"""One return: what speaks for and against it, what each decision would do, and the decision."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.return_decide import CannotDecide, Choice, Outlook, decide_return, may_turn, outlook, part_asked
from exchange.flows.return_talk import question
from exchange.flows.returns import ANSWER, NOTE, REPLY, key_of_lead, words_in
from exchange.flows.settle import StillAtWork
from exchange.model.money import BadMoney, Money
from exchange.model.returns import ReturnState
from exchange.stages.returns.words import TEMPLATES, reason_words
from exchange.storage.database import Row
from exchange.storage.return_views import ReturnFilter, list_returns, read_file, read_request
from exchange.storage.returns import decisions_on
from exchange.storage.spans import Span
from exchange.storage.timeline import read_lead_rows
from exchange.vault import VaultError
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.listed.return_rows import line_of
from exchange.web.listed.returns import PATH, TABS, WAITING
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json as json_response
from exchange.web.render import notice, page
from exchange.web.story.records import open_story

_ID = "{return_id:ret_[A-Za-z0-9_-]{1,60}}"
ACTS = {
    "approve": ReturnState.APPROVED,
    "decline": ReturnState.DECLINED,
    "part": ReturnState.PARTIAL,
    "replace": ReturnState.REPLACED,
}


class Shown(NamedTuple):
    """What is about to be done: what it would do, or why it cannot be."""

    act: str
    told: Outlook | None = None
    problem: str = ""
    credit: str = ""
    why: str = ""


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", f"{PATH}/{_ID}", show),
        Page("GET", f"{PATH}/{_ID}.json", as_json),
        Page("GET", f"{PATH}/{_ID}/file", file),
        Page("POST", f"{PATH}/{_ID}", act),
    )


async def show(request: web.Request) -> web.StreamResponse:
    """The request; with `act` in the address also what that would do, and the button that does it."""
    row = await _row(request)
    if row is None:
        return await _gone(request)
    wanted = request.query.get("act", "")
    shown = await _shown(request, row, wanted) if wanted in (*ACTS, "ask") else Shown("")
    return await _page(request, row, shown)


async def as_json(request: web.Request) -> web.StreamResponse:
    row = await _row(request)
    if row is None:
        return json_response({"status": "error", "message": "There is no such return."}, 404)
    market = request.app[MARKET]
    line = line_of(market, row)
    decided = await market.db.read(decisions_on, row["id"])
    fields = {
        **line.fields(),
        "evidence": [{"fact": each.sentence, "mark": each.mark.value} for each in line.facts],
        "decisions": [
            {name: each[name] for name in ("state", "by_whom", "automatic", "rule", "why", "credit_units", "at")}
            for each in decided
        ],
    }
    return json_response(fields)


async def _shown(request: web.Request, row: Row, wanted: str) -> Shown:
    credit = request.query.get("credit", "").strip()
    if wanted == "ask" or (wanted == "part" and not credit):
        return Shown(wanted, credit=credit)
    try:
        told = await outlook(request.app[MARKET], row, _choice(row, wanted, credit, ""))
    except (CannotDecide, BadMoney) as error:
        return Shown(wanted, problem=_sentence(error), credit=credit)
    return Shown(wanted, told, credit=credit)


def _sentence(error: Exception) -> str:
    return "Write an amount such as 12.50." if isinstance(error, BadMoney) else str(error)


def _choice(row: Row, wanted: str, credit: str, why: str) -> Choice:
    """Raises `BadMoney`."""
    part = Money.parse(credit, row["currency"]) if wanted == "part" else None
    return Choice(ACTS[wanted], why, part)


async def act(request: web.Request) -> web.StreamResponse:
    """The decision. Made twice, the first one stands and the second is told of it."""
    market, form = request.app[MARKET], request[FORM]
    row = await _row(request)
    if row is None:
        return await _gone(request)
    wanted, why = form.get("act", ""), form.get("why", "").strip()[:500]
    credit = form.get("credit", "").strip()
    try:
        if wanted == "ask":
            await question(market, row, why, actor_of(request), ip_of(request))
            return await _next(request, row)
        if wanted not in ACTS:
            raise CannotDecide("Choose what is to be done.")
        if wanted == "decline" and not why:
            raise CannotDecide("Say why: the buyer reads it.")
        choice = _choice(row, wanted, credit, why)._replace(seen=form.get("asked", ""))
        made = await decide_return(market, row["id"], choice, actor_of(request), ip_of(request))
    except (CannotDecide, StillAtWork, BadMoney) as error:
        return await _page(request, row, Shown(wanted, problem=_sentence(error), credit=credit, why=why), 422)
    if not made.first:
        by = made.request["decided_by"] or "somebody else"
        told = f"It is {made.request['state']}, by {by}. Nothing was changed."
        links = [("Look at it", f"{PATH}/{row['id']}"), ("To the queue", PATH)]
        return await notice(request, "It was decided before", told, http_status=409, links=links)
    return await _next(request, row)


async def _next(request: web.Request, row: Row) -> web.Response:
    """Back to the queue, as long as something waits there."""
    mode = "?mode=test" if row["mode"] == "test" else ""
    return see_other(f"{PATH}{mode}")


async def file(request: web.Request) -> web.StreamResponse:
    """What the buyer attached, as a download: no browser is to run it."""
    market = request.app[MARKET]
    kept = await market.db.read(read_file, actor_of(request), request.match_info["return_id"])
    return await sent_file(request, market, kept)


async def sent_file(request: web.Request, market: Market, kept: Row | None) -> web.StreamResponse:
    if kept is None or kept["wrapped"] is None:
        told = "Nothing was attached, or its lead was erased."
        return await notice(request, "There is no such file", told, http_status=404)
    key = market.vault.data_key(bytes(kept["wrapped"]))
    content = market.vault.open(key, f"return:file:{kept['return_id']}", bytes(kept["sealed"]))
    name = kept["name"].encode("ascii", "replace").decode().replace("?", "_")
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Type": kept["media"],
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return web.Response(body=content, headers=headers)


async def _row(request: web.Request) -> Row | None:
    market, return_id = request.app[MARKET], request.match_info["return_id"]
    return await market.db.read(read_request, actor_of(request), return_id)


async def _gone(request: web.Request) -> web.StreamResponse:
    return await notice(request, "There is no such return", "Its lead may have been forgotten.", http_status=404)


async def _page(request: web.Request, row: Row, shown: Shown, http_status: int = 200) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    story_rows = await market.db.read(read_lead_rows, actor, row["lead_id"])
    mask = open_story(market, story_rows).mask.text if story_rows is not None else str
    waiting = ReturnFilter(row["mode"], TABS[WAITING][1], span=Span(limit=2))
    others = [each["id"] for each in await market.db.read(list_returns, actor, waiting) if each["id"] != row["id"]]
    said = {kind: mask(text) for kind, text in (await _said(market, row)).items()}
    contract = market.deals.contracts.get(row["contract_id"])
    return await page(
        request,
        "console/returns/return_case.html",
        title=f"Return by {line_of(market, row).buyer}",
        here="returns",
        line=line_of(market, row),
        said=said,
        shown=shown,
        asked=part_asked(row),
        decisions=await market.db.read(decisions_on, row["id"]),
        may_turn=may_turn(row, market.clock.now()),
        resold_at=row["resold_at"],
        partial=contract is None or contract.returns.partial,
        templates=TEMPLATES,
        begin=_template(request, shown),
        following=others[0] if others else None,
        reason_words=reason_words,
        money_of=lambda units: Money(units, row["currency"]),
        http_status=http_status,
        mode=row["mode"],
    )


def _template(request: web.Request, shown: Shown) -> str:
    """What stands in the field of a reason before anybody writes: a template, when one was chosen."""
    if shown.why:
        return shown.why
    chosen = request.query.get("text", "0")
    place = int(chosen) if chosen.isascii() and chosen.isdigit() and int(chosen) < len(TEMPLATES) else 0
    return TEMPLATES[place][1] if shown.act == "decline" else ""


async def _said(market: Market, row: Row) -> dict[str, str]:
    """What buyer and seller wrote."""
    key = await key_of_lead(market, row["lead_id"])
    try:
        return {kind: words_in(market, row, kind, key) for kind in (NOTE, ANSWER, REPLY)}
    except VaultError:
        return {NOTE: "", ANSWER: "", REPLY: ""}
