"""A buyer asked for its money back by phone or mail: somebody of the exchange writes it down, and it is decided as any
other. A lead that several buyers have may come back from each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

from exchange.flows.dispositions import Recorded
from exchange.flows.return_rules import consider
from exchange.flows.returns import Asking, Returnable, Window, ask_return, find_returnable
from exchange.model.lead import Problem
from exchange.model.money import Money
from exchange.stages.returns.words import reason_words
from exchange.storage.timeline import read_lead_rows
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.listed.returns import PATH
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

_NEW = f"{PATH}/new"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _NEW, show), Page("POST", _NEW, ask))


async def show(request: web.Request) -> web.StreamResponse:
    lead_id = request.query.get("lead", "").strip()[:60]
    sales = await _sales(request, lead_id)
    if not sales:
        return await _nothing(request)
    return await _page(request, lead_id, sales, {})


async def ask(request: web.Request) -> web.StreamResponse:
    """What the rules make of it is known at once."""
    market, form = request.app[MARKET], request[FORM]
    lead_id, chosen = form.get("lead", "").strip()[:60], form.get("sale", "")
    sales = await _sales(request, lead_id)
    found = next((each for each in sales if each.sale["attempt_id"] == chosen), None)
    if found is None:
        return await _nothing(request)
    made = await ask_return(
        market, actor_of(request), found, Asking(form.get("reason", ""), form.get("note", "").strip())
    )
    if isinstance(made, Problem):
        return await _page(request, lead_id, sales, form, made)
    if isinstance(made, Recorded):
        told = "That is no reason to return a lead. It was recorded as what became of it."
        links = [("The lead", f"/console/leads/{made.lead_id}")]
        return await notice(request, "Recorded as a disposition", told, http_status=200, links=links)
    row = await consider(market, made.request["id"])
    return see_other(f"{PATH}/{row['id']}")


async def _sales(request: web.Request, lead_id: str) -> list[Returnable]:
    """Those of the lead that may still be asked back."""
    market, actor = request.app[MARKET], actor_of(request)
    rows = await market.db.read(read_lead_rows, actor, lead_id)
    sales = rows.sales if rows is not None else ()
    found = [await find_returnable(market, actor, sale["attempt_id"]) for sale in sales if sale["reversed_at"] is None]
    return [each for each in found if each is not None and each.window is Window.OPEN]


async def _nothing(request: web.Request) -> web.StreamResponse:
    told = "No sale of this lead can be asked back: nobody has it, it was asked before, or its time is over."
    return await notice(request, "Nothing to return", told, http_status=404, links=[("Returns", PATH)])


async def _page(
    request: web.Request,
    lead_id: str,
    sales: Sequence[Returnable],
    fields: Mapping[str, str],
    problem: Problem | None = None,
) -> web.Response:
    market = request.app[MARKET]
    allowed: dict[str, str] = {}
    for each in sales:
        terms = each.contract.returns if each.contract is not None else None
        allowed |= {reason: reason_words(reason) for reason in (terms.reasons if terms is not None else ())}
    return await page(
        request,
        "console/returns/return_new.html",
        title="Return a lead",
        here="returns",
        mode=sales[0].sale["mode"],
        http_status=422 if problem is not None else 200,
        lead_id=lead_id,
        sales=[
            (
                each,
                market.deals.buyer_name(each.sale["contract_id"]),
                Money(each.sale["price_units"], each.sale["currency"]),
            )
            for each in sales
        ],
        allowed=allowed,
        fields=fields,
        problem=problem,
    )
