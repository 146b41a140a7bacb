"""What sellers are paid: each one's open period, what waits for somebody, what was issued, and the files for banks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows import payout_payments as money
from exchange.flows import payouts as flow
from exchange.flows.market import Market
from exchange.flows.payments import correct
from exchange.flows.payout_files import export, open_file, withdraw
from exchange.flows.payouts import CannotPay, Preview
from exchange.flows.seller_statements import Document, preview_fields, running, statement
from exchange.model.ledger import seller_account
from exchange.model.money import Money
from exchange.model.payout import BankFile, Method, Payment, Run
from exchange.stages.notes import note_problem
from exchange.storage.ledger import BookingConflict
from exchange.storage.ledger_views import last_check
from exchange.storage.payout_lists import due_sums
from exchange.storage.payout_payments import LISTED, files, payments_by_file, read_payment
from exchange.storage.payout_runs import approvals_of
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.bills.account import Mistyped, amount_in, reference_in
from exchange.web.keys import MARKET
from exchange.web.lists.query import Query
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import address, notice, page
from exchange.web.statements.lists import RUNS, standing
from exchange.web.statements.page import document_pages

HOME = "/console/payouts"
_RUN = "/{run:pay_[A-Za-z0-9]{10,40}|PO-[0-9]{4}-[0-9]{1,12}}"
_OPEN = "/open/{seller:[A-Za-z0-9_.-]{1,80}}/{currency:[A-Z]{3}}"
_PAYMENT = HOME + "/payments/{payment:pmt_[A-Za-z0-9]{10,40}}"
_FILE = HOME + "/files/{file:pfl_[A-Za-z0-9]{10,40}}"
_CARDS = 60  # each asks the ledger for its period
_FILES = 10


@dataclass(frozen=True, slots=True)
class Card:
    """A seller's open period, and the run of an earlier one that waits."""

    found: Preview
    name: str
    waits: str
    way: str

    @property
    def last(self) -> Run | None:
        return self.found.last

    @property
    def path(self) -> str:
        return f"{HOME}/open/{self.found.seller_id}/{self.found.currency}"


@dataclass(frozen=True, slots=True)
class Due:
    """What is due by one way of paying."""

    method: Method
    payments: int
    sum: Money


