"""Bought leads at work: an agent sees its own, an admin all. One of them fits a telephone's screen."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.agent_terms import CannotFollow, day_end
from exchange.flows.follow import take_next
from exchange.flows.follow_desk import set_away
from exchange.flows.market import Market
from exchange.model.follow import STAGES, STATES, Duty
from exchange.storage.follow import agents_of, read_rules
from exchange.storage.follow_views import FollowFilter, Reader, count_stages, due_reminders, list_followed
from exchange.web.auth import FORM, actor_of, duty_of
from exchange.web.buyer_portal.store import buyer
from exchange.web.csv_rows import csv_rows
from exchange.web.keys import MARKET
from exchange.web.listed.followed_rows import lines_of
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, address, as_json, mode_of, notice, page

HOME = "/buyer/follow-up"
SALE = HOME + "/{sale_id:[A-Za-z0-9_]{1,60}}"
DUTIES = (Duty.ADMIN, Duty.AGENT)
PAGE, LISTED = 50, 1_000
_SHOWN_MS = 90 * 86_400_000


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("GET", f"{HOME}.csv", show_csv),
        Page("POST", f"{HOME}/next", take),
        Page("POST", f"{HOME}/away", away),
    )


def reader_of(request: web.Request) -> Reader:
    """Whose leads are looked at: an agent's own, or all of the buyer's."""
    session = request[SESSION]
    return Reader(buyer(request), session.user.id if duty_of(session) is Duty.AGENT else None)


async def show(request: web.Request) -> web.StreamResponse:
    market, reader = request.app[MARKET], reader_of(request)
    asked = _asked(request, PAGE + 1)
    agents = await market.db.read(agents_of, reader.buyer_id)
    rows = await market.db.read(list_followed, reader, asked)
    now = market.clock.now()
    counts = await market.db.read(count_stages, reader, asked.mode, now - _SHOWN_MS)
    given = _given(asked)
    more = rows[PAGE - 1] if len(rows) > PAGE else None
    before = f"{more['delivered_at']}_{more['sale_id']}" if more is not None else ""
    reminded = await market.db.read(due_reminders, reader.agent_id, now) if reader.agent_id is not None else []
    return await page(
        request,
        "buyer_portal/work.html",
        title="Follow-up",
        here="work",
        lines=lines_of(market, rows[:PAGE], agents),
        counts={stage: sum(n for (at, _), n in counts.items() if at == stage) for stage in STAGES},
        states={state: sum(n for (_, at), n in counts.items() if at == state) for state in STATES},
        given=given,
        older=address(HOME, **{**given, "before": before}) if before else None,
        reminded=reminded,
        rules=await market.db.read(read_rules, reader.buyer_id),
        agents=[each for each in agents if each.state == "active"],
        contracts=_contracts(market, reader.buyer_id),
        is_agent=reader.agent_id is not None,
        own=next((each for each in agents if each.id == reader.agent_id), None),
        stages=STAGES,
        all_states=STATES,
    )


async def show_json(request: web.Request) -> web.StreamResponse:
    """The newest thousand that fit; `before` goes on where they ended."""
    market, reader = request.app[MARKET], reader_of(request)
    asked = _asked(request, LISTED + 1)
    rows = await market.db.read(list_followed, reader, asked)
    lines = lines_of(market, rows[:LISTED], await market.db.read(agents_of, reader.buyer_id))
    before = f"{rows[LISTED - 1]['delivered_at']}_{rows[LISTED - 1]['sale_id']}" if len(rows) > LISTED else None
    return as_json({"leads": [line.fields() for line in lines], "count": len(lines), "before": before})


async def show_csv(request: web.Request) -> web.StreamResponse:
    """All that fit, written as they are read."""
    market, reader = request.app[MARKET], reader_of(request)
    agents, asked = await market.db.read(agents_of, reader.buyer_id), _asked(request, LISTED)
    response = web.StreamResponse(headers={"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "no-store"})
    response.headers["Content-Disposition"] = 'attachment; filename="follow-up.csv"'
    await response.prepare(request)
    first = True
    while rows := await market.db.read(list_followed, reader, asked):
        told = [line.fields() for line in lines_of(market, rows, agents)]
        lines: list[list[object]] = [list(each.values()) for each in told]
        await response.write(csv_rows([list(told[0]), *lines] if first else lines))
        first, asked = False, asked._replace(before=(rows[-1]["delivered_at"], rows[-1]["sale_id"]))
    await response.write_eof()
    return response


async def take(request: web.Request) -> web.StreamResponse:
    """An agent takes the oldest lead that waits and is of its kind."""
    reader = reader_of(request)
    if reader.agent_id is None:
        return await notice(request, "Agents take leads", "As an admin you assign them.", http_status=403)
    sale_id = await take_next(request.app[MARKET], reader.buyer_id, reader.agent_id)
    if sale_id is None:
        told = "None waits that is of your kind, or you work on as many as you may."
        return await notice(request, "No lead for you now", told, http_status=409, links=[("Your leads", HOME)])
    return see_other(f"{HOME}/{sale_id}")


async def away(request: web.Request) -> web.StreamResponse:
    """An agent says until when it is away."""
    market, reader, form = request.app[MARKET], reader_of(request), request[FORM]
    agents = await market.db.read(agents_of, reader.buyer_id)
    own = next((each for each in agents if each.id == reader.agent_id), None)
    if own is None:
        return await notice(request, "You are no agent", "Only agents go on vacation here.", http_status=403)
    try:
        until = None if form.get("back") else day_end("until", form.get("until", ""), own.terms.zone)
        await set_away(market, own, until, actor_of(request))
    except CannotFollow as error:
        return await notice(request, "Nothing was changed", str(error), http_status=422)
    return see_other(HOME)


def _contracts(market: Market, buyer_id: str) -> list[tuple[str, str]]:
    own = [each for each in market.deals.contracts.values() if each.buyer_id == buyer_id]
    return sorted(((each.id, each.name) for each in own), key=lambda pair: pair[1])


def _asked(request: web.Request, most: int) -> FollowFilter:
    """The filters of the address. One that is none of those offered takes everything."""
    query = request.query
    at, _, sale = query.get("before", "").partition("_")
    before = (int(at), sale[:60]) if at.isascii() and at.isdigit() and len(at) < 16 else (2**62, "")
    return FollowFilter(
        query.get("stage", "") if query.get("stage") in STAGES else "",
        query.get("agent", "")[:60],
        query.get("contract", "")[:60],
        query.get("state", "") if query.get("state") in STATES else "",
        mode_of(request),
        before,
        most,
    )


def _given(asked: FollowFilter) -> dict[str, str]:
    found = {
        "stage": asked.stage, "agent": asked.agent_id, "contract": asked.contract_id, "state": asked.state,
        "mode": "test" if asked.mode == "test" else "",
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}
