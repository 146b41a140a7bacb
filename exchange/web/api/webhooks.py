"""Webhooks by program: the same as the pages, for a seller's, a buyer's or an operator's key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exchange.fields.instant import read_instant
from exchange.flows import endpoints as flow
from exchange.flows.endpoints import NotSaved, NotYours, Saved, Wanted
from exchange.model.endpoint import ACTIVE, DISABLED, PER_SECOND, REMOVED, EndpointKind
from exchange.model.lead import Problem
from exchange.model.reason import Reason
from exchange.model.wire import Reply
from exchange.stages.respond import rfc3339
from exchange.storage.database import Row
from exchange.storage.webhooks import LogFilter, log_of
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.pages import length, wrong
from exchange.web.hooks import STATES, send_fields
from exchange.web.keys import SETTINGS

_KINDS = ("webhook", "postback")
_MOVES = (ACTIVE, DISABLED, REMOVED)
_SHOWN = 2_000


async def listing(call: Call) -> Told:
    caller = call.admit_live("any")
    rows = await flow.listed(call.market, caller.actor)
    return Told({"status": "ok", "webhooks": [_fields(row) for row in rows]})


async def add(call: Call) -> Told:
    """Make one for the caller's own party."""
    caller = call.admit_live("any")
    wanted = _wanted(sent_fields(await call.read_fields()))
    try:
        saved = await flow.save(call.market, wanted, caller.actor, _allowed(call), party=None)
    except NotSaved as error:
        raise _refused(error) from None
    return _saved(saved)


async def change(call: Call) -> Told:
    """Everything of it is as it is said now. Its secret stays, and what it failed at is forgotten."""
    caller = call.admit_live("any")
    wanted = _wanted(sent_fields(await call.read_fields()))._replace(id=call.request.match_info["endpoint_id"])
    try:
        saved = await flow.save(call.market, wanted, caller.actor, _allowed(call), party=None)
    except NotYours:
        raise _not_there() from None
    except NotSaved as error:
        raise _refused(error) from None
    return _saved(saved)


async def state(call: Call) -> Told:
    caller = call.admit_live("any")
    word = sent_fields(await call.read_fields()).get("state", "")
    if word not in _MOVES:
        raise wrong("state", "not_allowed" if word else "missing", "state must be one of 3 words", word, _MOVES)
    endpoint_id = call.request.match_info["endpoint_id"]
    try:
        changed = await flow.set_state(call.market, endpoint_id, word, caller.actor)
    except NotYours:
        raise _not_there() from None
    except NotSaved as error:
        raise _refused(error) from None
    return Told({"status": "saved" if changed else "unchanged", "endpoint_id": endpoint_id})


async def rotate(call: Call) -> Told:
    """The old secret signs too for a day."""
    caller = call.admit_live("any")
    endpoint_id = call.request.match_info["endpoint_id"]
    try:
        secret = await flow.rotate(call.market, endpoint_id, caller.actor)
    except NotYours:
        raise _not_there() from None
    return Told({"status": "saved", "endpoint_id": endpoint_id, "secret": secret})


async def test(call: Call) -> Told:
    """An example, sent now. Nothing of it is kept."""
    caller = call.admit_live("any")
    sent = sent_fields(await call.read_fields())
    try:
        if endpoint_id := sent.get("endpointid", ""):
            found = flow.find(call.market, endpoint_id, caller.actor)
            wanted = Wanted(found.kind, found.url, found.events, found.method, id=found.id)
        else:
            wanted = _wanted(sent)
        tried = await flow.try_out(call.market, wanted, caller.actor, _allowed(call))
    except NotYours:
        raise _not_there() from None
    except NotSaved as error:
        raise _refused(error) from None
    outcome = tried.result.records[-1].outcome if tried.result.records else None
    fields: dict[str, Any] = {
        "status": "delivered" if tried.error is None else "failed",
        "http_status": tried.result.status,
        "error": tried.error,
        "request": tried.message.url,
        "response": outcome.body[:_SHOWN].decode("utf-8", "replace") if isinstance(outcome, Reply) else None,
    }
    return Told(fields)


