"""Addresses that are told of events: made, changed, tried, disabled, and what failed sent again. Each party its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from exchange import limits
from exchange.courier.addresses import Network, check_url
from exchange.courier.courier import Result
from exchange.courier.masking import mask_record
from exchange.flows.by_hand import LAST_CHARACTERS, audit_line
from exchange.flows.market import Market, refresh
from exchange.flows.webhooks import Prepared, call, error_of, postback, secret_name, send_job
from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.endpoint import (
    ACTIVE,
    DISABLED,
    PER_SECOND,
    POSTBACK_EVENTS,
    REMOVED,
    Endpoint,
    EndpointKind,
    known_pattern,
)
from exchange.model.lead import Problem
from exchange.model.wire import HttpMessage, WireRecord
from exchange.stages.macros import EXAMPLE, fill, wrong_macros
from exchange.stages.webhooks import Event, new_secret, signed_headers
from exchange.storage.database import Row
from exchange.storage.endpoints import (
    SealedSecret,
    change_secret,
    count_endpoints,
    endpoints_of,
    ensure_endpoint,
    save_endpoint,
    secret_of,
    set_endpoint_state,
)
from exchange.storage.webhooks import LogFilter, log_of, replay_sends

SECRET_BYTES = 32
ROTATION_MS = 86_400_000
"""So long two secrets sign after a change."""
_METHODS = ("GET", "POST")


class NotYours(Exception):
    """There is no such address, or it is another party's: nobody learns which."""


