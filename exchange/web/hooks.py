"""Webhooks and postbacks on a page: the addresses of a party, one more, a test, the log, and what failed again.

The console and the seller's portal show the same; who looks decides what is there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from exchange.fields.instant import read_instant
from exchange.flows import endpoints as flow
from exchange.flows.endpoints import NotSaved, NotYours, Tried, Wanted
from exchange.model.actor import Role
from exchange.model.endpoint import ACTIVE, DISABLED, EVENTS, PER_SECOND, REMOVED, EndpointKind
from exchange.model.lead import Problem
from exchange.model.wire import Lost
from exchange.stages.macros import MACROS
from exchange.storage.database import Row
from exchange.storage.webhooks import LogFilter, log_of, tries_of
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.lists.twins import short_twins
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, notice, page
from exchange.web.words import utc

LISTED = 50
_AT_ONCE = 500
_SENDS = (
    "event_id", "type", "object", "sequence", "endpoint_id", "state", "http_status", "took_ms", "attempt", "error",
    "at", "next_at",
)  # fmt: skip
STATES = ("waiting", "delivered", "failed")
_SAMPLES = Path(__file__).parent / "verify"
_ID = "{id:[A-Za-z0-9_-]{1,80}}"
_MOVES: Mapping[str, str] = {"enable": ACTIVE, "disable": DISABLED, "remove": REMOVED}

Show = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where such a page is: its path, its template, the rail's entry it belongs to, and what it is called."""

    base: str
    template: str
    here: str
    title: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a page says beside what it always shows: a secret for this once, a test, problems of a form."""

    secret: str = ""
    of: str = ""
    tried: Tried | None = None
    problems: tuple[Problem, ...] = ()
    given: Mapping[str, str] | None = None
    done: str = ""
    ask: int | None = None


def hook_pages(place: Place) -> tuple[Page, ...]:
    base = place.base
    return (
        Page("GET", base, _shows(place)),
        *short_twins(base, "sends", _SENDS, _rows, ("state", "type", "about", "since")),
        Page("POST", base, _saves(place)),
        Page("POST", f"{base}/test", _tries(place)),
        Page("POST", f"{base}/replay", _replays(place)),
        Page("GET", f"{base}/events/{_ID}", _tells_event(place)),
        Page("POST", f"{base}/{_ID}/rotate", _rotates(place)),
        Page("POST", base + "/{id:[A-Za-z0-9_-]{1,80}}/{move:enable|disable|remove}", _moves(place)),
    )


def _shows(place: Place) -> Show:
    async def show(request: web.Request) -> web.StreamResponse:
        return await _page(request, place, Told())

    return show


async def _rows(request: web.Request) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """The log as programs see it, all of it."""
    before = request.query.get("before")
    while True:
        rows, before = await _log(request, before, _AT_ONCE)
        if rows:
            yield [send_fields(row) for row in rows]
        if before is None:
            return


def _saves(place: Place) -> Show:
    async def save(request: web.Request) -> web.StreamResponse:
        form = request[FORM]
        try:
            saved = await flow.save(
                request.app[MARKET], _wanted(form), actor_of(request), _allowed(request), party=_party(request, form)
            )
        except NotSaved as error:
            return await _page(request, place, Told(problems=error.problems, given=form), http_status=422)
        except NotYours:
            return await _not_there(request)
        if saved.secret is None:
            return _back(place)
        return await _page(request, place, Told(secret=saved.secret, of=saved.endpoint.id))

    return save


def _tries(place: Place) -> Show:
    async def try_out(request: web.Request) -> web.StreamResponse:
        form = request[FORM]
        market, actor = request.app[MARKET], actor_of(request)
        try:
            wanted = _wanted(form)
            if wanted.id:
                found = flow.find(market, wanted.id, actor)
                wanted = Wanted(found.kind, found.url, found.events, found.method, campaign_id=None, id=found.id)
            tried = await flow.try_out(market, wanted, actor, _allowed(request))
        except NotSaved as error:
            return await _page(request, place, Told(problems=error.problems, given=form), http_status=422)
        except NotYours:
            return await _not_there(request)
        return await _page(request, place, Told(tried=tried, given=None if wanted.id else form))

    return try_out


def _replays(place: Place) -> Show:
    async def replay(request: web.Request) -> web.StreamResponse:
        form, market, actor = request[FORM], request.app[MARKET], actor_of(request)
        try:
            if form.get("event"):
                count = await flow.replay(market, LogFilter(), actor, form["event"])
            else:
                wanted = _filter(form)
                if form.get("sure") != "yes":
                    return await _page(
                        request, place, Told(ask=await flow.count_replay(market, wanted, actor), given=form)
                    )
                count = await flow.replay(market, wanted, actor)
        except NotYours:
            return await _not_there(request)
        except NotSaved as error:
            return await _page(request, place, Told(problems=error.problems, given=form), http_status=422)
        sent = "1 event goes out again now." if count == 1 else f"{count} events go out again now."
        return await _page(request, place, Told(done=sent))

    return replay


def _rotates(place: Place) -> Show:
    async def rotate(request: web.Request) -> web.StreamResponse:
        endpoint_id = request.match_info["id"]
        try:
            secret = await flow.rotate(request.app[MARKET], endpoint_id, actor_of(request))
        except NotYours:
            return await _not_there(request)
        return await _page(request, place, Told(secret=secret, of=endpoint_id))

    return rotate


def _moves(place: Place) -> Show:
    async def move(request: web.Request) -> web.StreamResponse:
        state = _MOVES[request.match_info["move"]]
        try:
            await flow.set_state(request.app[MARKET], request.match_info["id"], state, actor_of(request))
        except NotYours:
            return await _not_there(request)
        except NotSaved as error:
            return await notice(request, "It stays as it is", str(error), http_status=409)
        return _back(place)

    return move


def _tells_event(place: Place) -> Show:
    async def tell(request: web.Request) -> web.StreamResponse:
        market, actor, event_id = request.app[MARKET], actor_of(request), request.match_info["id"]
        rows = await market.db.read(log_of, actor, LogFilter(event_id=event_id), LISTED)
        if not rows:
            return await _not_there(request)
        tries = await market.db.read(tries_of, actor, event_id)
        return as_json({**send_fields(rows[0]), "tries": [try_fields(each) for each in tries]})

    return tell


async def _page(request: web.Request, place: Place, told: Told, *, http_status: int = 200) -> web.Response:
    market, actor = request.app[MARKET], actor_of(request)
    rows, older = await _log(request, request.query.get("before"), LISTED)
    campaigns = [
        campaign
        for campaign in market.deals.campaigns.values()
        if actor.role is Role.OPERATOR or campaign.seller_id == actor.party_id
    ]
    return await page(
        request,
        place.template,
        title=place.title,
        here=place.here,
        http_status=http_status,
        place=place,
        told=told,
        given=told.given or request.query,
        problems={problem.field: problem.message for problem in told.problems},
        tried=_tried(told.tried),
        endpoints=await flow.listed(market, actor),
        rows=rows,
        older=older,
        events=EVENTS,
        macros=MACROS,
        states=STATES,
        campaigns=campaigns,
        sellers=market.deals.sellers,
        buyers=market.deals.buyers,
        samples=samples(),
        per_second=PER_SECOND,
        operator=actor.role is Role.OPERATOR,
    )


def samples() -> tuple[tuple[str, str], ...]:
    """Code that verifies a webhook, by language."""
    files = (("Python", "verify.py.txt"), ("Node", "verify.mjs.txt"), ("PHP", "verify.php.txt"))
    return tuple((name, (_SAMPLES / file).read_text("utf-8")) for name, file in files)


async def _log(request: web.Request, before: str | None, most: int) -> tuple[Sequence[Row], str | None]:
    """A page of the log, and the `before` of the next."""
    market = request.app[MARKET]
    try:
        wanted = _filter({**request.query, "before": before or ""})
    except NotSaved:
        wanted = LogFilter()
    rows = await market.db.read(log_of, actor_of(request), wanted, most + 1)
    shown = rows[:most]
    return shown, f"{shown[-1]['at']}_{shown[-1]['event_id']}" if len(rows) > most else None


def _filter(given: Mapping[str, str]) -> LogFilter:
    """What a form or an address asks for. Raises `NotSaved` for a time that is none."""
    state, event = given.get("state", ""), given.get("type", "").strip()
    since = 0
    if text := given.get("since", "").strip():
        at = read_instant(text)
        if at is None:
            raise NotSaved([Problem("since", "type", f"since is a time such as 2026-11-20T14:14:22Z. Got {text!r}.")])
        since = at
    at_text, _, below = given.get("before", "").partition("_")
    before = (int(at_text), below) if at_text.isdecimal() and len(at_text) < 16 and below else None
    return LogFilter(
        state if state in STATES else "",
        event,
        given.get("endpoint", "").strip(),
        given.get("about", "").strip(),
        since,
        None,
        before,
    )


def _wanted(form: Mapping[str, str]) -> Wanted:
    kind = EndpointKind.POSTBACK if form.get("kind") == "postback" else EndpointKind.SIGNED
    pace = form.get("per_second", "").strip() or str(PER_SECOND)
    return Wanted(
        kind,
        form.get("url", "").strip(),
        tuple(form.get("events", "").replace(",", " ").split()),
        form.get("method", "POST").upper(),
        int(pace) if pace.isdecimal() and len(pace) < 6 else 0,
        form.get("campaign_id") or None,
        form.get("id", ""),
    )


def _party(request: web.Request, form: Mapping[str, str]) -> tuple[Role, str | None] | None:
    """Whose address an operator makes: `seller:acme`, `buyer:northsun`, or the exchange's own."""
    if actor_of(request).role is not Role.OPERATOR:
        return None
    kind, _, party_id = form.get("party", "").partition(":")
    deals = request.app[MARKET].deals
    known: Mapping[str, Mapping[str, Any]] = {"seller": deals.sellers, "buyer": deals.buyers}
    if kind in known and party_id in known[kind]:
        return Role(kind), party_id
    campaign = deals.campaigns.get(form.get("campaign_id", ""))
    return (Role.SELLER, campaign.seller_id) if campaign is not None else (Role.OPERATOR, None)


