"""On which terms each contract takes leads back, and the form that changes them."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from exchange.flows.change_return_terms import BadTerms, change_return_terms
from exchange.flows.market import Market
from exchange.model.money import BadMoney, Money
from exchange.model.party import Contract, State
from exchange.model.return_terms import RESELLABLE, RETURN_REASONS, ReturnTerms
from exchange.stages.returns.words import reason_words
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.listed.returns import PATH
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

_HOME = f"{PATH}/terms"
_ONE = _HOME + "/{contract_id:[A-Za-z0-9_-]{1,60}}"
_REASON, _EVIDENCE = "reason:", "evidence:"
SIMULATED = "simulated-"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _HOME, show), Page("GET", _ONE, one), Page("POST", _ONE, change))


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request, None, ())


async def one(request: web.Request) -> web.StreamResponse:
    contract = _contract(request)
    return await _gone(request) if contract is None else await _page(request, contract, ())


async def change(request: web.Request) -> web.StreamResponse:
    market, form, contract = request.app[MARKET], request[FORM], _contract(request)
    if contract is None:
        return await _gone(request)
    try:
        days, terms = _read(form)
        await change_return_terms(market, contract.id, days, terms, actor_of(request), ip_of(request))
    except BadTerms as error:
        return await _page(request, contract, error.problems, 422)
    return see_other(_HOME)


def _read(form: Mapping[str, str]) -> tuple[int, ReturnTerms]:
    """Raises `BadTerms` with all that cannot be read."""
    problems = []
    days = form.get("days", "").strip()
    again = form.get("resell_days", "").strip() or "0"
    for each in (days, again):
        if not (each.isascii() and each.isdigit() and len(each) < 5):
            problems.append("The days are a number.")
    try:
        cap = Money.parse(form.get("percent", "").strip(), "USD")
    except BadMoney:
        problems.append("The share is a percentage such as 15 or 7.5.")
        cap = Money.zero("USD")
    if problems:
        raise BadTerms(tuple(problems))
    reasons = tuple(each for each in RETURN_REASONS if form.get(_REASON + each))
    evidence = tuple(
        (each, form[_EVIDENCE + each]) for each in ("*", *RETURN_REASONS) if form.get(_EVIDENCE + each, "")
    )
    return int(days), ReturnTerms(
        reasons,
        cap.units // 100,
        form.get("period", ""),
        form.get("over_cap", ""),
        bool(form.get("auto_approve")),
        bool(form.get("auto_decline")),
        evidence,
        bool(form.get("partial")),
        int(again),
    )


def _contract(request: web.Request) -> Contract | None:
    found = request.app[MARKET].deals.contracts.get(request.match_info["contract_id"])
    return found if found is not None and found in _contracts(request.app[MARKET]) else None


def _contracts(market: Market) -> list[Contract]:
    """Those of real buyers."""
    deals = market.deals
    real = [
        each
        for each in deals.contracts.values()
        if each.state is not State.DELETED and not each.buyer_id.startswith(SIMULATED)
    ]
    return sorted(real, key=lambda each: (each.buyer_id, each.name))


async def _gone(request: web.Request) -> web.StreamResponse:
    return await notice(request, "There is no such contract", "It was removed meanwhile.", http_status=404)


async def _page(
    request: web.Request, chosen: Contract | None, problems: tuple[str, ...], http_status: int = 200
) -> web.Response:
    market = request.app[MARKET]
    return await page(
        request,
        "console/returns/return_terms.html",
        title=f"Returns of {chosen.name}" if chosen is not None else "Terms of returns",
        here="returns",
        contracts=_contracts(market),
        buyers={each.id: each.name for each in market.deals.buyers.values()},
        chosen=chosen,
        evidence=dict(chosen.returns.evidence) if chosen is not None else {},
        reasons=[(each, reason_words(each)) for each in RETURN_REASONS],
        resellable=[reason_words(each) for each in RESELLABLE],
        problems=problems,
        http_status=http_status,
    )
