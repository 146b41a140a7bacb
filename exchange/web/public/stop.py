"""The way out of messages to a consumer: a button for people, one POST for the programs that read their mail."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.links import Link
from exchange.flows.nurture_messages import stop_messages
from exchange.web.keys import MARKET
from exchange.web.render import page

_TEMPLATE = "public/stop.html"


async def show(request: web.Request, link: Link) -> web.StreamResponse:
    return await page(request, _TEMPLATE, title="No more messages", done=False)


async def act(request: web.Request, link: Link) -> web.StreamResponse:
    """`attempt_id` of such a link is a lead. Twice is as good as once."""
    await stop_messages(request.app[MARKET], link.attempt_id, link.detail)
    return await page(request, _TEMPLATE, title="You get no more messages", done=True)
