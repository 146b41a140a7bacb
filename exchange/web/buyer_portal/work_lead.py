"""One bought lead, for whoever works on it: buttons to call and to say what became of it. Made for telephones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from aiohttp import web

from exchange.flows.agent_terms import CannotFollow, moment
from exchange.flows.follow import reassign
from exchange.flows.follow_desk import Card, finish_reminder, hand_in, note_click, open_card, remind, say
from exchange.model.follow import Duty
from exchange.model.lead import Problem
from exchange.stages.follow import stage_of
from exchange.storage.database import Row
from exchange.storage.follow import agents_of
from exchange.storage.follow_views import read_followed
from exchange.web.auth import FORM, actor_of
from exchange.web.buyer_portal.work import HOME, reader_of
from exchange.web.keys import MARKET
from exchange.web.listed.followed_rows import lines_of
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

DUTIES = (Duty.ADMIN, Duty.AGENT)
_SALE = HOME + "/{sale_id:[A-Za-z0-9_]{1,60}}"
_LEFT_OUT = ("first_name", "last_name", "phone", "email")
_HAPPENED: Mapping[str, str] = MappingProxyType(
    {
        "pushed": "Assigned",
        "pulled": "Taken",
        "by_hand": "Assigned by hand",
        "handed_back": "Given back",
        "overdue": "Handed on: nobody worked on it",
        "escalated": "Handed to the admins",
        "called": "Called",
        "mailed": "Written to",
    }
)


class Happened(NamedTuple):
    """A line of the history: a disposition, or what else was done."""

    at: int
    what: str
    by: str
    note: str


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", _SALE, show),
        Page("POST", _SALE + "/disposition", tell),
        Page("POST", _SALE + "/click", click),
        Page("POST", _SALE + "/remind", set_reminder),
        Page("POST", _SALE + "/reminders/{reminder_id:[A-Za-z0-9_]{1,60}}", end_reminder),
        Page("POST", _SALE + "/give-back", give_back),
        Page("POST", _SALE + "/assign", assign),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def tell(request: web.Request) -> web.StreamResponse:
    """A disposition, by the flow that all of them take."""
    row = await _row(request)
    if row is None:
        return await _not_theirs(request)
    form = request[FORM]
    kind, note, value = form.get("disposition", ""), form.get("note", "").strip(), form.get("value", "").strip()
    told = await say(request.app[MARKET], row, kind, note, value or None, actor_of(request))
    if told is None:
        return await _not_theirs(request)
    if isinstance(told, Problem):
        return await _page(request, told.message, 422)
    return see_other(f"{HOME}/{row['sale_id']}")


async def click(request: web.Request) -> web.StreamResponse:
    """The page's script tells that somebody pressed call or mail."""
    row = await _row(request)
    how = request[FORM].get("how", "")
    if row is None or how not in ("called", "mailed"):
        return web.Response(status=404)
    await note_click(request.app[MARKET], row, how, actor_of(request))
    return web.Response(status=204)


async def set_reminder(request: web.Request) -> web.StreamResponse:
    market, row, form = request.app[MARKET], await _row(request), request[FORM]
    if row is None:
        return await _not_theirs(request)
    try:
        await remind(market, row, moment("at", form.get("at", ""), market.zone), form.get("note", ""))
    except CannotFollow as error:
        return await _page(request, str(error), 422)
    return see_other(f"{HOME}/{row['sale_id']}")


async def end_reminder(request: web.Request) -> web.StreamResponse:
    row = await _row(request)
    if row is None:
        return await _not_theirs(request)
    await finish_reminder(request.app[MARKET], row, request.match_info["reminder_id"])
    return see_other(f"{HOME}/{row['sale_id']}")


async def give_back(request: web.Request) -> web.StreamResponse:
    row = await _row(request)
    if row is None or not await hand_in(request.app[MARKET], row, actor_of(request)):
        return await _not_theirs(request)
    return see_other(HOME)


async def assign(request: web.Request) -> web.StreamResponse:
    """An admin gives it to somebody."""
    market, reader, row = request.app[MARKET], reader_of(request), await _row(request)
    if reader.agent_id is not None:
        told = "This needs the duty admin: an agent gives a lead back, and an admin gives it to another."
        return await notice(request, "Admins assign leads", told, http_status=403)
    if row is None:
        return await _not_theirs(request)
    agent_id = request[FORM].get("agent", "")
    if not await reassign(market, reader.buyer_id, row["sale_id"], agent_id, actor_of(request).name):
        return await _page(request, "It was not assigned: choose an agent who is with you and has it not yet.", 409)
    return see_other(f"{HOME}/{row['sale_id']}")


async def _row(request: web.Request) -> Row | None:
    row = await request.app[MARKET].db.read(read_followed, reader_of(request), request.match_info["sale_id"])
    return row if row is not None and row["reversed_at"] is None else None


async def _not_theirs(request: web.Request) -> web.Response:
    return await notice(request, "There is no such lead", "It is not yours, or was given back.", http_status=404)


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.StreamResponse:
    market, reader = request.app[MARKET], reader_of(request)
    card = await open_card(market, reader, request.match_info["sale_id"])
    if card is None:
        return await _not_theirs(request)
    vertical = market.verticals.get(card.row["vertical"])
    agents = await market.db.read(agents_of, reader.buyer_id)
    return await page(
        request,
        "buyer_portal/work_lead.html",
        title=_name(card),
        here="work",
        card=card,
        line=lines_of(market, [card.row], agents)[0],
        facts=_facts(card, {spec.name: spec.label for spec in vertical.fields} if vertical is not None else {}),
        phone=card.lead.text("phone") if card.lead is not None else None,
        email=card.lead.text("email") if card.lead is not None else None,
        taps=[(word, stage_of(vertical, word)) for word in (vertical.dispositions if vertical is not None else ())],
        happened=_history(card),
        agents=[each for each in agents if each.state == "active"],
        is_agent=reader.agent_id is not None,
        problem=problem,
        http_status=http_status,
    )


def _name(card: Card) -> str:
    lead = card.lead
    if lead is None:
        return "An erased lead"
    return " ".join(part for part in (lead.text("first_name"), lead.text("last_name")) if part) or "A lead"


def _facts(card: Card, labels: Mapping[str, str]) -> list[tuple[str, str]]:
    values = card.lead.values if card.lead is not None else {}
    return [(labels.get(name, name), value.clean) for name, value in values.items() if name not in _LEFT_OUT]


def _history(card: Card) -> list[Happened]:
    """Newest first."""
    told = [
        Happened(row["at"], row["kind"].replace("_", " ").capitalize(), row["told_by"], note) for row, note in card.told
    ]
    done = [
        Happened(row["at"], ", ".join(filter(None, (_HAPPENED.get(row["kind"]), row["name"]))), row["told_by"], "")
        for row in card.events
    ]
    return sorted((*told, *done), reverse=True)
