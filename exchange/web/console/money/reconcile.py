"""Books of buyers and sellers laid beside ours: the files that came, and the form that brings one."""

from __future__ import annotations

import re

from aiohttp import web

from exchange import limits
from exchange.flows.market import Market
from exchange.flows.reconciliation_told import currency_of, file_fields
from exchange.flows.reconciliations import CannotReconcile, bring_book, compare_book
from exchange.flows.small_files import CannotRead
from exchange.intake.batch import BadFile
from exchange.intake.upload import NoFile
from exchange.model.money import Money
from exchange.storage.reconciliations import list_books
from exchange.web.auth import actor_of, without_token
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import address, as_json, page
from exchange.web.uploads import HeldTooLarge, NotFromHere, closed, receive_held

HOME = "/console/reconcile"
PAGE = 50
_BEFORE = re.compile(r"(\d{1,15})_(rcn_[0-9A-Z]{1,40})")


def pages() -> tuple[Page, ...]:
    return Page("GET", HOME, show), Page("GET", f"{HOME}.json", show_json)


def uploads() -> tuple[Page, ...]:
    return (Page("POST", HOME, take),)


async def show(request: web.Request) -> web.StreamResponse:
    return await _list(request)


async def show_json(request: web.Request) -> web.StreamResponse:
    found = await request.app[MARKET].db.read(list_books, PAGE)
    return as_json({"reconciliations": [file_fields(*each) for each in found]})


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
    mark = _BEFORE.fullmatch(request.query.get("before", ""))
    found = await market.db.read(list_books, PAGE + 1, (int(mark[1]), mark[2]) if mark else None)
    more = found[PAGE - 1][0] if len(found) > PAGE else None
    return await page(
        request,
        "console/money/reconcile.html",
        title="Reconcile",
        here="reconcile",
        found=[(file, party_name(market, file.party), waiting) for file, waiting in found[:PAGE]],
        older=address(HOME, before=f"{more.made_at}_{more.id}") if more else None,
        parties=_parties(market),
        money=Money,
        most_mb=limits.DISPOSITION_FILE_BYTES // 1024 // 1024,
        most_rows=limits.DISPOSITION_ROWS,
        problem=problem,
        http_status=http_status,
    )


def party_name(market: Market, party: str) -> str:
    role, _, name = party.partition(":")
    parties = market.deals.buyers if role == "buyer" else market.deals.sellers
    known = parties.get(name)
    return known.name if known is not None else name


def _parties(market: Market) -> list[tuple[str, list[tuple[str, str]]]]:
    def named(role: str, parties: dict[str, str]) -> list[tuple[str, str]]:
        return sorted(((f"{role}:{id}", name) for id, name in parties.items()), key=lambda pair: pair[1].lower())

    buyers = {each.id: each.name for each in market.deals.buyers.values()}
    sellers = {each.id: each.name for each in market.deals.sellers.values()}
    return [("Buyers", named("buyer", buyers)), ("Sellers", named("seller", sellers))]