def pages() -> tuple[Page, ...]:
    run = HOME + _RUN
    return (
        *pages_of(RUNS, show, _open_periods),
        Page("POST", f"{HOME}/prepare", prepare),
        Page("POST", f"{HOME}/export", export_now),
        Page("POST", f"{HOME}{_OPEN}/adjust", adjust),
        Page("GET", _FILE, take_file),
        Page("POST", f"{_FILE}/paid", file_paid),
        Page("POST", f"{_FILE}/withdraw", file_withdrawn),
        *document_pages(HOME, _RUN, "payouts", _issued, _beside),
        *document_pages(HOME, _OPEN, "payouts", _running, _beside),
        *(Page("POST", f"{run}/{action}", act) for action in ("approve", "hold", "let-go", "discard", "paid")),
        *(Page("POST", f"{_PAYMENT}/{action}", act_on_payment) for action in _ON_PAYMENTS),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    view = await view_of(request, RUNS)
    checked = await market.db.read(last_check)
    accounts = await flow.earning_accounts(market, view.query.given.get("seller", ""))
    first = _place(request.query.get("first", ""), len(accounts))
    bank_files, older_files = await _files(market, request.query.get("files", ""))
    return await page(
        request,
        "console/money/payouts.html",
        title="Payouts",
        here="payouts",
        cards=await _cards(market, accounts[first : first + _CARDS]),
        accounts=len(accounts),
        first=first,
        earlier=address(HOME, first=str(first - _CARDS)) if first else "",
        further=address(HOME, first=str(first + _CARDS)) if first + _CARDS < len(accounts) else "",
        due=await _due(market),
        at_once=LISTED,
        files=bank_files,
        older_files=older_files,
        view=view,
        standing=standing,
        waits={each.id: await flow.waits_for(market, each) for each in view.lines},
        locked=checked is not None and not checked.sound,
        two_above=market.payout_two_above_units,
    )


async def _open_periods(request: web.Request, query: Query) -> Mapping[str, object]:
    market = request.app[MARKET]
    found = await flow.previews(market, query.given.get("seller", ""))
    return {"open": [preview_fields(market, each) for each in found]}


async def prepare(request: web.Request) -> web.StreamResponse:
    form = request[FORM]
    seller, currency = form.get("seller", ""), form.get("currency", "")
    market = request.app[MARKET]
    if seller not in market.deals.sellers or len(currency) != 3:
        return await _refused(request, "Choose a seller.", 422)
    try:
        run = await flow.prepare(market, seller, currency, actor_of(request), ip_of(request))
    except CannotPay as error:
        return await _refused(request, str(error))
    return see_other(f"{HOME}/{run.id}")


async def act(request: web.Request) -> web.StreamResponse:
    """Approve a run, hold it, let it go, discard it, or say that all of it was paid."""
    market, actor, ip = request.app[MARKET], actor_of(request), ip_of(request)
    name, action = request.match_info["run"], request.path.rpartition("/")[2]
    document = await statement(market, actor, name)
    if document is None or document.run is None:
        return await _refused(request, "There is no such run.", 404)
    run_id, form = document.run.id, request[FORM]
    try:
        if action == "approve":
            await flow.approve(market, run_id, actor, ip)
        elif action == "discard":
            await flow.discard(market, run_id, actor, ip)
        elif action == "paid":
            await money.mark_run_paid(market, run_id, form.get("reference", ""), actor, ip)
        else:
            reason = _reason(form.get("reason", "")) if action == "hold" else ""
            await flow.hold(market, run_id, reason, actor, ip)
    except CannotPay as error:
        return await _refused(request, str(error))
    return see_other(HOME if action == "discard" else f"{HOME}/{run_id}")


_ON_PAYMENTS = ("paid", "hold", "let-go", "split", "bounced")


async def act_on_payment(request: web.Request) -> web.StreamResponse:
    market, actor, ip = request.app[MARKET], actor_of(request), ip_of(request)
    payment_id, action = request.match_info["payment"], request.path.rpartition("/")[2]
    form = request[FORM]
    try:
        if action == "paid":
            await money.mark_paid(market, payment_id, form.get("reference", ""), actor, ip)
        elif action == "bounced":
            await money.take_back(market, payment_id, form.get("reason", ""), actor, ip)
        elif action == "split":
            await money.split(market, payment_id, form.get("amount", ""), actor, ip)
        else:
            reason = _reason(form.get("reason", "")) if action == "hold" else ""
            await money.hold(market, payment_id, reason, actor, ip)
    except CannotPay as error:
        return await _refused(request, str(error))
    payment: Payment | None = await market.db.read(read_payment, payment_id)
    return see_other(f"{HOME}/{payment.run_id}#payments" if payment is not None else HOME)


async def adjust(request: web.Request) -> web.StreamResponse:
    """Give the seller money out of the house's margin, or take it, with a reason that stands on its statement."""
    market, form = request.app[MARKET], request[FORM]
    seller_id, currency = request.match_info["seller"], request.match_info["currency"]
    if seller_id not in market.deals.sellers:
        return await _refused(request, "There is no such seller.", 404)
    try:
        amount, reference = amount_in(form, "amount", currency, below_zero=True), reference_in(form)
        note = form.get("note", "").strip()
        if (wrong := note_problem(note)) is not None:
            raise Mistyped(wrong.message)
        account = seller_account(seller_id)
        await correct(market, account, amount, reference, note, actor_of(request), ip_of(request))
    except Mistyped as error:
        return await _refused(request, str(error), 422)
    except BookingConflict:
        return await _refused(request, "This reference is booked already, for another amount.")
    return see_other(f"{HOME}/open/{seller_id}/{currency}")


async def export_now(request: web.Request) -> web.StreamResponse:
    """Make the file; it is taken from the list, so that a second click makes no second one."""
    name = request[FORM].get("method", "")
    if name not in (Method.ACH.value, Method.SEPA.value):
        return await _refused(request, "Choose ACH or SEPA.", 422)
    try:
        made = await export(request.app[MARKET], Method(name), actor_of(request), ip_of(request))
    except CannotPay as error:
        return await _refused(request, str(error))
    if made.left_out:
        told = [each.why for each in made.left_out]
        links = [("Take the file", f"{HOME}/files/{made.file.id}"), ("Payouts", HOME)]
        return await notice(
            request, "The file is made; some payments are not in it", *told, http_status=200, links=links
        )
    return see_other(f"{HOME}#files")


async def take_file(request: web.Request) -> web.StreamResponse:
    """The same bytes whenever it is asked for."""
    found = await open_file(request.app[MARKET], request.match_info["file"], actor_of(request), ip_of(request))
    if found is None:
        return await _refused(request, "There is no such file.", 404)
    file, content = found
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "Cache-Control": "no-store"}
    kind = "application/xml" if file.format == "pain.001" else "text/plain"
    return web.Response(body=content, content_type=kind, headers=headers)


