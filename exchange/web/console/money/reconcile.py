"""Books of buyers and sellers laid beside ours: the files that came, and the form that brings one."""

from __future__ import annotations

from aiohttp import web

from exchange import limits
from exchange.flows.reconciliation_told import currency_of
from exchange.flows.reconciliations import CannotReconcile, bring_book, compare_book
from exchange.flows.small_files import CannotRead
from exchange.intake.batch import BadFile
from exchange.intake.upload import NoFile
from exchange.web.auth import actor_of, without_token
from exchange.web.keys import MARKET
from exchange.web.listed.books import BOOKS, PATH, parties
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import address, page
from exchange.web.uploads import HeldTooLarge, NotFromHere, closed, receive_held

HOME = PATH


def pages() -> tuple[Page, ...]:
    return pages_of(BOOKS, show)


def uploads() -> tuple[Page, ...]:
    return (Page("POST", HOME, take),)


async def show(request: web.Request) -> web.StreamResponse:
    return await _list(request)


async def take(request: web.Request) -> web.StreamResponse:
    """A form with a file. Its token comes before it. What can be guessed is compared at once."""
    market = request.app[MARKET]
    try:
        sent, data = await receive_held(request, limits.DISPOSITION_FILE_BYTES)
        party = sent.fields.get("party", "")
        currency = currency_of(market, party, sent.fields.get("currency", ""))
        file_id = await bring_book(market, party, currency, sent.name, data, actor_of(request))
    except NotFromHere:
        return closed(await without_token(request))
    except (BadFile, CannotRead, HeldTooLarge, NoFile) as error:
        return closed(await _list(request, str(error), 422))
    told = ""
    try:
        await compare_book(market, file_id)
    except CannotReconcile as error:
        told = str(error)
    location = address(f"{HOME}/{file_id}", told=told or None)
    return see_other(location)


async def _list(request: web.Request, problem: str = "", http_status: int = 200) -> web.StreamResponse:
    market = request.app[MARKET]
    return await page(
        request,
        "console/money/reconcile.html",
        title="Reconcile",
        here="reconcile",
        view=await view_of(request, BOOKS),
        parties=parties(market),
        most_mb=limits.DISPOSITION_FILE_BYTES // 1024 // 1024,
        most_rows=limits.DISPOSITION_ROWS,
        problem=problem,
        http_status=http_status,
    )
