"""Tell a seller how a queued lead ended: one HTTP POST with a JSON body, through the courier."""

from __future__ import annotations

from collections.abc import Generator, Mapping

import orjson

from exchange.courier.courier import Call
from exchange.flows.market import Market
from exchange.model.wire import HttpMessage, Reply

_SECONDS = 10.0


class PostbackRefused(Exception):
    """The receiver did not answer with 2xx; the job is tried again."""


async def send_postback(market: Market, payload: Mapping[str, object]) -> None:
    campaign = market.deals.campaigns[str(payload["campaign_id"])]
    if campaign.postback_url is None:
        return
    body = orjson.dumps({name: value for name, value in payload.items() if value is not None})
    message = HttpMessage("POST", campaign.postback_url, {"Content-Type": "application/json"}, body)
    call = Call(f"postback:{campaign.id}", _once(message), delivers=True)
    result = await market.courier.converse(call, market.clock.monotonic() + _SECONDS)
    if result.lost is not None:
        raise PostbackRefused(result.lost.why.slug)
    if result.status is None or not 200 <= result.status < 300:
        raise PostbackRefused(f"HTTP {result.status}")


def _once(message: HttpMessage) -> Generator[HttpMessage, Reply, int]:
    reply = yield message
    return reply.status
