"""Sources for tests: a feed whose poller yields what a test put there, and messages of one consumer each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from exchange.clock import SimulatedClock
from exchange.flows.documents import save_document
from exchange.flows.doors import NotPolled
from exchange.flows.market import Market
from exchange.flows.polls import plan_polls
from exchange.flows.shapes import SOURCE
from exchange.model.actor import SYSTEM
from exchange.model.source import Item, Polled
from exchange.sources.document import Source
from exchange.worker import run_jobs
from tests.market import Exchange, buying, consumer, selling

FEED = "cedar_feed"


@dataclass
class Shelf:
    """What lies at the source. The cursor counts how much of it was read; `moved` what was moved away after that."""

    items: list[Item] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    down: NotPolled | None = None
    part: int = 2

    async def poll(self, market: Market, source: Source, cursor: str) -> AsyncIterator[Polled]:
        self.cursors.append(cursor)
        if self.down is not None:
            raise self.down
        start = int(cursor or 0)
        for at in range(start, len(self.items), self.part):
            found = tuple(self.items[at : at + self.part])
            yield Polled(found, str(at + len(found)))
            self.moved += [item.key for item in found]


def item(number: int, key: str | None = None, **more: Any) -> Item:
    """A message about a consumer of its own."""
    fields = consumer(number)
    body = orjson.dumps(fields)
    made = Item(
        f"n{number}" if key is None else key, "rss", fields, body, "application/json", 0, told=(f"item {number}",)
    )
    return replace(made, **more)


def document(name: str = FEED, campaign: str = "cedar-solar", **more: Any) -> dict[str, Any]:
    return {
        "source": name,
        "kind": "feed",
        "campaign": campaign,
        "url": "http://127.0.0.1:1/feed",
        "every": "1m",
        **more,
    }


async def with_source(exchange: Exchange, shelf: Shelf, **more: Any) -> Exchange:
    """The exchange with a buyer, a seller and a source that is looked at by the shelf."""
    market = exchange.market
    exchange = replace(exchange, market=replace(market, doors=replace(market.doors, pollers={"feed": shelf.poll})))
    await exchange.add(*buying("acme", "9000"), *selling("cedar"))
    exchange.buyers.bids("acme", "30.00")
    await save_document(exchange.market, SOURCE, more.get("name", FEED), document(**more), SYSTEM)
    return exchange


def source_of(exchange: Exchange, name: str = FEED) -> Source:
    return exchange.market.sources[name]


async def worked(exchange: Exchange, turns: int = 12) -> None:
    """Polls that are due, and every job until none is."""
    await plan_polls(exchange.market)
    for _ in range(turns):
        if not await run_jobs(exchange.market):
            return


def tomorrow(exchange: Exchange, days: float = 1) -> None:
    assert isinstance(exchange.clock, SimulatedClock)
    exchange.clock.advance(days * 86_400)


async def states(exchange: Exchange) -> Sequence[tuple[str, str | None]]:
    """State and status of every message, in the order they came."""
    rows = await exchange.rows("SELECT state, status FROM source_items ORDER BY at, id")
    return [(row["state"], row["status"]) for row in rows]
