"""The books: every entry with both sides and what led to it, and when they were last found sound. Nothing is edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson
from aiohttp import web

from exchange.flows.check_books import check_now
from exchange.flows.market import Market
from exchange.model.money import Money
from exchange.storage.ledger_views import LedgerLine, balance_after, last_check
from exchange.web.keys import MARKET
from exchange.web.listed.ledger import KINDS, LEDGER, PATH, account_name, cause_href, is_one
from exchange.web.lists.query import Query
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import View, view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import page
from exchange.web.words import utc

_OF_ONE = ("debit", "credit", "balance")


def pages() -> tuple[Page, ...]:
    return (*pages_of(LEDGER, show, _beside), Page("POST", f"{PATH}/check", check))


async def show(request: web.Request) -> web.StreamResponse:
    market, view = request.app[MARKET], await view_of(request, LEDGER)
    account = view.query.given.get("account", "")
    one = account if is_one(account) else ""
    balances = await _balances(market, view, one)
    found = await market.db.read(last_check)
    return await page(
        request,
        "console/money/ledger.html",
        title="Ledger",
        here="ledger",
        view=_of_account(view, one, bool(balances)),
        one=one,
        balances=balances,
        kinds=KINDS,
        names={each: account_name(market, each) for line in view.lines for each in (line.source, line.destination)},
        hrefs={line.id: cause_href(line) for line in view.lines},
        found=found,
        sums=orjson.loads(found.sums) if found is not None else {},
    )


def _of_account(view: View[LedgerLine], one: str, balanced: bool) -> View[LedgerLine]:
    """Of one account its debits, credits and balance are shown; of several the amount that went from one to another."""
    left_out = {"amount"} | (set() if balanced else {"balance"}) if one else set(_OF_ONE)
    return replace(view, columns=tuple(each for each in view.columns if each.name not in left_out))


async def _balances(market: Market, view: View[LedgerLine], one: str) -> Mapping[str, Money]:
    """What the account held after each entry of the page: after its newest, and from there back. Only of a list that
    leaves none of its entries out, and none of the house's accounts, whose balance is not kept.
    """
    if not one or set(view.query.narrowed) - {"account", "period"} or view.query.order != "time":
        return {}
    held: dict[str, Money] = {}
    found: dict[str, Money] = {}
    for line in _newest_first(view):
        currency = line.money.currency
        if currency not in held:
            balance = await market.db.read(balance_after, one, line)
            if balance is None:
                return {}
            held[currency] = balance
        found[line.id] = held[currency]
        held[currency] -= line.money if line.destination == one else -line.money
    return found


def _newest_first(view: View[LedgerLine]) -> Sequence[LedgerLine]:
    return view.lines if view.query.falling else view.lines[::-1]


async def _beside(request: web.Request, _: Query) -> Mapping[str, object]:
    found = await request.app[MARKET].db.read(last_check)
    return {"checked": {"at": utc(found.at), "sound": found.sound, "entries": found.entries} if found else None}


async def check(request: web.Request) -> web.StreamResponse:
    """Check the books now."""
    await check_now(request.app[MARKET])
    return see_other(PATH)
