"""Events on their way: news becomes one send for each address, and each send is tried until it arrived or gave up."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, NamedTuple

import orjson

from exchange.clock import month_of
from exchange.courier.courier import Call, Result
from exchange.flows.by_hand import audit_line
from exchange.flows.job_ends import DestinationDown, Ended, Paced
from exchange.flows.jobs import NOTICE, WEBHOOK, job
from exchange.flows.market import Market, refresh
from exchange.flows.specs import POSTBACK, note_step
from exchange.flows.stored_lead import stored_lead
from exchange.flows.tell import News, tell
from exchange.model.actor import SYSTEM, Role
from exchange.model.endpoint import ACTIVE, Endpoint, EndpointKind
from exchange.model.wire import HttpMessage, Loss, Message, Reply
from exchange.model.work import JobRow
from exchange.stages.macros import TRACKING, fill, macros_of
from exchange.stages.webhooks import Event, Verdict, after_try, signed_headers
from exchange.storage.database import Row
from exchange.storage.endpoints import Disabling
from exchange.storage.selling import read_lead
from exchange.storage.webhooks import EventRow, NewSend, TryRow, add_event, drop_send, note_try, read_send

SECONDS = 15.0
_BREAKER_MS = 30_000
_DISABLED = "The address is disabled. Enable it, then replay."


class Prepared(NamedTuple):
    """What goes out: the same bytes at every try but for the moment that is signed."""

    message: HttpMessage
    key: str


async def record_news(market: Market, payload: Mapping[str, Any]) -> None:
    """Write the event down with a send for everybody who hears of it."""
    hearers = market.deals.hearers
    role, party_id, at = Role(payload["role"]), payload["party_id"], int(payload["at"])
    found = hearers.of(payload["event"], role, party_id, payload["campaign_id"], late=bool(payload["late"]))
    event = EventRow(
        payload["id"],
        month_of(at),
        at,
        payload["event"],
        payload["about"],
        role.value,
        party_id,
        orjson.dumps(payload["facts"]).decode(),
    )
    now = market.clock.now()
    sends = [
        NewSend(each, send_job(market, event.id, each.id, 0, now, now), each.id in hearers.given) for each in found
    ]
    if sends:
        await market.db.write(add_event, event, sends)


def send_job(market: Market, event_id: str, endpoint_id: str, total: int, run_at: int, now: int) -> JobRow:
    """One try. `total` is how many were made before it: a job that comes twice finds that another was made."""
    payload: dict[str, object] = {"event_id": event_id, "endpoint_id": endpoint_id, "total": total}
    unique = f"webhook:{endpoint_id}:{event_id}:{total}"
    return job(market, f"webhook:{endpoint_id}", WEBHOOK, payload, run_at, now, unique)


async def send_webhook(market: Market, payload: Mapping[str, Any]) -> Ended | Paced:
    """Make one try, and plan the next. The rest of its queue keeps the pace of the address, whatever came of it."""
    event_id, endpoint_id = str(payload["event_id"]), str(payload["endpoint_id"])
    send = await market.db.read(read_send, event_id, endpoint_id)
    if send is None or send["state"] != "waiting" or send["total"] != payload["total"]:
        return Ended.UNASKED
    endpoint = market.deals.hearers.by_id.get(endpoint_id)
    if endpoint is None or endpoint.state != ACTIVE:
        await market.db.write(drop_send, event_id, endpoint_id, _DISABLED)
        return Ended.UNASKED
    prepared = await prepare(market, endpoint, _event(send), _secrets(market, send))
    result = await call(market, prepared)
    if result.lost is not None and result.lost.why is Loss.BREAKER:
        raise DestinationDown("It did not answer several times and is left alone for a while.", _BREAKER_MS)
    await _note(market, endpoint, send, result)
    return Paced(1_000 // endpoint.per_second)


async def prepare(market: Market, endpoint: Endpoint, event: Event, secrets: tuple[str, ...]) -> Prepared:
    """The request for one address."""
    if endpoint.kind is EndpointKind.SIGNED:
        body = event.body()
        headers = signed_headers(secrets, event.id, market.clock.now() // 1_000, body)
        return Prepared(HttpMessage("POST", endpoint.url, headers, body, True, secrets), f"webhook:{endpoint.id}")
    values = {name: _written(value) for name, value in event.data.items()}
    values["timestamp"] = str(event.at // 1_000)
    if set(TRACKING) & set(macros_of(endpoint.url)):
        values |= await _tracking(market, str(event.data.get("lead_id") or ""))
    return Prepared(postback(endpoint, values, event.data), f"webhook:{endpoint.id}")


def postback(endpoint: Endpoint, values: Mapping[str, str], data: Mapping[str, object]) -> HttpMessage:
    """A GET with everything in its URL, or a POST that carries the facts as plain JSON too."""
    url = fill(endpoint.url, values)
    if endpoint.method == "GET":
        return HttpMessage("GET", url)
    body = orjson.dumps({name: value for name, value in data.items() if value is not None})
    return HttpMessage("POST", url, {"Content-Type": "application/json"}, body)


async def call(market: Market, prepared: Prepared) -> Result:
    conversation = _once(prepared.message)
    return await market.courier.converse(
        Call(prepared.key, conversation, delivers=True), market.clock.monotonic() + SECONDS
    )


def error_of(result: Result) -> str | None:
    """What went wrong, in a sentence; None for an answer with 2xx."""
    if result.lost is not None:
        return result.lost.detail or result.lost.why.slug.replace("_", " ")
    if result.error is not None:
        return result.error.why
    status = result.status or 0
    if 200 <= status < 300:
        return None
    return f"HTTP {status}: redirects are not followed" if 300 <= status < 400 else f"HTTP {status}"


async def _note(market: Market, endpoint: Endpoint, send: Row, result: Result) -> None:
    now = market.clock.now()
    status = result.status if result.lost is None else None
    verdict = after_try(send["tries"] + 1, status, now, send["failing_since"], market.ids.draw())
    number = send["total"] + 1
    tried = TryRow(
        send["event_id"],
        endpoint.id,
        number,
        now,
        status,
        result.took_ms,
        error_of(result),
        verdict.state,
        verdict.next_at,
    )
    again = None
    if verdict.next_at is not None:
        again = send_job(market, send["event_id"], endpoint.id, number, verdict.next_at, now)
    disabling = _disabling(market, endpoint, verdict, now)
    await market.db.write(note_try, tried, again, disabling)
    if disabling is not None:
        await refresh(market)
    if verdict.state == "delivered" and endpoint.role is Role.SELLER:
        await _note_step(market, endpoint, _event(send))


async def _note_step(market: Market, endpoint: Endpoint, event: Event) -> None:
    """A test lead that its seller has heard of is a step of being set up."""
    if not event.data.get("test"):
        return
    campaign_id = endpoint.campaign_id
    if campaign_id is None:
        row = await market.db.read(read_lead, event.about)
        campaign_id = row["campaign_id"] if row is not None else None
    if campaign_id is not None:
        await note_step(market, campaign_id, POSTBACK)


def _disabling(market: Market, endpoint: Endpoint, verdict: Verdict, now: int) -> Disabling | None:
    """It ends here, and its party and the operators are told: by event where they listen, and by mail."""
    if verdict.disables is None:
        return None
    after = {"state": "disabled", "why": verdict.disables}
    line = audit_line(market.ids, now, SYSTEM, "webhook.disabled", f"webhook:{endpoint.id}", after=after)
    facts = {"endpoint_id": endpoint.id, "kind": endpoint.kind.value, "reason": verdict.disables}
    news = News("webhook.disabled", endpoint.role, endpoint.party_id, endpoint.id, now, facts, late=False)
    notice: dict[str, object] = {"endpoint_id": endpoint.id, "why": verdict.disables, "at": now}
    mail = job(market, "notices", NOTICE, notice, now, now, f"notice:{endpoint.id}:{now}")
    return Disabling(endpoint.id, verdict.disables, line, (*tell(market, news), mail))


def _event(send: Row) -> Event:
    return Event(
        send["event_id"],
        send["type"],
        send["happened_at"],
        send["about"],
        send["sequence"],
        send["role"],
        send["party_id"],
        orjson.loads(send["data"]),
    )


def _secrets(market: Market, send: Row) -> tuple[str, ...]:
    """The secret, and while it is new the one before it."""
    sealed = [send["secret"]]
    if send["old_until"] is not None and send["old_until"] > market.clock.now():
        sealed.append(send["old_secret"])
    name = secret_name(send["endpoint_id"])
    return tuple(market.vault.open_secret(name, bytes(each)).decode() for each in sealed if each is not None)


def secret_name(endpoint_id: str) -> str:
    return f"webhook {endpoint_id}"


async def _tracking(market: Market, lead_id: str) -> dict[str, str]:
    """The seller's own values of its lead; none when they were erased."""
    row = await market.db.read(read_lead, lead_id)
    campaign = market.deals.campaigns.get(row["campaign_id"]) if row is not None else None
    lead = await stored_lead(market, row, campaign) if row is not None and campaign is not None else None
    return {name: lead.tracking.get(name, "") for name in TRACKING} if lead is not None else {}


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)


def _once(message: HttpMessage) -> Generator[Message, Reply, int]:
    reply = yield message
    return reply.status
