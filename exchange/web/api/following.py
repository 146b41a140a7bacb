"""Follow-up by program: a buyer's agents, which leads are whose, and what was done about them. Nothing personal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.flows.agent_terms import CannotFollow, day_end, moment
from exchange.flows.follow import reassign, take_next
from exchange.flows.follow_desk import hand_in, note_click, remind, say, set_away
from exchange.model.feedback import Channel
from exchange.model.follow import STAGES, STATES, Agent
from exchange.model.lead import Problem
from exchange.model.reason import Reason
from exchange.stages.follow import stage_of
from exchange.storage.database import Row
from exchange.storage.follow import agents_of
from exchange.storage.follow_views import FollowFilter, Reader, events_of, followed_after, read_followed
from exchange.web.api.access import Caller
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.pages import SETTLED_MS, length, page, since, wrong, wrong_as
from exchange.web.listed.followed_rows import lines_of
from exchange.web.words import utc

CONTACTS = {"call": "called", "mail": "mailed"}


async def agents(call: Call) -> Told:
    """A buyer's agents, with how many leads each works on."""
    caller = call.admit_by_header("buyer")
    told = [_agent(each) for each in await call.market.db.read(agents_of, _buyer(caller))]
    return Told({"status": "ok", "count": len(told), "agents": told})


async def away(call: Call) -> Told:
    """An agent gets none until the end of a day; until `now` is back."""
    caller = call.admit_by_header("buyer")
    sent, market, wanted = sent_fields(await call.read_fields()), call.market, call.request.match_info["agent_id"]
    found = next((each for each in await market.db.read(agents_of, _buyer(caller)) if each.id == wanted), None)
    if found is None:
        raise Stop(Reason.NOT_FOUND, 404, "You have no agent with this agent_id.")
    day = sent.get("until", "")
    try:
        await set_away(market, found, None if day == "now" else day_end("until", day, found.terms.zone), caller.actor)
    except CannotFollow as error:
        raise wrong(error.field, "not_allowed", str(error), day[:40]) from None
    told = next(each for each in await market.db.read(agents_of, _buyer(caller)) if each.id == wanted)
    return Told({"status": "ok", **_agent(told)})


async def listed(call: Call) -> Told:
    """What changed of followed leads, oldest change first: of one agent, stage, state or contract where one is said."""
    caller, query = call.admit_by_header("buyer"), call.request.query
    for name, known in (("stage", STAGES), ("state", STATES)):
        if query.get(name, "") not in ("", *known):
            raise wrong(name, "not_allowed", f"{name} is one of the list.", query[name][:40], known)
    limit, until = length(call), call.market.clock.now() - SETTLED_MS
    asked = FollowFilter(
        query.get("stage", ""), query.get("agent_id", "")[:60], query.get("contract_id", "")[:60],
        query.get("state", ""), caller.key.mode, since(call), limit,
    )  # fmt: skip
    rows = await call.market.db.read(followed_after, Reader(_buyer(caller)), asked, until)
    last = (rows[-1]["changed_at"], rows[-1]["sale_id"]) if rows else None
    return Told(page("follow_ups", await _entries(call, caller, rows), last, limit))


async def one(call: Call) -> Told:
    """One of them, with what was done."""
    caller = call.admit_by_header("buyer")
    row = await _row(call, caller)
    events = [
        {"at": utc(each["at"]), "what": each["kind"], "agent_id": each["agent_id"], "by": each["told_by"]}
        for each in await call.market.db.read(events_of, row["sale_id"])
    ]
    return await _told(call, caller, "ok", {"events": events})


async def assign(call: Call) -> Told:
    """Give it to an agent, whatever the rules say. Who has it keeps it: then nothing changes."""
    caller, row, sent = await _sent(call)
    wanted = sent.get("agentid") or sent.get("email", "").lower()
    known = await call.market.db.read(agents_of, _buyer(caller))
    agent = next((each for each in known if wanted in (each.id, each.email.lower())), None)
    if agent is None or agent.state != "active":
        told = "agent_id or email must be that of one of your agents who is still with you."
        raise wrong("agent_id", "not_allowed" if wanted else "missing", told, wanted[:60])
    if row["agent_id"] == agent.id and row["state"] == "assigned":
        return await _told(call, caller, "unchanged")
    if not await reassign(call.market, agent.buyer_id, row["sale_id"], agent.id, caller.actor.name):
        raise Stop(Reason.CANNOT_ASSIGN, 409)
    return await _told(call, caller, "assigned")


async def hand_back(call: Call) -> Told:
    """Its agent gives it back: another one gets it, or in the end the admins."""
    caller = call.admit_by_header("buyer")
    row = await _row(call, caller)
    given = await hand_in(call.market, row, caller.actor)
    return await _told(call, caller, "handed_back" if given else "unchanged")


