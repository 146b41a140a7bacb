"""The page of a file of returns, for buyers and operators: brought, looked at, done. The text travels in the form, so
that nothing is kept before somebody says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from exchange import limits
from exchange.flows.market import Market
from exchange.flows.return_files import RowTold
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.stages.returns.files import BadReturns
from exchange.web.auth import actor_of, is_token, without_token
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import SESSION, page
from exchange.web.small_form import BadForm, read_small_form
from exchange.web.uploads import closed

Work = Callable[[Market, Actor, str, web.Request], Awaitable[list[RowTold]]]
"""What is made of a file's text. Raises `BadReturns`."""
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page is, what stands on it, and what it does: first looked at, then done."""

    path: str
    template: str
    title: str
    look: Work
    do: Work


def pages(place: Place) -> tuple[Page, ...]:
    async def show(request: web.Request) -> web.StreamResponse:
        return await _page(request, place, [], "", "")

    return (Page("GET", place.path, show),)


def uploads(place: Place) -> tuple[Page, ...]:
    async def take(request: web.Request) -> web.StreamResponse:
        return await _take(request, place)

    return (Page("POST", place.path, take),)


async def _take(request: web.Request, place: Place) -> web.StreamResponse:
    try:
        form = await read_small_form(request, limits.RETURN_FILE_BYTES, limits.RETURN_FILE_BYTES)
    except BadForm as error:
        return closed(await _page(request, place, [], "", str(error), 400))
    if not is_token(request[SESSION], form.fields):
        return closed(await without_token(request))
    text = form.fields.get("text", "")
    if form.file is not None:
        if len(form.file.content) > limits.RETURN_FILE_BYTES:
            large = f"A file has at most {limits.RETURN_FILE_BYTES // 1024**2} MB."
            return closed(await _page(request, place, [], "", large, 413))
        text = form.file.content.decode("utf-8-sig", "replace")
    sure = form.fields.get("sure") == "yes"
    try:
        told = await (place.do if sure else place.look)(request.app[MARKET], actor_of(request), text, request)
    except BadReturns as error:
        return await _page(request, place, [], "", str(error), 422)
    return await _page(request, place, told, "" if sure else text, "", done=sure)


async def _page(
    request: web.Request,
    place: Place,
    told: list[RowTold],
    text: str,
    problem: str,
    http_status: int = 200,
    *,
    done: bool = False,
) -> web.Response:
    counts = {
        verdict: sum(each.verdict == verdict for each in told) for verdict in ("wrong", "unchanged", "would", "done")
    }
    return await page(
        request,
        place.template,
        title=place.title,
        here="returns",
        path_here=place.path,
        told=sorted(told, key=lambda each: (each.verdict != "wrong", each.number))[:SHOWN],
        counts=counts,
        sums=_sums(told),
        text=text,
        problem=problem,
        done=done,
        most=limits.RETURN_ROWS,
        http_status=http_status,
    )


def _sums(told: list[RowTold]) -> list[tuple[Money, Money]]:
    """Credit and debit in all, by currency."""
    found: dict[str, tuple[Money, Money]] = {}
    for each in told:
        if each.credit is None or each.debit is None:
            continue
        credit, debit = found.get(each.credit.currency, (Money.zero(each.credit.currency),) * 2)
        found[each.credit.currency] = (credit + each.credit, debit + each.debit)
    return list(found.values())
