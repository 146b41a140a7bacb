"""Leads that the console's tests look at, made by the real flow."""

from __future__ import annotations

from typing import Any

from tests.market import PING, POST, REFUSED, consumer, key_for_tests, live_key
from tests.web.served import Served


async def sell(served: Served, number: int, *, test: bool = False, **fields: str) -> dict[str, Any]:
    """One lead about a consumer of its own, in one call; the seller's answer."""
    key = key_for_tests("cedar") if test else live_key("cedar")
    heard = await served.send("pingpost", {**consumer(number), **fields}, key=key)
    return dict(heard.fields)


async def refused_then_sold(served: Served, **fields: str) -> dict[str, Any]:
    """A ping and its post: acme wins at 38.00 and refuses, birch takes it at 36.50, cobalt had no bid."""
    buyers = served.exchange.buyers
    buyers.bids("acme", "38.00")
    buyers.bids("birch", "36.50")
    buyers.bids("cobalt", None)
    buyers.answers_posts("acme", REFUSED)
    ping = await served.send("ping", {**PING, **{name: fields[name] for name in fields if name.startswith("sub_id")}})
    post = await served.send("post", {**POST, **fields, "ping_id": ping["ping_id"]})
    return dict(post.fields)
