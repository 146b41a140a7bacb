"""Deliveries beside the request: what waits and for what, who is down, what was put aside, and what can be done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.jobs import BATCH, DELIVER
from exchange.flows.market import Market
from exchange.flows.replay import replay_dead
from exchange.flows.resend import resend
from exchange.flows.settle import CannotSettle, NoSuchDelivery
from exchange.flows.undo import reverse_sale
from exchange.model.actor import Actor
from exchange.model.delivery import DeliveryState, spoken
from exchange.model.money import Money
from exchange.stages.notes import note_problem
from exchange.storage.database import Row
from exchange.storage.delivery_views import list_deliveries, next_at
from exchange.storage.queues import dead_jobs_of, resting_queues
from exchange.web.auth import FORM, actor_of, ip_of, is_local
from exchange.web.delivery_query import CHANNELS, PAGE, PATH, STATUSES, DeliveryQuery, read_query
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json as json_response
from exchange.web.render import mode_of, notice, page
from exchange.web.words import utc

LISTED = 200
_PERSONAL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+?\d[\d ().-]{5,}\d")
"""What servers may quote of a lead, or of an address, in their words: no list shows it."""
_AGAIN = ("failed", "refused", "expired", "waiting")
_ID = "{attempt_id:[A-Za-z0-9_-]{1,60}}"


@dataclass(frozen=True, slots=True)
class Listed:
    """One delivery of the list. `said` is the exchange's sentence or a server's word, never the lead's."""

    id: str
    lead_id: str
    consumer: str
    buyer: str
    channel: str
    state: str
    attempt: str
    price: Money
    tries: int
    made_at: int
    next_at: int | None
    said: str
    put_aside: bool

    @property
    def can_go_again(self) -> bool:
        return self.state in _AGAIN and (self.attempt != "accepted" or self.state == "expired")

    @property
    def can_be_undone(self) -> bool:
        return self.state == DeliveryState.BOUNCED.value and self.attempt == "accepted"