class NotSaved(Exception):
    """What is wrong, by field."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class Wanted(NamedTuple):
    """An address as somebody asks for it. `id` is that of one to change; empty `events` are the usual ones."""

    kind: EndpointKind
    url: str
    events: tuple[str, ...] = ()
    method: str = "POST"
    per_second: int = PER_SECOND
    campaign_id: str | None = None
    id: str = ""


class Saved(NamedTuple):
    """`secret` is shown now and never again; None when the address has none, or keeps the one it has."""

    endpoint: Endpoint
    secret: str | None


class Tried(NamedTuple):
    """A test: what was sent, what came back (both without secrets), and the sentence for what is no success."""

    message: HttpMessage
    result: Result
    error: str | None
    record: WireRecord | None


async def save(
    market: Market, wanted: Wanted, actor: Actor, allowed: Sequence[Network], *, party: tuple[Role, str | None] | None
) -> Saved:
    """Make an address for the actor's own party, or change one. `party`: whose it is, when an operator makes it.

    Raises `NotSaved` with every problem, or `NotYours`.
    """
    before = find(market, wanted.id, actor) if wanted.id else None
    role, party_id = (before.role, before.party_id) if before is not None else party or _own(actor)
    problems = [*_problems(market, wanted, role, party_id, allowed)]
    if before is not None:
        problems += _unchangeable(before, wanted)
    if before is None and await market.db.read(count_endpoints, role.value, party_id) >= limits.ENDPOINTS:
        problems.append(Problem("url", "range", f"There are {limits.ENDPOINTS} already: remove one first."))
    if problems:
        raise NotSaved(problems)
    now = market.clock.now()
    endpoint = Endpoint(
        wanted.id or market.ids.new("whk" if wanted.kind is EndpointKind.SIGNED else "pbk", now),
        wanted.kind,
        role,
        party_id,
        wanted.url,
        wanted.events or (POSTBACK_EVENTS if wanted.kind is EndpointKind.POSTBACK else ("*",)),
        wanted.method if wanted.kind is EndpointKind.POSTBACK else "POST",
        wanted.per_second,
        ACTIVE,
        wanted.campaign_id,
        made_at=now,
    )
    secret = None
    if before is None and endpoint.kind is EndpointKind.SIGNED:
        secret = new_secret(market.ids.bytes(SECRET_BYTES))
    line = _line(market, actor, "webhook.changed" if before is not None else "webhook.made", endpoint)
    sealed = _sealed(market, endpoint.id, secret) if secret is not None else None
    await market.db.write(save_endpoint, endpoint, sealed, line)
    await refresh(market)
    return Saved(endpoint, secret)


async def rotate(market: Market, endpoint_id: str, actor: Actor) -> str:
    """A new secret. For a day the old one signs too, so that the receiver can change over. Raises `NotYours`."""
    endpoint = find(market, endpoint_id, actor)
    secret = new_secret(market.ids.bytes(SECRET_BYTES))
    until = market.clock.now() + ROTATION_MS
    line = _line(market, actor, "webhook.rotated", endpoint)
    if not await market.db.write(change_secret, endpoint.id, _sealed(market, endpoint.id, secret), until, line):
        raise NotYours(endpoint_id)
    return secret


async def set_state(market: Market, endpoint_id: str, state: str, actor: Actor) -> bool:
    """`active`, `disabled` or `removed`. False when it is so already. One that a campaign names is not removed here."""
    assert state in (ACTIVE, DISABLED, REMOVED)
    endpoint = find(market, endpoint_id, actor)
    if endpoint.late_only and state == REMOVED:
        raise NotSaved([Problem("state", "conflict", "It stands in the campaign: take it out there.")])
    line = _line(market, actor, f"webhook.{state}", endpoint)
    why = f"By {actor.name}." if state == DISABLED else ""
    if endpoint.late_only:
        await market.db.write(ensure_endpoint, endpoint)
    changed = await market.db.write(set_endpoint_state, endpoint.id, state, why, line)
    await refresh(market)
    return changed


def find(market: Market, endpoint_id: str, actor: Actor) -> Endpoint:
    """Raises `NotYours`."""
    endpoint = market.deals.hearers.by_id.get(endpoint_id)
    insider = actor.role in (Role.OPERATOR, Role.SYSTEM)
    mine = endpoint is not None and endpoint.role is actor.role and endpoint.party_id == actor.party_id
    if endpoint is None or not (insider or mine):
        raise NotYours(endpoint_id)
    return endpoint


async def listed(market: Market, actor: Actor) -> list[Row]:
    """The addresses an actor may see, newest first; those of campaigns that were never used too."""
    rows = await market.db.read(endpoints_of, actor)
    known = {row["id"] for row in rows}
    hearers = market.deals.hearers
    for endpoint_id in sorted(hearers.given - known):
        endpoint = hearers.by_id[endpoint_id]
        if actor.role in (Role.OPERATOR, Role.SYSTEM) or (endpoint.role, endpoint.party_id) == _own(actor):
            rows.append(_as_row(endpoint))
    return rows


async def try_out(market: Market, wanted: Wanted, actor: Actor, allowed: Sequence[Network]) -> Tried:
    """Send an example now, to an address that is saved or not yet. Nothing is kept. Raises `NotSaved`, `NotYours`."""
    role, party_id = _own(actor)
    if wanted.id:
        endpoint = find(market, wanted.id, actor)
        role, party_id = endpoint.role, endpoint.party_id
    if problems := [*_problems(market, wanted, role, party_id, allowed)]:
        raise NotSaved(problems)
    sealed = await market.db.read(secret_of, wanted.id) if wanted.id else None
    secret = (
        market.vault.open_secret(secret_name(wanted.id), sealed).decode()
        if sealed is not None
        else new_secret(market.ids.bytes(SECRET_BYTES))
    )
    message = _example(market, wanted, role, party_id, secret)
    key = f"webhook-test:{role.value}:{party_id or ''}"
    result = await call(market, Prepared(message, key))
    record = mask_record(result.records[-1]) if result.records else None
    return Tried(message, result, error_of(result), record)


async def replay(market: Market, wanted: LogFilter, actor: Actor, event_id: str = "") -> int:
    """Send again what the filter finds of the actor's own, each event once and under its own id; or one event.

    Returns how many. What waits already is not sent twice. Raises `NotYours` for an event that is not there.
    """
    found = await _found(market, wanted, actor, event_id)
    now = market.clock.now()
    count = 0
    for start in range(0, len(found), limits.REPLAYED_AT_ONCE):
        part = found[start : start + limits.REPLAYED_AT_ONCE]
        jobs = [
            (
                row["event_id"],
                row["endpoint_id"],
                send_job(market, row["event_id"], row["endpoint_id"], row["total"], now, now),
            )
            for row in part
        ]
        after = {"count": str(len(part)), "filter": orjson.dumps(wanted._asdict()).decode(), "event": event_id}
        line = audit_line(market.ids, now, actor, "webhook.replayed", "webhooks", after=after)
        count += await market.db.write(replay_sends, jobs, now, line)
    return count


async def count_replay(market: Market, wanted: LogFilter, actor: Actor) -> int:
    """How many sends a replay would send again."""
    return len(await _found(market, wanted, actor, ""))


async def _found(market: Market, wanted: LogFilter, actor: Actor, event_id: str) -> list[Row]:
    if event_id:
        rows = await market.db.read(log_of, actor, LogFilter(event_id=event_id), limits.ENDPOINTS)
        if not rows:
            raise NotYours(event_id)
        return rows
    rows = await market.db.read(log_of, actor, wanted, limits.REPLAYS)
    return [row for row in reversed(rows) if row["state"] != "waiting"]


def _unchangeable(before: Endpoint, wanted: Wanted) -> list[Problem]:
    """What stays as it was made: one kind signs and the other fills macros, and a campaign's address is its own."""
    if before.late_only:
        return [Problem("url", "conflict", "It stands in the campaign: change it there.")]
    if before.kind is not wanted.kind:
        return [Problem("kind", "conflict", f"It is a {before.kind.value} and stays one: make another.")]
    return []


