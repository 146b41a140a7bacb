"""How one seller is paid, and the accounts that sellers are paid from: forms that say all that is wrong at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from aiohttp import web

from exchange.flows.seller_terms import WrongTerms, change_payer, change_terms
from exchange.model.audit import AuditLine
from exchange.model.billing import Every
from exchange.model.lead import Problem
from exchange.model.money import write_units
from exchange.model.party import Seller
from exchange.model.payout import Method
from exchange.storage.audit import audit_of
from exchange.storage.seller_terms import TermsRow, payers, terms_of
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.money.payouts import HOME
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

_TERMS = HOME + "/terms/{seller:[A-Za-z0-9_.-]{1,80}}"
_PAYERS = f"{HOME}/accounts"
_EVERY = ((Every.WEEK, "Week, Monday to Sunday"), (Every.HALF_MONTH, "Half a month"), (Every.MONTH, "Month"))
_LINES = 20


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", _TERMS, show),
        Page("POST", _TERMS, save),
        Page("GET", _PAYERS, show_payers),
        Page("POST", _PAYERS, save_payer),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _terms(request, {}, ())


async def save(request: web.Request) -> web.StreamResponse:
    market, seller_id = request.app[MARKET], request.match_info["seller"]
    form = {name: value for name, value in request[FORM].items() if name != "csrf"}
    try:
        await change_terms(market, seller_id, form, actor_of(request), ip_of(request))
    except WrongTerms as error:
        return await _terms(request, form, error.problems, 422)
    return see_other(request.path)


async def show_payers(request: web.Request) -> web.StreamResponse:
    return await _payers(request, ())


async def save_payer(request: web.Request) -> web.StreamResponse:
    form = {name: value for name, value in request[FORM].items() if name != "csrf"}
    name = form.get("method", "")
    method = Method(name) if name in (Method.ACH.value, Method.SEPA.value) else Method.BY_HAND
    try:
        await change_payer(request.app[MARKET], method, form, actor_of(request), ip_of(request))
    except WrongTerms as error:
        return await _payers(request, error.problems, 422)
    return see_other(_PAYERS)


async def _terms(
    request: web.Request, given: Mapping[str, str], problems: Sequence[Problem], http_status: int = 200
) -> web.StreamResponse:
    market, seller_id = request.app[MARKET], request.match_info["seller"]
    seller: Seller | None = market.deals.sellers.get(seller_id)
    if seller is None:
        links = [("Payouts", HOME)]
        return await notice(request, "There is no such seller", "Look in the list.", http_status=404, links=links)
    row = await market.db.read(terms_of, seller_id)
    lines: list[AuditLine] = await market.db.read(audit_of, actor_of(request), f"seller:{seller_id}", limit=_LINES)
    return await page(
        request,
        "console/money/seller_terms.html",
        title=f"How {seller.name} is paid",
        here="payouts",
        seller=seller,
        payers=None,
        row=row,
        typed={**_typed(row), **given},
        problems=problems,
        wrong={each.field for each in problems},
        every=[(each.value, word) for each, word in _EVERY],
        methods=[(each.value, each.title) for each in Method],
        lines=[(each, _changes(each)) for each in lines if each.action == "seller.terms"],
        http_status=http_status,
    )


async def _payers(request: web.Request, problems: Sequence[Problem], http_status: int = 200) -> web.StreamResponse:
    return await page(
        request,
        "console/money/seller_terms.html",
        title="Bank accounts",
        here="payouts",
        seller=None,
        payers=await request.app[MARKET].db.read(payers),
        problems=problems,
        wrong={each.field for each in problems},
        http_status=http_status,
    )


def _changes(line: AuditLine) -> list[tuple[str, str, str]]:
    """What became of what: name, before, after."""
    before: dict[str, str] = orjson.loads(line.before or "{}")
    after: dict[str, str] = orjson.loads(line.after or "{}")
    return [
        (name.replace("_", " "), before.get(name, ""), value)
        for name, value in after.items()
        if before.get(name, "") != value
    ]


def _typed(row: TermsRow) -> dict[str, str]:
    terms = row.terms
    return {
        "currency": terms.currency,
        "every": terms.every.value,
        "zone": terms.zone,
        "net_days": str(terms.net_days),
        "reserve_percent": f"{terms.reserve_bp // 100}.{terms.reserve_bp % 100:02d}",
        "reserve_days": str(terms.reserve_days),
        "chargeback_days": str(terms.chargeback_days),
        "minimum": write_units(terms.minimum_units),
        "method": terms.method.value,
        "address": terms.address,
        "tax_id": terms.tax_id,
    }
