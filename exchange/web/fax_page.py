"""`/fax/{token}`: the page of a fax, for the provider that was told where it is. The link is good for an hour."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.called_back import PAGE_PATH
from exchange.flows.handed_out import page_of
from exchange.flows.links import BadLink
from exchange.model.reason import Reason
from exchange.web.api.call import Call, Stop, refuse
from exchange.web.keys import MARKET
from exchange.web.pages import Page

_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Disposition", 'inline; filename="fax.pdf"'),
    ("X-Robots-Tag", "noindex"),
)


def pages() -> tuple[Page, ...]:
    return (Page("GET", PAGE_PATH + "{token}", show),)


async def show(request: web.Request) -> web.StreamResponse:
    found = await page_of(request.app[MARKET], request.match_info["token"])
    if isinstance(found, BadLink):
        over = found is BadLink.OVER
        told = "The time of this page is over." if over else "There is no page here. Check that the address is whole."
        stop = Stop(Reason.NOT_FOUND, 410 if over else 404, told)
        return await refuse(Call(request, "fax"), stop, durable=False)
    return web.Response(body=found, content_type="application/pdf", headers=dict(_HEADERS))