def _own(actor: Actor) -> tuple[Role, str | None]:
    return (Role.OPERATOR, None) if actor.role is Role.SYSTEM else (actor.role, actor.party_id)


def _problems(
    market: Market, wanted: Wanted, role: Role, party_id: str | None, allowed: Sequence[Network]
) -> list[Problem]:
    problems = []
    is_postback = wanted.kind is EndpointKind.POSTBACK
    filled = wanted.url
    if len(wanted.url) > limits.URL_CHARACTERS:
        problems.append(Problem("url", "length", f"url must have at most {limits.URL_CHARACTERS} characters."))
    elif is_postback and (told := wrong_macros(wanted.url)) is not None:
        problems.append(Problem("url", "pattern", told, wanted.url))
    else:
        filled = fill(wanted.url, EXAMPLE) if is_postback else wanted.url
        if (told := check_url(filled, allowed)) is not None:
            problems.append(Problem("url", "not_allowed", told, wanted.url))
    if is_postback and role is not Role.SELLER:
        problems.append(Problem("kind", "not_allowed", "Postbacks are for sellers: others take a signed webhook."))
    if wanted.method not in _METHODS:
        problems.append(Problem("method", "not_allowed", "method must be GET or POST.", wanted.method, _METHODS))
    unknown = [pattern for pattern in wanted.events if not known_pattern(pattern)]
    if unknown:
        told = f"There is no event {', '.join(unknown)}. Say names such as lead.sold, or lead.* for all about leads."
        problems.append(Problem("events", "not_allowed", told, " ".join(wanted.events)))
    if not 1 <= wanted.per_second <= limits.WEBHOOKS_PER_SECOND:
        told = f"per_second must be 1 to {limits.WEBHOOKS_PER_SECOND}."
        problems.append(Problem("per_second", "range", told, str(wanted.per_second)))
    campaign = market.deals.campaigns.get(wanted.campaign_id) if wanted.campaign_id else None
    if wanted.campaign_id and (campaign is None or role is not Role.SELLER or campaign.seller_id != party_id):
        problems.append(Problem("campaign_id", "not_allowed", "There is no such campaign of this seller."))
    return problems


def _example(market: Market, wanted: Wanted, role: Role, party_id: str | None, secret: str) -> HttpMessage:
    now = market.clock.now()
    data: dict[str, object] = {
        "lead_id": EXAMPLE["lead_id"],
        "seller_lead_id": EXAMPLE["seller_lead_id"],
        "status": "accepted",
        "price": EXAMPLE["price"],
        "currency": EXAMPLE["currency"],
        "test": True,
    }
    if wanted.kind is EndpointKind.POSTBACK:
        endpoint = Endpoint("test", wanted.kind, role, party_id, wanted.url, (), wanted.method)
        return postback(endpoint, {**EXAMPLE, "timestamp": str(now // 1_000)}, data)
    event = Event(market.ids.new("evt_test", now), "lead.sold", now, EXAMPLE["lead_id"], 1, role.value, party_id, data)
    body = event.body()
    return HttpMessage("POST", wanted.url, signed_headers((secret,), event.id, now // 1_000, body), body)


def _sealed(market: Market, endpoint_id: str, secret: str) -> SealedSecret:
    sealed = market.vault.seal_secret(secret_name(endpoint_id), secret.encode())
    return SealedSecret(sealed, secret[-LAST_CHARACTERS:])


def _line(market: Market, actor: Actor, action: str, endpoint: Endpoint) -> AuditLine:
    after = {"kind": endpoint.kind.value, "events": " ".join(endpoint.events), "per_second": str(endpoint.per_second)}
    return audit_line(market.ids, market.clock.now(), actor, action, f"webhook:{endpoint.id}", after=after)


def _as_row(endpoint: Endpoint) -> Row:
    return {
        "id": endpoint.id,
        "kind": endpoint.kind.value,
        "role": endpoint.role.value,
        "party_id": endpoint.party_id,
        "campaign_id": endpoint.campaign_id,
        "url": endpoint.url,
        "method": endpoint.method,
        "events": " ".join(endpoint.events),
        "per_second": endpoint.per_second,
        "late_only": int(endpoint.late_only),
        "last4": "",
        "old_until": None,
        "state": endpoint.state,
        "state_why": "",
        "failing_since": None,
        "made_at": endpoint.made_at,
    }