@dataclass(frozen=True, slots=True)
class Resting:
    """A destination that is down."""

    destination: str
    connection: str
    since: int
    until: int
    waiting: int
    said: str


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", PATH, show),
        Page("GET", f"{PATH}.json", as_json),
        Page("POST", f"{PATH}/{_ID}/resend", send_again),
        Page("POST", f"{PATH}/{_ID}/undo", undo),
        Page("POST", PATH + "/jobs/{job_id:[A-Za-z0-9_-]{1,60}}/replay", replay),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    query = read_query(request.query, mode_of(request))
    rows = await market.db.read(list_deliveries, actor, query.filter(PAGE + 1))
    more = rows[PAGE - 1] if len(rows) > PAGE else None
    return await page(
        request,
        "console/leads/deliveries.html",
        title="Deliveries",
        here="deliveries",
        query=query,
        lines=[_listed(market, row) for row in rows[:PAGE]],
        older=query.older(more["made_at"], more["attempt_id"]) if more is not None else None,
        resting=await _resting(market, actor),
        aside=await _put_aside(market, actor),
        choices=_choices(market, query),
        spoken=spoken,
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    """The same page as JSON: `before` goes on where it ended."""
    market, actor = request.app[MARKET], actor_of(request)
    query = read_query(request.query, mode_of(request))
    rows = await market.db.read(list_deliveries, actor, query.filter(LISTED + 1))
    listed = [_listed(market, row) for row in rows[:LISTED]]
    more = rows[LISTED - 1] if len(rows) > LISTED else None
    fields = {
        "mode": query.mode,
        "filters": dict(query.given),
        "deliveries": [_fields(each) for each in listed],
        "older": query.url(".json", before=f"{more['made_at']}_{more['attempt_id']}") if more is not None else None,
        "resting": [_resting_fields(each) for each in await _resting(market, actor)],
        "put_aside": [_job_fields(row) for row in await _put_aside(market, actor)],
    }
    return json_response(fields)


async def send_again(request: web.Request) -> web.StreamResponse:
    market, attempt_id = request.app[MARKET], request.match_info["attempt_id"]
    try:
        await resend(market, attempt_id, actor_of(request), ip_of(request))
    except NoSuchDelivery as error:
        return await notice(request, "There is no such delivery", str(error), http_status=404)
    except CannotSettle as error:
        return await notice(request, "It was not sent again", str(error), http_status=409)
    return _back(request)


async def undo(request: web.Request) -> web.StreamResponse:
    """Somebody decides that what came back is no sale."""
    market, attempt_id = request.app[MARKET], request.match_info["attempt_id"]
    note = request[FORM].get("note", "").strip()
    if not note:
        return await notice(request, "Not undone yet", "Say why: the reason is kept with your name.", http_status=422)
    if (wrong := note_problem(note)) is not None:
        return await notice(request, "Not undone yet", wrong.message, http_status=422)
    actor, state = actor_of(request), DeliveryState.BOUNCED
    try:
        done = await reverse_sale(market, attempt_id, note, actor, state, ip_of(request))
    except CannotSettle as error:
        return await notice(request, "It was not undone", str(error), http_status=409)
    if done is None:
        return await notice(request, "It was undone before", "The sale had been undone already.", http_status=409)
    return _back(request)


async def replay(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    job_id = request.match_info["job_id"]
    done = await replay_dead(market.db, market.clock, market.ids, [job_id], actor_of(request), ip_of(request))
    if not done:
        return await notice(request, "Nothing to try again", "It is no longer put aside.", http_status=409)
    return _back(request)


def _back(request: web.Request) -> web.Response:
    back = request[FORM].get("back", PATH)
    location = back if is_local(back) else PATH
    return see_other(location)


def _listed(market: Market, row: Row) -> Listed:
    return Listed(
        row["attempt_id"],
        row["lead_id"],
        ", ".join(part for part in (row["initials"], row["city"], row["us_state"]) if part),
        market.deals.buyer_name(row["contract_id"]),
        row["channel"],
        row["state"],
        row["attempt"],
        Money(row["bid_units"], row["currency"]),
        row["tries"],
        row["made_at"],
        next_at(row),
        _masked(row["last_error"]),
        bool(row["dead"]) and row["run_at"] is None and row["ended_at"] is None,
    )


async def _resting(market: Market, actor: Actor) -> list[Resting]:
    rows = await market.db.read(resting_queues, actor, LISTED)
    found = []
    for row in rows:
        kind, _, rest = str(row["queue"]).partition(":")
        if kind == DELIVER:
            connection, _, destination = rest.partition(":")
            said = _masked(row["last_error"])
            found.append(Resting(destination, connection, row["down_since"], row["rest_until"], row["waiting"], said))
    return found


async def _put_aside(market: Market, actor: Actor) -> Sequence[Row]:
    kinds = (DELIVER, BATCH)
    rows = [row for kind in kinds for row in await market.db.read(dead_jobs_of, actor, kind, LISTED)]
    return [{**row, "last_error": _masked(row["last_error"])} for row in rows]


def _masked(said: str | None) -> str:
    return _PERSONAL.sub("•••", said or "")


def _choices(market: Market, query: DeliveryQuery) -> dict[str, list[tuple[str, str]]]:
    """What each filter may be set to: value and words."""
    later = {name for name, connection in market.connections.items() if not connection.on_the_spot}
    buyers = {
        contract.buyer_id: market.deals.buyers[contract.buyer_id].name
        for contract in market.deals.contracts.values()
        if contract.connection in later or contract.buyer_id == query.given.get("buyer")
    }
    return {
        "status": [(name, name.replace("_", " ")) for name in STATUSES],
        "buyer": sorted(buyers.items(), key=lambda pair: pair[1]),
        "channel": [(name, spoken(name)) for name in CHANNELS],
    }


def _fields(each: Listed) -> dict[str, Any]:
    return {
        "delivery_id": each.id,
        "lead_id": each.lead_id,
        "buyer": each.buyer,
        "channel": each.channel,
        "status": each.state,
        "sale": each.attempt,
        "price": each.price.text,
        "currency": each.price.currency,
        "tries": each.tries,
        "made_at": utc(each.made_at),
        "next_at": utc(each.next_at) if each.next_at is not None else None,
        "said": each.said or None,
        "put_aside": each.put_aside,
    }


def _resting_fields(each: Resting) -> dict[str, Any]:
    return {
        "destination": each.destination,
        "connection": each.connection,
        "down_since": utc(each.since),
        "next_at": utc(each.until),
        "waiting": each.waiting,
        "said": each.said,
    }


def _job_fields(row: Row) -> dict[str, Any]:
    return {"job_id": row["id"], "queue": row["queue"], "tries": row["attempts"], "said": row["last_error"]}
