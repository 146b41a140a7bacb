"""The account of one buyer: how it is billed, what is left, and what a person books to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from exchange.flows.account import account_view, days_of, spent_lately
from exchange.flows.auto_top_up import set_auto
from exchange.flows.billing_terms import BY_HAND, WrongTerms, set_terms, terms_mark, typed_of
from exchange.flows.charges import give_back_to_card
from exchange.flows.payments import correct, give_back, keep_deposit, use_deposit
from exchange.flows.top_up import top_up
from exchange.model.billing import Every
from exchange.model.ledger import deposit_account
from exchange.model.party import Buyer
from exchange.stages.notes import note_problem
from exchange.stages.reasons import show_exact
from exchange.storage.ledger import BookingConflict
from exchange.storage.payments import TooLittle
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.bills.account import REFUSALS, Mistyped, amount_in, auto_in, lasts, reference_in, spend_csv
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

PATH = "/console/billing"
_BUYER = "/{buyer:[A-Za-z0-9_-]{1,80}}"
EVERY = ((Every.WEEK.value, "a week"), (Every.HALF_MONTH.value, "half a month"), (Every.MONTH.value, "a month"))

Show = Callable[[web.Request, Buyer], Awaitable[web.StreamResponse]]


def pages() -> tuple[Page, ...]:
    home = PATH + _BUYER
    return (
        Page("GET", PATH, show_all),
        Page("GET", home, _of_buyer(show)),
        Page("GET", home + "/spend.csv", _of_buyer(spend)),
        Page("POST", home + "/terms", _of_buyer(save_terms)),
        Page("POST", home + "/auto", _booking(_auto)),
        Page("POST", home + "/top-up", _booking(_top_up)),
        Page("POST", home + "/correct", _booking(_correct)),
        Page("POST", home + "/give-back", _booking(_give_back)),
        Page("POST", home + "/refund", _booking(_refund)),
        Page("POST", home + "/deposit", _booking(_deposit)),
    )


async def show_all(request: web.Request) -> web.StreamResponse:
    """Every buyer with what it may still spend."""
    market = request.app[MARKET]
    buyers = [each for each in market.deals.buyers.values() if not each.id.startswith("simulated-")]
    available = market.live.available
    lines = [(each, available.get(each.id)) for each in sorted(buyers, key=lambda each: each.name.lower())]
    return await page(request, "console/money/billing.html", title="Accounts of buyers", here="billing", lines=lines,
                      account=None, base=PATH)  # fmt: skip


async def show(request: web.Request, buyer: Buyer) -> web.StreamResponse:
    account = await account_view(request.app[MARKET], actor_of(request), buyer)
    return await page(
        request,
        "console/money/billing.html",
        title=f"Account of {buyer.name}",
        here="billing",
        account=account,
        lasts=lasts(account),
        terms=typed_of(buyer.terms),
        seen=terms_mark(buyer.terms),
        every=(*EVERY, (BY_HAND, "only by hand")),
        base=f"{PATH}/{buyer.id}",
        lines=(),
    )


async def spend(request: web.Request, buyer: Buyer) -> web.StreamResponse:
    market = request.app[MARKET]
    return spend_csv(days_of(market, buyer, await spent_lately(market, actor_of(request), buyer)), buyer.id)


async def save_terms(request: web.Request, buyer: Buyer) -> web.StreamResponse:
    try:
        await set_terms(request.app[MARKET], buyer, request[FORM], actor_of(request), ip_of(request))
    except WrongTerms as error:
        told = [each.message for each in error.wrong]
        return await notice(request, "Nothing was changed", *told, http_status=422, links=[_back(buyer)])
    return _to(buyer)


async def _top_up(request: web.Request, buyer: Buyer) -> None:
    form = request[FORM]
    amount = amount_in(form, "amount", buyer.limit.currency)
    await top_up(request.app[MARKET], buyer.id, amount, reference_in(form), actor_of(request), ip_of(request))


async def _auto(request: web.Request, buyer: Buyer) -> None:
    wish = auto_in(request[FORM], buyer.limit.currency)
    await set_auto(request.app[MARKET], buyer, wish, actor_of(request), ip_of(request))


async def _correct(request: web.Request, buyer: Buyer) -> None:
    form = request[FORM]
    amount = amount_in(form, "amount", buyer.limit.currency, below_zero=True)
    reference, note = reference_in(form), _note(request)
    await correct(request.app[MARKET], buyer.account, amount, reference, note, actor_of(request), ip_of(request))


async def _give_back(request: web.Request, buyer: Buyer) -> None:
    form = request[FORM]
    account = deposit_account(buyer.id) if form.get("from") == "deposit" else buyer.account
    amount, reference, note = amount_in(form, "amount", buyer.limit.currency), reference_in(form), _note(request)
    market = request.app[MARKET]
    await give_back(market, buyer, account, amount, reference, note, actor_of(request), ip_of(request))


async def _refund(request: web.Request, buyer: Buyer) -> None:
    form = request[FORM]
    amount, intent = amount_in(form, "amount", buyer.limit.currency), form.get("payment", "")[:120]
    market, reference, note = request.app[MARKET], reference_in(form), _note(request)
    await give_back_to_card(market, buyer, intent, amount, reference, note, actor_of(request), ip_of(request))


async def _deposit(request: web.Request, buyer: Buyer) -> None:
    form, market, actor = request[FORM], request.app[MARKET], actor_of(request)
    amount, reference = amount_in(form, "amount", buyer.limit.currency), reference_in(form)
    if form.get("do") == "use":
        await use_deposit(market, buyer, amount, reference, _note(request), actor, ip_of(request))
    else:
        await keep_deposit(market, buyer, amount, reference, actor, ip_of(request))


def _note(request: web.Request) -> str:
    """Raises `Mistyped`."""
    note = request[FORM].get("note", "").strip()
    if (wrong := note_problem(note)) is not None:
        raise Mistyped(wrong.message)
    return note


def _booking(
    book: Callable[[web.Request, Buyer], Awaitable[None]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A form that books something: what is wrong with it is told on a page, and nothing is booked then."""

    async def booked(request: web.Request, buyer: Buyer) -> web.StreamResponse:
        try:
            await book(request, buyer)
        except REFUSALS as error:
            return await notice(request, "Nothing was booked", str(error), http_status=422, links=[_back(buyer)])
        except TooLittle as error:
            told = (
                f"{show_exact(error.free)} can be given back: the rest is held for leads on their way, or is not there."
            )
            return await notice(request, "Nothing was booked", told, http_status=409, links=[_back(buyer)])
        except BookingConflict:
            told = "This reference is booked already, for something else."
            return await notice(request, "Nothing was booked", told, http_status=409, links=[_back(buyer)])
        return _to(buyer)

    return _of_buyer(booked)


def _of_buyer(show: Show) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def shown(request: web.Request) -> web.StreamResponse:
        buyer = request.app[MARKET].deals.buyers.get(request.match_info["buyer"])
        if buyer is None:
            links = [("All accounts", PATH)]
            return await notice(
                request, "There is no such buyer", "It may have another id.", http_status=404, links=links
            )
        return await show(request, buyer)

    return shown


def _back(buyer: Buyer) -> tuple[str, str]:
    return f"Account of {buyer.name}", f"{PATH}/{buyer.id}"


def _to(buyer: Buyer) -> web.Response:
    return see_other(f"{PATH}/{buyer.id}")