def _tried(tried: Tried | None) -> dict[str, Any] | None:
    """A test as it is shown: both sides whole, without the secrets of either."""
    if tried is None:
        return None
    record = tried.record
    sent = record.message.shown() if record is not None else tried.message
    head = [f"{sent.method} {sent.url}", *(f"{name}: {value}" for name, value in sent.headers.items())]
    answer = "No answer came." if record is None or isinstance(record.outcome, Lost) else ""
    if record is not None and not isinstance(record.outcome, Lost):
        reply = record.outcome
        told = [f"HTTP {reply.status}", *(f"{name}: {value}" for name, value in reply.headers.items())]
        answer = "\n".join([*told, "", reply.body[:2_000].decode("utf-8", "replace")]).rstrip()
    elif tried.error:
        answer = tried.error
    body = sent.body.decode("utf-8", "replace")
    return {
        "request": "\n".join([*head, "", body]).rstrip(),
        "answer": answer,
        "error": tried.error,
        "took_ms": tried.result.took_ms,
    }


def send_fields(row: Row) -> dict[str, Any]:
    return {
        "event_id": row["event_id"],
        "type": row["type"],
        "object": row["about"],
        "sequence": row["sequence"],
        "endpoint_id": row["endpoint_id"],
        "state": row["state"],
        "http_status": row["status"],
        "took_ms": row["took_ms"],
        "attempt": row["tries"],
        "error": row["last_error"],
        "at": utc(row["at"]),
        "next_at": utc(row["next_at"]) if row["next_at"] is not None else None,
    }


def try_fields(row: Row) -> dict[str, Any]:
    return {
        "number": row["number"],
        "endpoint_id": row["endpoint_id"],
        "at": utc(row["at"]),
        "http_status": row["status"],
        "took_ms": row["took_ms"],
        "error": row["error"],
    }


def _allowed(request: web.Request) -> Sequence[Any]:
    return request.app[SETTINGS].allowed_networks


def _back(place: Place) -> web.Response:
    return see_other(place.base)


async def _not_there(request: web.Request) -> web.StreamResponse:
    return await notice(request, "There is none", "There is nothing with this id that is yours.", http_status=404)
