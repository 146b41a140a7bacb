"""The page of a link that asks to return a lead: why, a note, one button; afterwards what there is to know."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from exchange import limits
from exchange.flows.dispositions import Recorded
from exchange.flows.links import Link
from exchange.flows.one_tap import return_by_link, returnable_of
from exchange.flows.returns import Asking, File, Returnable, Window
from exchange.model.lead import Problem
from exchange.model.money import Money
from exchange.stages.returns.words import reason_words
from exchange.web.auth import read_form
from exchange.web.keys import MARKET
from exchange.web.render import notice, page
from exchange.web.small_form import BadForm, read_small_form
from exchange.web.uploads import closed

_TEMPLATE = "public/returns.html"


async def show(request: web.Request, link: Link) -> web.StreamResponse:
    """Never asks: scanners of mail open every link they see."""
    found = await returnable_of(request.app[MARKET], link)
    return await no_sale(request) if found is None else await _page(request, found)


async def act(request: web.Request, link: Link) -> web.StreamResponse:
    market = request.app[MARKET]
    found = await returnable_of(market, link)
    if found is None:
        return await no_sale(request)
    if found.window is not Window.OPEN:
        return await _page(request, found)
    try:
        form, file = await _sent(request)
    except BadForm as error:
        return closed(await notice(request, "It was not asked", str(error), http_status=400))
    reason, note = form.get("reason", ""), form.get("note", "").strip()
    asked = await return_by_link(market, found, Asking(reason, note, file=file))
    if isinstance(asked, Problem):
        told = "Choose why you give it back." if asked.field == "reason" else f"{asked.message}.".capitalize()
        return closed(await _page(request, found, problem=asked.field, told=told, reason=reason, note=note))
    if isinstance(asked, Recorded):
        return await _page(request, found, noted=True, reason=reason)
    return await _page(request, found, done=True, reason=reason, state=asked.request["state"])


async def _sent(request: web.Request) -> tuple[Mapping[str, str], File | None]:
    """The form, with a file where it has one. Raises `BadForm`."""
    if request.content_type != "multipart/form-data":
        return await read_form(request), None
    form = await read_small_form(request, limits.RETURN_FILE_BYTES)
    return form.fields, form.file


def _reasons(found: Returnable) -> tuple[str, ...]:
    """Those that the contract allows."""
    return found.contract.returns.reasons if found.contract is not None else ()


async def no_sale(request: web.Request) -> web.StreamResponse:
    told = "The lead of this link was not sold to you, or its sale was undone."
    return await notice(request, "There is nothing to say", told, http_status=409)


async def _page(
    request: web.Request,
    found: Returnable,
    *,
    done: bool = False,
    noted: bool = False,
    problem: str = "",
    told: str = "",
    reason: str = "",
    note: str = "",
    state: str = "",
) -> web.StreamResponse:
    """The form while the window is open; once it is not, or it was asked, what there is to know."""
    sale = found.sale
    late = found.window is Window.CLOSED
    return await page(
        request,
        _TEMPLATE,
        title="Thank you" if done or noted else "Too late to return this lead" if late else "Ask to return this lead",
        http_status=422 if problem else 410 if late else 200,
        sale=sale,
        price=Money(sale["price_units"], sale["currency"]),
        found=found,
        window=found.window.value,
        done=done,
        noted=noted,
        state=state,
        reasons=[(each, reason_words(each)) for each in _reasons(found)],
        problem=problem,
        told=told,
        reason=reason,
        note=note,
        most_mb=limits.RETURN_FILE_BYTES // 1024**2,
    )