async def contact(call: Call) -> Told:
    """Somebody called or wrote: the first time is measured."""
    caller, row, sent = await _sent(call)
    how = sent.get("how", "")
    if how not in CONTACTS:
        raise wrong("how", "not_allowed" if how else "missing", "how is call or mail.", how[:40], tuple(CONTACTS))
    await note_click(call.market, row, CONTACTS[how], caller.actor)
    return await _told(call, caller, "ok")


async def reminder(call: Call) -> Told:
    """Remind the agent that has it, at a time."""
    caller, row, sent = await _sent(call)
    try:
        at = moment("at", sent.get("at", ""), call.market.zone)
        await remind(call.market, row, at, sent.get("note", ""))
    except CannotFollow as error:
        raise wrong(error.field, "not_allowed", str(error), sent.get(error.field, "")[:40]) from None
    return await _told(call, caller, "ok")


async def stage(call: Call) -> Told:
    """How far it has come: a disposition, or a stage, for which the vertical's first word that means it is told."""
    caller, row, sent = await _sent(call)
    word = sent.get("disposition") or _word(call, row, sent.get("stage", ""))
    told = await say(call.market, row, word, sent.get("note", ""), sent.get("value"), caller.actor, channel=Channel.API)
    if isinstance(told, Problem):
        raise wrong_as(told)
    if told is None:
        raise _none()
    status = "waiting" if told.waits else "recorded" if told.disposition_id else "unchanged"
    return await _told(call, caller, status, {"disposition_id": told.disposition_id})


def _word(call: Call, row: Row, wanted: str) -> str:
    vertical = call.market.verticals.get(row["vertical"])
    words = vertical.dispositions if vertical is not None else ()
    means = {each: stage_of(vertical, each) for each in reversed(words)}
    found = {meant: word for word, meant in means.items()}
    if wanted not in found:
        told = "disposition must be a word of the vertical, or stage one that a word of it means."
        known = tuple(each for each in STAGES if each in found)
        raise wrong("stage" if wanted else "disposition", "not_allowed" if wanted else "missing", told, wanted, known)
    return found[wanted]


async def take(call: Call) -> Told:
    """An agent takes the oldest lead that waits and is of its kind."""
    caller = call.admit_by_header("buyer")
    wanted = call.request.match_info["agent_id"]
    if all(each.id != wanted for each in await call.market.db.read(agents_of, _buyer(caller))):
        raise Stop(Reason.NOT_FOUND, 404, "You have no agent with this agent_id.")
    sale_id = await take_next(call.market, _buyer(caller), wanted)
    if sale_id is None:
        return Told({"status": "none", "message": "None waits that this agent may have, or it works on enough."})
    return await _told(call, caller, "assigned", sale_id=sale_id)


async def _sent(call: Call) -> tuple[Caller, Row, Mapping[str, str]]:
    caller = call.admit_by_header("buyer")
    sent = sent_fields(await call.read_fields())
    return caller, await _row(call, caller), sent


async def _row(call: Call, caller: Caller, sale_id: str = "") -> Row:
    found = sale_id or call.request.match_info["sale_id"][:60]
    row = await call.market.db.read(read_followed, Reader(_buyer(caller)), found)
    if row is None or row["reversed_at"] is not None or (row["mode"] != caller.key.mode and not sale_id):
        raise _none()
    return row


async def _told(
    call: Call, caller: Caller, status: str, more: Mapping[str, Any] | None = None, sale_id: str = ""
) -> Told:
    row = await _row(call, caller, sale_id)
    (entry,) = await _entries(call, caller, [row])
    return Told({"status": status, **entry, **(more or {})}, lead_id=row["lead_id"])


async def _entries(call: Call, caller: Caller, rows: list[Row]) -> list[dict[str, Any]]:
    known = await call.market.db.read(agents_of, _buyer(caller))
    return [{**line.fields(), "changed_at": utc(line.row["changed_at"])} for line in lines_of(call.market, rows, known)]


def _agent(agent: Agent) -> dict[str, Any]:
    away = agent.terms.away_until
    return {
        "agent_id": agent.id,
        "name": agent.name,
        "email": agent.email,
        "state": agent.state,
        "works_on": agent.load,
        "most_open": agent.terms.most_open,
        "away_until": utc(away) if away is not None else None,
    }


def _buyer(caller: Caller) -> str:
    assert caller.actor.party_id is not None, "a buyer's key"
    return caller.actor.party_id


def _none() -> Stop:
    return Stop(Reason.NOT_FOUND, 404, "You follow no lead with this sale_id.")
