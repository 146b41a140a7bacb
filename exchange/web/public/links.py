"""A link that was sent with a lead: it shows what it would do and one button, and the button does it."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.links import DISPOSITION, PATH, RETURN, BadLink, Link, read_link
from exchange.flows.one_tap import record_tap, return_by_link, returnable_of
from exchange.flows.returns import Returnable, Window
from exchange.model.feedback import RETURN_REASONS
from exchange.model.lead import Problem
from exchange.model.money import Money
from exchange.web.auth import read_form
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import notice, page

_TOKEN = PATH + "{token}"
_KINDS = (DISPOSITION, RETURN)
_TEMPLATE = "public/links.html"
_RETURN_TEMPLATE = "public/return.html"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _TOKEN, show), Page("POST", _TOKEN, act))


async def show(request: web.Request) -> web.StreamResponse:
    """Never acts: scanners of mail open every link they see."""
    link = read_link(request.app[MARKET], request.match_info["token"])
    if isinstance(link, BadLink) or link.kind not in _KINDS:
        return await _refuse(request, link)
    if link.kind == RETURN:
        return await _show_return(request, link)
    return await page(request, _TEMPLATE, title="What became of this lead", word=_words(link), done=False)


async def act(request: web.Request) -> web.StreamResponse:
    link = read_link(request.app[MARKET], request.match_info["token"])
    if isinstance(link, BadLink) or link.kind not in _KINDS:
        return await _refuse(request, link)
    return await (_ask_return(request, link) if link.kind == RETURN else _record(request, link))


async def _record(request: web.Request, link: Link) -> web.StreamResponse:
    recorded = await record_tap(request.app[MARKET], link)
    if recorded is None:
        return await _no_sale(request)
    if isinstance(recorded, Problem):
        return await notice(request, "This word is used no more", recorded.message, http_status=409)
    return await page(request, _TEMPLATE, title="Thank you", word=_words(link), done=True)


async def _show_return(request: web.Request, link: Link) -> web.StreamResponse:
    found = await returnable_of(request.app[MARKET], link)
    if found is None:
        return await _no_sale(request)
    return await _return_page(request, found)


async def _ask_return(request: web.Request, link: Link) -> web.StreamResponse:
    market = request.app[MARKET]
    found = await returnable_of(market, link)
    if found is None:
        return await _no_sale(request)
    if found.window is not Window.OPEN:
        return await _return_page(request, found)
    form = await read_form(request)
    reason, note = form.get("reason", ""), form.get("note", "").strip()
    asked = await return_by_link(market, found, reason, note)
    if isinstance(asked, Problem):
        told = "Choose why you give it back." if asked.field == "reason" else f"{asked.message}.".capitalize()
        return await _return_page(request, found, problem=asked.field, told=told, reason=reason, note=note)
    return await _return_page(request, found, done=True, reason=reason)


async def _return_page(
    request: web.Request,
    found: Returnable,
    *,
    done: bool = False,
    problem: str = "",
    told: str = "",
    reason: str = "",
    note: str = "",
) -> web.StreamResponse:
    """The form while the window is open; once it is not, or it was asked, what there is to know."""
    sale = found.sale
    closed = found.window is Window.CLOSED
    return await page(
        request,
        _RETURN_TEMPLATE,
        title="Thank you" if done else "Too late to return this lead" if closed else "Ask to return this lead",
        http_status=422 if problem else 410 if closed else 200,
        sale=sale,
        price=Money(sale["price_units"], sale["currency"]),
        found=found,
        window=found.window.value,
        done=done,
        reasons=[(each, each.replace("_", " ").capitalize()) for each in RETURN_REASONS],
        problem=problem,
        told=told,
        reason=reason,
        note=note,
    )


def _words(link: Link) -> str:
    return link.detail.replace("_", " ")


async def _no_sale(request: web.Request) -> web.StreamResponse:
    told = "The lead of this link was not sold to you, or its sale was undone."
    return await notice(request, "There is nothing to say", told, http_status=409)


async def _refuse(request: web.Request, link: Link | BadLink) -> web.StreamResponse:
    if link is BadLink.OVER:
        told = "It was good for a while only. Say it in your next message, or by the API."
        return await notice(request, "The time of this link is over", told, http_status=410)
    told = "It is cut off or was changed on its way. Open it as it was sent to you."
    return await notice(request, "This link leads nowhere", told, http_status=404)
