"""Many leads of the store by one form: what was bought, what it cost, and why it took no more."""

from __future__ import annotations

from types import MappingProxyType

import orjson
from aiohttp import web

from exchange.flows.store import card_in
from exchange.flows.store_orders import CannotOrder, buy_many, order_of
from exchange.model.money import Money
from exchange.web.api.call import Stop
from exchange.web.api.store_orders import order_of as read_order
from exchange.web.auth import FORM, actor_of
from exchange.web.buyer_portal.store import HOME, currency
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

_ORDERS = f"{HOME}/orders"
_WHY = MappingProxyType(
    {
        "all": "That is as many as you asked for.",
        "limit": "The next one would have cost more than was left of your limit.",
        "none_left": "Nothing more in the store fits.",
        "stopped": "It stopped after a minute. Order again for more.",
        "balance": "Your balance is too low for the next one. Top up your account, then order again.",
        "too_many": "You hold too many leads that are not paid. Pay for them or give them back, then order again.",
        "no_contract": "You have no contract that buys in the store here.",
    }
)


def pages() -> tuple[Page, ...]:
    return (Page("POST", _ORDERS, buy), Page("GET", _ORDERS + "/{order_id:[A-Za-z0-9_]{1,60}}", show))


async def buy(request: web.Request) -> web.StreamResponse:
    try:
        order = read_order(request[FORM], currency(request))
        got = await buy_many(request.app[MARKET], order, actor_of(request))
    except Stop as error:
        told = (f"{each.message[:1].upper()}{each.message[1:]}" for each in error.problems)
        return await notice(request, "Nothing was bought", *told, http_status=422)
    except CannotOrder as error:
        return await notice(request, "Nothing was bought", str(error), http_status=409)
    return see_other(f"{_ORDERS}/{got.id}")


async def show(request: web.Request) -> web.StreamResponse:
    """An order as it stands. The leads are opened one by one: each opening is somebody's own."""
    found = await order_of(request.app[MARKET], request.match_info["order_id"], actor_of(request))
    if found is None:
        return await notice(request, "There is no such order", "It is not yours, or never was.", http_status=404)
    order, claims = found
    bought = [row for row in claims if row["state"] == "bought"]
    limit = Money(order["limit_units"], order["currency"])
    return await page(
        request,
        "buyer_portal/order.html",
        title="Leads you bought",
        here="store",
        order=order,
        wanted=orjson.loads(order["wanted"]),
        why=_WHY.get(order["why"] or "", "It is being filled." if order["ended_at"] is None else ""),
        bought=[(row, card_in(row), Money(row["price_units"], row["currency"])) for row in bought],
        spent=Money(sum(row["price_units"] for row in bought), order["currency"]),
        limit=limit,
    )
