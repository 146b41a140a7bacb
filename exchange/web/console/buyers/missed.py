"""The leads a contract missed, by the check that kept it out."""

from __future__ import annotations

from aiohttp import web

from exchange.web.auth import actor_of
from exchange.web.console.buyers._of import CONTRACT, contract_in, no_such
from exchange.web.contracts.missed import as_fields, missed_page
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import page


def pages() -> tuple[Page, ...]:
    return (Page("GET", f"{CONTRACT}/missed", show), Page("GET", f"{CONTRACT}/missed.json", as_json))


async def show(request: web.Request) -> web.StreamResponse:
    contract = contract_in(request)
    if contract is None:
        return await no_such(request, "contract")
    return await page(
        request,
        "console/buyers/missed.html",
        title=f"Leads {contract.name} missed",
        here="buyers",
        contract=contract,
        buyer=request.app[MARKET].deals.buyers[contract.buyer_id],
        told=await missed_page(request, actor_of(request), contract),
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    contract = contract_in(request)
    if contract is None:
        return await no_such(request, "contract")
    return json_response(as_fields(await missed_page(request, actor_of(request), contract)))
