"""What tests of webhooks need: addresses of scripted receivers, and time that goes from job to job."""

from __future__ import annotations

from typing import Any

import orjson

from exchange.flows.endpoints import Saved, Wanted, save
from exchange.model.actor import Actor, Role
from exchange.model.endpoint import EndpointKind
from exchange.model.wire import HttpMessage
from exchange.worker import run_jobs
from tests.flows.lab import later
from tests.market import HOSTS, Exchange

CEDAR = Actor(Role.SELLER, "ann@cedar.example", "cedar")
ACME = Actor(Role.BUYER, "bob@acme.example", "acme")


def hook(name: str, path: str = "/hook") -> str:
    return f"http://{HOSTS[name]}{path}"


async def listen(exchange: Exchange, url: str, actor: Actor, *events: str, **more: Any) -> Saved:
    """A webhook, or with `kind` a postback, of this actor's party."""
    kind = more.pop("kind", EndpointKind.SIGNED)
    wanted = Wanted(kind, url, events, **more)
    return await save(exchange.market, wanted, actor, exchange.settings.allowed_networks, party=None)


def arrived(exchange: Exchange, url: str) -> list[HttpMessage]:
    return [each for each in exchange.buyers.sent if each.url.partition("?")[0] == url]


def events(exchange: Exchange, url: str) -> list[dict[str, Any]]:
    """The documents that a signed webhook was sent."""
    return [orjson.loads(each.body) for each in arrived(exchange, url)]


async def run_all(exchange: Exchange) -> None:
    """All that is due, and what the pace of an address keeps back for a moment."""
    await run_for(exchange, 3)


async def run_for(exchange: Exchange, seconds: float) -> None:
    """Let time pass from one job to the next, and run each at its moment."""
    end = exchange.market.clock.now() + round(seconds * 1_000)
    while True:
        while await run_jobs(exchange.market):
            pass
        rows = await exchange.rows(
            """SELECT MIN(CASE WHEN q.rest_until > j.run_at THEN q.rest_until ELSE j.run_at END) AS next
               FROM jobs j LEFT JOIN job_queues q ON q.queue = j.queue WHERE j.state = 'waiting'"""
        )
        now, following = exchange.market.clock.now(), rows[0]["next"]
        if following is None or following > end:
            later(exchange, max(end - now, 0) / 1_000)
            return
        later(exchange, max(following - now, 1) / 1_000)


async def sends(exchange: Exchange) -> list[dict[str, Any]]:
    return await exchange.rows("SELECT * FROM webhook_sends ORDER BY at, event_id, endpoint_id")
