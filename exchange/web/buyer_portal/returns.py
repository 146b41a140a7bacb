"""A buyer's returns: what it asked, what became of it, and how much it may still give back."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.allowances import allowances
from exchange.stages.returns.words import reason_words
from exchange.web.buyer_portal.store import buyer
from exchange.web.keys import MARKET
from exchange.web.listed.own_returns import BUYERS_RETURNS
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import mode_of, page

HOME = BUYERS_RETURNS.path


def pages() -> tuple[Page, ...]:
    return pages_of(BUYERS_RETURNS, show)


async def show(request: web.Request) -> web.StreamResponse:
    market, own = request.app[MARKET], buyer(request)
    names = {each.id: each.name for each in market.deals.contracts.values() if each.buyer_id == own}
    contracts = sorted(names.items(), key=lambda pair: pair[1].lower())
    return await page(
        request,
        "buyer_portal/returns.html",
        title="Returns",
        here="returns",
        view=await view_of(request, BUYERS_RETURNS, theirs={"contract": contracts}),
        uses=[each for each in await allowances(market, own, mode_of(request)) if each.now.bought or each.before],
        contracts=names,
        reason_words=reason_words,
    )