async def log(call: Call) -> Told:
    """What was sent to the caller's own, newest first."""
    caller = call.admit_live("any")
    limit = length(call)
    wanted = _filter(call.request.query)
    rows = await call.market.db.read(log_of, caller.actor, wanted, limit)
    fields: dict[str, Any] = {
        "status": "ok",
        "sends": [send_fields(row) for row in rows],
        "more": len(rows) == limit,
    }
    if len(rows) == limit:
        fields["next"] = f"{rows[-1]['at']}_{rows[-1]['event_id']}"
    return Told(fields)


async def replay(call: Call) -> Told:
    """One event, or what the filter finds: what failed, unless it says otherwise. `dry_run` only counts."""
    caller = call.admit_live("any")
    sent = sent_fields(await call.read_fields())
    try:
        if event_id := sent.get("eventid", ""):
            count = await flow.replay(call.market, LogFilter(), caller.actor, event_id)
            return Told({"status": "replayed", "count": count})
        names = {"endpointid": "endpoint_id"}
        given = {names.get(name, name): value for name, value in sent.items()}
        wanted = _filter({"state": "failed", **given})
        if sent.get("dryrun", "").lower() in ("true", "yes", "1"):
            return Told({"status": "counted", "count": await flow.count_replay(call.market, wanted, caller.actor)})
        return Told({"status": "replayed", "count": await flow.replay(call.market, wanted, caller.actor)})
    except NotYours:
        raise _not_there() from None


def _wanted(sent: Mapping[str, str]) -> Wanted:
    problems: list[Problem] = []
    kind, url = sent.get("kind", ""), sent.get("url", "")
    if kind not in _KINDS:
        told = "kind must be webhook or postback."
        problems.append(Problem("kind", "not_allowed" if kind else "missing", told, kind, _KINDS))
    if not url:
        problems.append(Problem("url", "missing", "url is required."))
    pace = sent.get("persecond", str(PER_SECOND))
    if not pace.isdecimal() or len(pace) > 5:
        problems.append(Problem("per_second", "type", "per_second must be a whole number.", pace))
    if problems:
        raise Stop(Reason.INVALID, 422, problems=tuple(problems))
    return Wanted(
        EndpointKind(kind),
        url,
        tuple(sent.get("events", "").replace(",", " ").split()),
        sent.get("method", "POST").upper(),
        int(pace),
        sent.get("campaignid"),
    )


def _filter(given: Mapping[str, str]) -> LogFilter:
    word = given.get("state", "").strip()
    if word and word not in STATES:
        raise wrong("state", "not_allowed", "state must be one of 3 words", word, STATES)
    since = 0
    if text := given.get("since", "").strip():
        at = read_instant(text)
        if at is None:
            raise wrong("since", "type", "since must be a time such as 2026-11-20T14:14:22Z", text)
        since = at
    at_text, _, below = given.get("before", "").partition("_")
    before = (int(at_text), below) if at_text.isdecimal() and len(at_text) < 16 and below else None
    if given.get("before") and before is None:
        raise wrong("before", "type", "before must be the next of the page before", given["before"])
    return LogFilter(
        word, given.get("type", ""), given.get("endpoint_id", ""), given.get("object", ""), since, None, before
    )


def _saved(saved: Saved) -> Told:
    fields: dict[str, Any] = {"status": "saved", "endpoint_id": saved.endpoint.id}
    return Told({**fields, "secret": saved.secret} if saved.secret is not None else fields)


def _fields(row: Row) -> dict[str, Any]:
    failing = row["failing_since"]
    return {
        "endpoint_id": row["id"],
        "kind": row["kind"],
        "party": row["role"] if row["party_id"] is None else f"{row['role']}:{row['party_id']}",
        "url": row["url"],
        "method": row["method"],
        "events": row["events"],
        "per_second": row["per_second"],
        "campaign_id": row["campaign_id"],
        "state": row["state"],
        "reason": row["state_why"] or None,
        "secret_last4": row["last4"] or None,
        "failing_since": rfc3339(failing) if failing is not None else None,
        "made_at": rfc3339(row["made_at"]),
    }


def _refused(error: NotSaved) -> Stop:
    return Stop(Reason.INVALID, 422, problems=error.problems)


def _not_there() -> Stop:
    return Stop(Reason.NOT_FOUND, 404, "There is no such webhook of yours.")


def _allowed(call: Call) -> Sequence[Any]:
    return call.request.app[SETTINGS].allowed_networks
