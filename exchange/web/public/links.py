"""A link that was sent with a lead: it shows what it would do and one button, and the button does it."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.links import DISPOSITION, PATH, RETURN, STOP_MESSAGES, UNSUBSCRIBE, BadLink, Link, read_link
from exchange.flows.one_tap import record_tap
from exchange.model.lead import Problem
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.public import returns, stop, unsubscribe
from exchange.web.render import notice, page

_TOKEN = PATH + "{token}"
_KINDS = (DISPOSITION, RETURN, UNSUBSCRIBE, STOP_MESSAGES)
_TEMPLATE = "public/links.html"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _TOKEN, show), Page("POST", _TOKEN, act))


async def show(request: web.Request) -> web.StreamResponse:
    """Never acts: scanners of mail open every link they see."""
    link = read_link(request.app[MARKET], request.match_info["token"])
    if isinstance(link, BadLink) or link.kind not in _KINDS:
        return await _refuse(request, link)
    if link.kind == RETURN:
        return await returns.show(request, link)
    if link.kind == UNSUBSCRIBE:
        return await unsubscribe.show(request, link)
    if link.kind == STOP_MESSAGES:
        return await stop.show(request, link)
    return await page(request, _TEMPLATE, title="What became of this lead", word=_words(link), done=False)


async def act(request: web.Request) -> web.StreamResponse:
    link = read_link(request.app[MARKET], request.match_info["token"])
    if isinstance(link, BadLink) or link.kind not in _KINDS:
        return await _refuse(request, link)
    if link.kind == UNSUBSCRIBE:
        return await unsubscribe.act(request, link)
    if link.kind == STOP_MESSAGES:
        return await stop.act(request, link)
    return await (returns.act(request, link) if link.kind == RETURN else _record(request, link))


async def _record(request: web.Request, link: Link) -> web.StreamResponse:
    recorded = await record_tap(request.app[MARKET], link)
    if recorded is None:
        return await returns.no_sale(request)
    if isinstance(recorded, Problem):
        return await notice(request, "This word is used no more", recorded.message, http_status=409)
    return await page(request, _TEMPLATE, title="Thank you", word=_words(link), done=True)


def _words(link: Link) -> str:
    return link.detail.replace("_", " ")


async def _refuse(request: web.Request, link: Link | BadLink) -> web.StreamResponse:
    if link is BadLink.OVER:
        told = "It was good for a while only. Say it in your next message, or by the API."
        return await notice(request, "The time of this link is over", told, http_status=410)
    told = "It is cut off or was changed on its way. Open it as it was sent to you."
    return await notice(request, "This link leads nowhere", told, http_status=404)
