"""A buyer's money: what is left and how long it lasts, topping up, documents, what was spent."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web

from exchange.flows.account import account_view, days_of, spent_lately
from exchange.flows.auto_top_up import set_auto
from exchange.flows.charges import drop_method, open_page
from exchange.model.follow import Duty
from exchange.model.party import Buyer
from exchange.storage.charges import read_charge
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.bills.account import REFUSALS, amount_in, auto_in, lasts, spend_csv
from exchange.web.bills.lists import own_bills
from exchange.web.bills.page import document_pages
from exchange.web.buyer_portal.store import buyer
from exchange.web.keys import MARKET
from exchange.web.lists.query import Query
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

HOME = "/buyer/billing"
OWN_BILLS = own_bills(HOME)
DUTIES = (Duty.ADMIN, Duty.FINANCE)


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(OWN_BILLS, show, _beside),
        Page("GET", f"{HOME}/spend.csv", spend),
        Page("POST", f"{HOME}/top-up", top_up),
        Page("POST", f"{HOME}/auto", auto),
        Page("POST", f"{HOME}/card/remove", remove_card),
        *document_pages(HOME, "billing"),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    account = await account_view(market, actor, _buyer(request))
    return await page(
        request,
        "buyer_portal/billing.html",
        title="Billing",
        here="billing",
        account=account,
        lasts=lasts(account),
        view=await view_of(request, OWN_BILLS),
        base=HOME,
        came_back=await _came_back(request),
        pay_to=market.issuer.note,
    )


async def _beside(request: web.Request, _: Query) -> Mapping[str, object]:
    account = await account_view(request.app[MARKET], actor_of(request), _buyer(request))
    told = account.forecast
    return {
        "available": account.available.text,
        "currency": account.available.currency,
        "leads_left": told.leads if told is not None else None,
        "hours_left": round(told.hours, 1).__float__() if told is not None and told.hours is not None else None,
    }


async def spend(request: web.Request) -> web.StreamResponse:
    market, own = request.app[MARKET], _buyer(request)
    hours = await spent_lately(market, actor_of(request), own)
    return spend_csv(days_of(market, own, hours), "spend")


async def top_up(request: web.Request) -> web.StreamResponse:
    """Off to the provider's page."""
    market, form, own = request.app[MARKET], request[FORM], _buyer(request)
    try:
        amount = amount_in(form, "amount", own.limit.currency)
        save = form.get("save") == "yes"
        url = await open_page(market, own, amount, actor_of(request), save=save, ip=ip_of(request))
    except REFUSALS as error:
        return await notice(request, "Nothing was charged", str(error), http_status=422, links=[("Billing", HOME)])
    return await _over_there(request, url)


async def _over_there(request: web.Request, url: str) -> web.StreamResponse:
    """The page goes on to the provider by itself, or by its link. A redirect would be of a form, and forms of ours lead
    to no other host."""
    provider = urlsplit(url).hostname or "the provider"
    told = f"You pay at {provider} and come back here afterwards."
    response = await notice(request, "On to the payment page", told, http_status=200, links=[("Continue to pay", url)])
    response.headers["Refresh"] = f"0; url={url}"
    return response


async def auto(request: web.Request) -> web.StreamResponse:
    market, own = request.app[MARKET], _buyer(request)
    try:
        wish = auto_in(request[FORM], own.limit.currency)
        await set_auto(market, own, wish, actor_of(request), ip_of(request))
    except REFUSALS as error:
        return await notice(request, "It stays as it was", str(error), http_status=422, links=[("Billing", HOME)])
    return see_other(f"{HOME}#auto")


async def remove_card(request: web.Request) -> web.StreamResponse:
    await drop_method(request.app[MARKET], buyer(request), actor_of(request), ip_of(request))
    return see_other(f"{HOME}#auto")


def _buyer(request: web.Request) -> Buyer:
    found = request.app[MARKET].deals.buyers.get(buyer(request))
    if found is None:
        raise web.HTTPForbidden
    return found


async def _came_back(request: web.Request) -> str:
    """What to say to somebody who comes back from the provider's page: its event books the money, not the browser."""
    if request.query.get("left"):
        return "left"
    charge = await request.app[MARKET].db.read(read_charge, request.query.get("paid", "")[:80])
    if charge is None or charge.buyer_id != buyer(request):
        return ""
    return "paid" if charge.state == "paid" else "waiting"
