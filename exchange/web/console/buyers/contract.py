"""The terms of one contract: changed as a new version, counted while they are changed; a new one begins here too."""

from __future__ import annotations

from aiohttp import web

from exchange import limits
from exchange.flows.contracts import Moved, add_contract, save_terms
from exchange.flows.go_live import NotReady, go_live
from exchange.flows.samples import readiness
from exchange.model.party import Contract
from exchange.stages.contract_terms import SECTIONS, BadTerms
from exchange.web.auth import FORM, actor_of, ip_of, is_token, without_token
from exchange.web.console.buyers._of import BUYER, CONTRACT, buyer_in, contract_in, no_such
from exchange.web.contracts.form import FIELD_BYTES, FIELDS_MOST, SAVE, Sent, form_of, read_sent, wanted_in, with_file
from exchange.web.figures.buyers import contract_standing
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, notice, page, times_of
from exchange.web.small_form import BadForm, read_small_form
from exchange.web.uploads import closed

ALL = tuple(SECTIONS)


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", CONTRACT, show),
        Page("POST", CONTRACT, change),
        Page("POST", f"{CONTRACT}/live", live),
        Page("POST", f"{BUYER}/contracts", add),
    )


def uploads() -> tuple[Page, ...]:
    return (Page("POST", f"{CONTRACT}/file", with_a_file),)


async def show(request: web.Request) -> web.StreamResponse:
    contract = contract_in(request)
    return await no_such(request, "contract") if contract is None else await _page(request, contract)


async def change(request: web.Request) -> web.StreamResponse:
    """A step of the form shows it again; saving makes a version."""
    contract, market = contract_in(request), request.app[MARKET]
    if contract is None:
        return await no_such(request, "contract")
    sent = read_sent(request[FORM], ALL)
    if sent.do != SAVE:
        return await _page(request, contract, sent)
    try:
        wanted = wanted_in(market, contract, sent, ALL)
        version = await save_terms(market, wanted, sent.seen or contract.version, actor_of(request), ip_of(request))
    except BadTerms as error:
        return await _page(request, contract, sent, error)
    except Moved:
        told = "Somebody changed this contract since you opened it. Look at its versions, then repeat your change."
        links = [("Its versions", f"/console/contracts/{contract.id}/versions"), ("The contract", _path(contract))]
        return await notice(request, "Nothing was saved", told, http_status=409, links=links)
    return see_other(f"{_path(contract)}?saved={version}")


async def with_a_file(request: web.Request) -> web.StreamResponse:
    """ZIP codes of a file join those in the form: without a script."""
    contract = contract_in(request)
    try:
        form = await read_small_form(request, limits.RETURN_FILE_BYTES, FIELD_BYTES, FIELDS_MOST)
    except BadForm as error:
        return closed(await notice(request, "The file was not read", str(error), http_status=400))
    if not is_token(request[SESSION], form.fields):
        return closed(await without_token(request))
    if contract is None:
        return await no_such(request, "contract")
    content = form.file.content if form.file is not None else b""
    return await _page(request, contract, read_sent(with_file(form.fields, content), ALL))


async def add(request: web.Request) -> web.StreamResponse:
    buyer, form = buyer_in(request), request[FORM]
    if buyer is None:
        return await no_such(request, "buyer")
    vertical, connection = form.get("vertical", ""), form.get("connection", "")
    try:
        made = await add_contract(request.app[MARKET], buyer, vertical, connection, actor_of(request), ip_of(request))
    except BadTerms as error:
        told = [each.message for each in error.wrong]
        links = [(buyer.name, f"/console/buyers/{buyer.id}")]
        return await notice(request, "No contract was made", *told, http_status=422, links=links)
    return see_other(f"/console/contracts/{made}")


async def live(request: web.Request) -> web.StreamResponse:
    """A contract that was being set up takes leads from now on."""
    contract, form = contract_in(request), request[FORM]
    if contract is None:
        return await no_such(request, "contract")
    cap = form.get("per_day", "").strip()
    if cap and not (cap.isascii() and cap.isdecimal() and len(cap) < 8):
        told = "The starting cap is a whole number of leads a day; empty leaves the caps as they are."
        return await notice(request, "It is not live", told, http_status=422, links=[("Back", _path(contract))])
    try:
        await go_live(request.app[MARKET], contract.id, int(cap or 0), actor_of(request))
    except NotReady as error:
        test = f"/console/connectors/{contract.connection}/test?contract={contract.id}"
        links = [("Test the connection", test), ("Back", _path(contract))]
        return await notice(request, "It is not live yet", *error.missing, http_status=422, links=links)
    return see_other(_path(contract))


def _path(contract: Contract) -> str:
    return f"/console/contracts/{contract.id}"


async def _page(
    request: web.Request, contract: Contract, sent: Sent | None = None, error: BadTerms | None = None
) -> web.Response:
    market = request.app[MARKET]
    standing = contract_standing(market, contract, times_of(request))
    return await page(
        request,
        "console/buyers/contract.html",
        title=contract.name,
        here="buyers",
        contract=contract,
        buyer=market.deals.buyers[contract.buyer_id],
        standing=standing,
        form=await form_of(request, contract, actor_of(request), ALL, sent, error),
        ready=await readiness(market, contract.connection) if standing.key == "new" else None,
        saved=request.query.get("saved", "")[:9],
        base=_path(contract),
        http_status=422 if error is not None else 200,
    )
