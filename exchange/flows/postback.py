"""Tell a seller how a queued lead ended: one HTTP POST with a JSON body, through the courier."""

from __future__ import annotations

from collections.abc import Generator, Mapping

import orjson

from exchange.courier.courier import Call
from exchange.flows.job_ends import DestinationDown, Ended
from exchange.flows.market import Market
from exchange.flows.specs import POSTBACK, note_step
from exchange.model.wire import HttpMessage, Reply

_SECONDS = 10.0
_DOWN = frozenset({429, 502, 503, 504})
"""Answers of a receiver, or of what stands before it, that say nothing about this postback."""


class PostbackRefused(Exception):
    """The receiver did not answer with 2xx; the job is tried again."""


async def send_postback(market: Market, payload: Mapping[str, object]) -> Ended | None:
    """Raises `DestinationDown` when nobody is there, `PostbackRefused` when this postback was not taken."""
    campaign = market.deals.campaigns[str(payload["campaign_id"])]
    if campaign.postback_url is None:
        return Ended.UNASKED
    body = orjson.dumps({name: value for name, value in payload.items() if value is not None})
    message = HttpMessage("POST", campaign.postback_url, {"Content-Type": "application/json"}, body)
    call = Call(f"postback:{campaign.id}", _once(message), delivers=True)
    result = await market.courier.converse(call, market.clock.monotonic() + _SECONDS)
    if result.lost is not None:
        raise DestinationDown(result.lost.why.slug)
    if result.status in _DOWN:
        raise DestinationDown(f"HTTP {result.status}")
    if result.status is None or not 200 <= result.status < 300:
        raise PostbackRefused(f"HTTP {result.status}")
    if payload.get("test"):
        await note_step(market, campaign.id, POSTBACK)
    return None


def _once(message: HttpMessage) -> Generator[HttpMessage, Reply, int]:
    reply = yield message
    return reply.status
