"""The way out of a kind of mail: a button for people, one POST for the programs that read their mail."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.links import Link
from exchange.flows.searches import no_more_mail
from exchange.web.keys import MARKET
from exchange.web.render import page

_TEMPLATE = "public/unsubscribe.html"


async def show(request: web.Request) -> web.StreamResponse:
    return await page(request, _TEMPLATE, title="Mail about saved searches", done=False)


async def act(request: web.Request, link: Link) -> web.StreamResponse:
    """`attempt_id` of such a link is a user. Twice is as good as once."""
    await no_more_mail(request.app[MARKET], link.attempt_id, link.detail)
    return await page(request, _TEMPLATE, title="You get no more of these mails", done=True)