async def file_paid(request: web.Request) -> web.StreamResponse:
    reference, file_id = request[FORM].get("reference", ""), request.match_info["file"]
    try:
        await money.mark_file_paid(request.app[MARKET], file_id, reference, actor_of(request), ip_of(request))
    except CannotPay as error:
        return await _refused(request, str(error))
    return see_other(f"{HOME}#files")


async def file_withdrawn(request: web.Request) -> web.StreamResponse:
    reason, file_id = request[FORM].get("reason", ""), request.match_info["file"]
    try:
        await withdraw(request.app[MARKET], file_id, reason, actor_of(request), ip_of(request))
    except CannotPay as error:
        return await _refused(request, str(error))
    return see_other(f"{HOME}#due")


async def _issued(request: web.Request) -> Document | None:
    return await statement(request.app[MARKET], actor_of(request), request.match_info["run"])


async def _running(request: web.Request) -> Document | None:
    market, seller_id = request.app[MARKET], request.match_info["seller"]
    if seller_id not in market.deals.sellers:
        return None
    return await running(market, actor_of(request), seller_id, request.match_info["currency"])


async def _beside(request: web.Request, document: Document) -> dict[str, Any]:
    market, run = request.app[MARKET], document.run
    waits = await flow.waits_for(market, run) if run is not None else ""
    approvals = await market.db.read(approvals_of, run.id) if run is not None else []
    return {"may_act": True, "waits": waits, "approvals": approvals}


def _place(text: str, count: int) -> int:
    """Where a page of cards begins: that of a whole page, within what there is."""
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    return min(wanted, max(count - 1, 0)) // _CARDS * _CARDS


async def _cards(market: Market, accounts: Sequence[tuple[str, str]]) -> list[Card]:
    made = []
    for each in accounts:
        found = await flow.preview(market, *each)
        seller = market.deals.sellers.get(found.seller_id)
        waits = await flow.waits_for(market, found.last) if found.last is not None else ""
        name = seller.name if seller is not None else found.seller_id
        method = found.terms.terms.method_for(found.currency)
        to = f" to …{found.terms.last4}" if method.file_format and found.terms.last4 else ""
        made.append(Card(found, name, waits, method.way + to))
    return made


async def _files(market: Market, before: str) -> tuple[list[tuple[BankFile, Money, int, int]], str]:
    """The newest, or those before one, each with its sum, how many payments are in it still, and how many of these are
    not paid; and where older ones are."""
    found = await market.db.read(files, _FILES + 1, before[:40])
    shown = found[:_FILES]
    counts = await market.db.read(payments_by_file, [each.id for each in shown])
    told = [(each, Money(each.units, each.currency), *counts.get(each.id, (0, 0))) for each in shown]
    return told, address(HOME, files=shown[-1].id) + "#files" if len(found) > _FILES else ""


async def _due(market: Market) -> list[Due]:
    return [Due(Method(name), count, total) for name, count, total in await market.db.read(due_sums)]


def _reason(text: str) -> str:
    reason = text.strip()
    if not reason or len(reason) > 200 or not reason.isprintable():
        raise CannotPay("Say why, in at most 200 characters.")
    return reason


async def _refused(request: web.Request, told: str, status: int = 409) -> web.StreamResponse:
    return await notice(request, "Nothing was changed", told, http_status=status, links=[("Payouts", HOME)])
