"""Deliveries beside the request: what waits and for what, who is down, what was put aside, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from exchange.stages.notes import note_problem
from exchange.storage.database import Row
from exchange.storage.queues import dead_jobs_of, resting_queues
from exchange.web.auth import FORM, actor_of, ip_of, is_local
from exchange.web.keys import MARKET
from exchange.web.listed.deliveries import DELIVERIES, PATH, masked
from exchange.web.lists.query import Query
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page
from exchange.web.words import utc

LISTED = 200
_ID = "{attempt_id:[A-Za-z0-9_-]{1,60}}"


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
        *pages_of(DELIVERIES, show, _beside),
        Page("POST", f"{PATH}/{_ID}/resend", send_again),
        Page("POST", f"{PATH}/{_ID}/undo", undo),
        Page("POST", PATH + "/jobs/{job_id:[A-Za-z0-9_-]{1,60}}/replay", replay),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    return await page(
        request,
        "console/leads/deliveries.html",
        title="Deliveries",
        here="deliveries",
        view=await view_of(request, DELIVERIES),
        resting=await _resting(market, actor),
        aside=await _put_aside(market, actor),
        spoken=spoken,
    )


async def _beside(request: web.Request, _: Query) -> Mapping[str, object]:
    """What the JSON tells beside the deliveries: who is down, and what was put aside."""
    market, actor = request.app[MARKET], actor_of(request)
    return {
        "resting": [_resting_fields(each) for each in await _resting(market, actor)],
        "put_aside": [_job_fields(row) for row in await _put_aside(market, actor)],
    }


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


async def _resting(market: Market, actor: Actor) -> list[Resting]:
    rows = await market.db.read(resting_queues, actor, LISTED)
    found = []
    for row in rows:
        kind, _, rest = str(row["queue"]).partition(":")
        if kind == DELIVER:
            connection, _, destination = rest.partition(":")
            said = masked(row["last_error"])
            found.append(Resting(destination, connection, row["down_since"], row["rest_until"], row["waiting"], said))
    return found


async def _put_aside(market: Market, actor: Actor) -> Sequence[Row]:
    kinds = (DELIVER, BATCH)
    rows = [row for kind in kinds for row in await market.db.read(dead_jobs_of, actor, kind, LISTED)]
    return [{**row, "last_error": masked(row["last_error"])} for row in rows]


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
