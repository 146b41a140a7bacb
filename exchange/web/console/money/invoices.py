"""What buyers were billed: invoices, credit notes and statements, what is still owed, and what people do about it."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.billing import CannotIssue, bill, cancel
from exchange.flows.payments import NothingToPay, pay_invoice
from exchange.model.money import BadMoney, Money
from exchange.model.statement import Statement
from exchange.stages.notes import note_problem
from exchange.storage.ledger import BookingConflict, balances_of
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.bills.lists import BILLS, PATH, owed, real_buyers
from exchange.web.bills.page import NUMBER, document_pages, of_document
from exchange.web.keys import MARKET
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

REFERENCE_CHARACTERS = 80


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(BILLS, show),
        Page("POST", f"{PATH}/issue", issue_now),
        *document_pages(PATH, "invoices"),
        Page("POST", PATH + NUMBER + "/paid", of_document(PATH, pay)),
        Page("POST", PATH + NUMBER + "/cancel", of_document(PATH, take_back)),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    return await page(
        request,
        "console/money/invoices.html",
        title="Invoices",
        here="invoices",
        view=await view_of(request, BILLS),
        owed=await owed(market, actor_of(request)),
        buyers=real_buyers(market),
    )


async def issue_now(request: web.Request) -> web.StreamResponse:
    """Close the periods of a buyer's accounts at this moment."""
    market, buyer_id = request.app[MARKET], request[FORM].get("buyer", "")
    buyer = market.deals.buyers.get(buyer_id)
    if buyer is None:
        return await notice(request, "Nothing was issued", "Choose a buyer.", http_status=422)
    actor = actor_of(request)
    made: list[Statement] = []
    try:
        for balance in await market.db.read(balances_of, actor, f"buyer:{buyer.id}"):
            if balance.account.endswith((":prepaid", ":receivable")):
                now = market.clock.now()
                made += await bill(market, balance.account, balance.posted.currency, now, actor, ip_of(request))
    except CannotIssue as error:
        return await notice(request, "Nothing was issued", str(error), http_status=409)
    if not made:
        told = f"{buyer.name} has no entries since its last document. Its period was closed."
        return await notice(request, "There was nothing to invoice", told, http_status=200, links=[("Invoices", PATH)])
    return see_other(f"{PATH}?buyer={buyer.id}")


async def pay(request: web.Request, statement: Statement) -> web.StreamResponse:
    """Book what came from the bank for it."""
    form, number = request[FORM], statement.number
    reference = form.get("reference", "").strip()
    try:
        if not reference or len(reference) > REFERENCE_CHARACTERS:
            raise NothingToPay("reference is that of the bank's transfer, up to 80 characters: it is booked once.")
        amount = Money.parse(form.get("amount", "").strip(), statement.period.currency)
        await pay_invoice(request.app[MARKET], number, amount, reference, actor_of(request), ip_of(request))
    except BadMoney:
        told = "amount is written as 500.00, with up to four decimals."
        return await notice(request, "Nothing was booked", told, http_status=422)
    except NothingToPay as error:
        return await notice(request, "Nothing was booked", str(error), http_status=422)
    except BookingConflict:
        told = f"{reference} is booked already, for another amount or another invoice."
        return await notice(request, "Nothing was booked", told, http_status=409)
    return see_other(f"{PATH}/{number}")


async def take_back(request: web.Request, statement: Statement) -> web.StreamResponse:
    number, reason = statement.number, request[FORM].get("reason", "").strip()
    if (wrong := note_problem(reason)) is not None:
        return await notice(request, "It stands as it was", wrong.message.replace("note", "reason"), http_status=422)
    try:
        _, anew = await cancel(request.app[MARKET], number, reason, actor_of(request), ip_of(request))
    except CannotIssue as error:
        return await notice(request, "It stands as it was", str(error), http_status=409)
    return see_other(f"{PATH}/{anew.number}")
