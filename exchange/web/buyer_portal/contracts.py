"""A buyer's own contracts: what it may change itself, with the count while it does; what it asks to have changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiohttp import web

from exchange import limits
from exchange.flows.buyer_desk import BadDesk, request_change
from exchange.flows.contracts import Moved, may_change, save_terms
from exchange.model.party import Contract
from exchange.stages.contract_terms import BadTerms
from exchange.storage.buyer_desk import changes_asked
from exchange.web.auth import FORM, actor_of, ip_of, is_token, without_token
from exchange.web.buyer_portal._own import CONTRACT, no_contract, own_buyer, own_contract
from exchange.web.contracts.form import FIELD_BYTES, FIELDS_MOST, SAVE, Sent, form_of, read_sent, wanted_in, with_file
from exchange.web.contracts.missed import as_fields, missed_page
from exchange.web.figures.buyers import Line, contract_lines, contract_standing
from exchange.web.keys import MARKET
from exchange.web.lists.twins import short_twins
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, mode_of, notice, page, times_of
from exchange.web.render import as_json as json_response
from exchange.web.small_form import BadForm, read_small_form
from exchange.web.uploads import closed

HOME = "/buyer/contracts"
_COLUMNS = (
    "contract_id", "name", "vertical", "state", "told", "price", "max_bid", "currency", "leads_today", "spent_today",
    "cap_used", "cap", "pings", "bids", "chances", "wins",
)  # fmt: skip


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        *short_twins(HOME, "contracts", _COLUMNS, _rows),
        Page("GET", CONTRACT, one),
        Page("POST", CONTRACT, change),
        Page("POST", f"{CONTRACT}/request", ask),
        Page("GET", f"{CONTRACT}/missed", missed),
        Page("GET", f"{CONTRACT}/missed.json", missed_as_json),
    )


def uploads() -> tuple[Page, ...]:
    return (Page("POST", f"{CONTRACT}/file", with_a_file),)


async def show(request: web.Request) -> web.StreamResponse:
    market, actor, buyer = request.app[MARKET], actor_of(request), own_buyer(request)
    return await page(
        request,
        "buyer_portal/contracts.html",
        title="Contracts",
        here="contracts",
        lines=await contract_lines(market, actor, buyer, mode_of(request), times_of(request)),
        contract=None,
        told=None,
    )


async def _rows(request: web.Request) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    market, actor = request.app[MARKET], actor_of(request)
    lines = await contract_lines(market, actor, own_buyer(request), mode_of(request), times_of(request))
    yield [_fields(line, line.contract) for line in lines if line.contract is not None]


def _fields(line: Line, contract: Contract) -> dict[str, object]:
    played = line.played
    return {
        "contract_id": contract.id,
        "name": contract.name,
        "vertical": contract.vertical,
        "state": line.standing.key,
        "told": line.standing.told or None,
        "price": contract.price.text if contract.price is not None else None,
        "max_bid": contract.max_bid.text,
        "currency": contract.max_bid.currency,
        "leads_today": line.leads,
        "spent_today": line.spent.text,
        "cap_used": round(line.cap, 4) if line.cap is not None else None,
        "cap": line.cap_told or None,
        "pings": played.pings,
        "bids": played.bids,
        "chances": played.chances,
        "wins": played.posts,
    }


async def one(request: web.Request) -> web.StreamResponse:
    contract = own_contract(request)
    return await no_contract(request) if contract is None else await _page(request, contract)


async def change(request: web.Request) -> web.StreamResponse:
    contract, market, actor = own_contract(request), request.app[MARKET], actor_of(request)
    if contract is None:
        return await no_contract(request)
    only = may_change(contract, actor)
    sent = read_sent(request[FORM], only)
    if sent.do != SAVE:
        return await _page(request, contract, sent)
    try:
        wanted = wanted_in(market, contract, sent, only)
        version = await save_terms(market, wanted, sent.seen or contract.version, actor, ip_of(request))
    except BadTerms as error:
        return await _page(request, contract, sent, error)
    except Moved:
        told = "It was changed since you opened it. Look at it again, then repeat your change."
        links = [(contract.name, f"{HOME}/{contract.id}")]
        return await notice(request, "Nothing was saved", told, http_status=409, links=links)
    return see_other(f"{HOME}/{contract.id}?saved={version}")


async def with_a_file(request: web.Request) -> web.StreamResponse:
    contract = own_contract(request)
    try:
        form = await read_small_form(request, limits.RETURN_FILE_BYTES, FIELD_BYTES, FIELDS_MOST)
    except BadForm as error:
        return closed(await notice(request, "The file was not read", str(error), http_status=400))
    if not is_token(request[SESSION], form.fields):
        return closed(await without_token(request))
    if contract is None:
        return await no_contract(request)
    content = form.file.content if form.file is not None else b""
    only = may_change(contract, actor_of(request))
    return await _page(request, contract, read_sent(with_file(form.fields, content), only))


async def ask(request: web.Request) -> web.StreamResponse:
    """What it may not change itself it asks for; the answer stands on its page."""
    contract, text = own_contract(request), request[FORM].get("request", "")
    if contract is None:
        return await no_contract(request)
    try:
        await request_change(request.app[MARKET], contract.id, text, actor_of(request), ip_of(request))
    except BadDesk as error:
        links = [(contract.name, f"{HOME}/{contract.id}#request")]
        return await notice(request, "It was not asked", str(error), http_status=422, links=links)
    return see_other(f"{HOME}/{contract.id}#request")


async def missed(request: web.Request) -> web.StreamResponse:
    contract = own_contract(request)
    if contract is None:
        return await no_contract(request)
    return await page(
        request,
        "buyer_portal/contracts.html",
        title=f"Leads {contract.name} missed",
        here="contracts",
        lines=(),
        contract=contract,
        form=None,
        told=await missed_page(request, actor_of(request), contract),
    )


async def missed_as_json(request: web.Request) -> web.StreamResponse:
    contract = own_contract(request)
    if contract is None:
        return await no_contract(request)
    return json_response(as_fields(await missed_page(request, actor_of(request), contract)))


async def _page(
    request: web.Request, contract: Contract, sent: Sent | None = None, error: BadTerms | None = None
) -> web.Response:
    market, actor, buyer = request.app[MARKET], actor_of(request), own_buyer(request)
    asked = await market.db.read(changes_asked, actor, buyer.id)
    return await page(
        request,
        "buyer_portal/contracts.html",
        title=contract.name,
        here="contracts",
        lines=(),
        contract=contract,
        standing=contract_standing(market, contract, times_of(request)),
        form=await form_of(request, contract, actor, may_change(contract, actor), sent, error),
        asked=[row for row in asked if row["contract_id"] == contract.id],
        told=None,
        saved=request.query.get("saved", "")[:9],
        http_status=422 if error is not None else 200,
    )
