"""A buyer asks its money back for one lead: time left, allowance used, what the contract allows, a note and a file."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from exchange import limits
from exchange.flows.dispositions import Recorded
from exchange.flows.return_rules import consider
from exchange.flows.return_terms import allowance_at
from exchange.flows.returns import Asking, Returnable, Window, ask_return, find_returnable
from exchange.model.lead import Problem
from exchange.model.money import Money
from exchange.model.return_terms import RETURN_REASONS
from exchange.stages.returns.terms import NO_RETURNS
from exchange.stages.returns.words import reason_words
from exchange.web.auth import actor_of, is_token, without_token
from exchange.web.buyer_portal.returns import HOME
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, notice, page
from exchange.web.small_form import BadForm, read_small_form
from exchange.web.uploads import closed

_NEW = f"{HOME}/new"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _NEW, show),)


def uploads() -> tuple[Page, ...]:
    return (Page("POST", _NEW, ask),)


async def show(request: web.Request) -> web.StreamResponse:
    reference = request.query.get("lead", "").strip()[:200]
    found = await find_returnable(request.app[MARKET], actor_of(request), reference) if reference else None
    if found is None:
        return await _not_yours(request)
    if found.request is not None:
        return _to(found.request["id"])
    return await _page(request, found, {})


async def ask(request: web.Request) -> web.StreamResponse:
    """What the rules make of it is known at once."""
    market = request.app[MARKET]
    try:
        form = await read_small_form(request, limits.RETURN_FILE_BYTES)
    except BadForm as error:
        return closed(await notice(request, "It was not asked", str(error), http_status=400))
    if not is_token(request[SESSION], form.fields):
        return closed(await without_token(request))
    fields = {name: value.strip() for name, value in form.fields.items()}
    found = await find_returnable(market, actor_of(request), fields.get("lead", ""))
    if found is None:
        return closed(await _not_yours(request))
    asking = Asking(fields.get("reason", ""), fields.get("note", ""), file=form.file)
    made = await ask_return(market, actor_of(request), found, asking)
    if isinstance(made, Problem):
        return closed(await _page(request, found, fields, made))
    if isinstance(made, Recorded):
        told = f"That is no reason to return a lead. It was recorded as what became of it: {asking.reason}."
        links = [("The lead", f"/buyer/leads/{made.lead_id}"), ("Your returns", HOME)]
        return await notice(request, "Recorded as a disposition", told, http_status=200, links=links)
    row = await consider(market, made.request["id"])
    return _to(row["id"])


def _to(return_id: str) -> web.Response:
    return see_other(f"{HOME}/{return_id}")


async def _not_yours(request: web.Request) -> web.StreamResponse:
    told = "You bought no lead with this id or reference, or its sale was undone."
    return await notice(request, "There is no such lead", told, http_status=404, links=[("Your returns", HOME)])


async def _page(
    request: web.Request, found: Returnable, fields: Mapping[str, str], problem: Problem | None = None
) -> web.Response:
    market, sale, contract = request.app[MARKET], found.sale, found.contract
    allowed = contract.returns.reasons if contract is not None else ()
    use = None
    if contract is not None:
        use = await allowance_at(market, contract, sale["mode"], sale["accepted_at"])
    late = found.window is Window.CLOSED
    return await page(
        request,
        "buyer_portal/return_ask.html",
        title="Too late to return this lead" if late else "Ask to return a lead",
        here="returns",
        http_status=422 if problem is not None else 410 if late else 200,
        sale=sale,
        price=Money(sale["price_units"], sale["currency"]),
        found=found,
        closed=late,
        use=use,
        needs=dict(contract.returns.evidence) if contract is not None else {},
        allowed=[(each, reason_words(each)) for each in allowed],
        refused=[reason_words(each) for each in RETURN_REASONS if each not in allowed],
        dispositions=[reason_words(each) for each in NO_RETURNS],
        fields=fields,
        problem=problem,
        most_mb=limits.RETURN_FILE_BYTES // 1024**2,
    )
