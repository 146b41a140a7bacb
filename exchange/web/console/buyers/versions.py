"""Every version of a contract: who made it, in what it differs, and an older one brought back."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from aiohttp import web

from exchange.flows.contracts import Moved, save_terms, told_differences
from exchange.model.party import Contract
from exchange.storage.parties import contract_versions
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.buyers._of import CONTRACT, contract_in, no_such
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

LISTED = 100


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", f"{CONTRACT}/versions", show),
        Page("POST", f"{CONTRACT}/versions", bring_back),
    )


async def show(request: web.Request) -> web.StreamResponse:
    contract, market = contract_in(request), request.app[MARKET]
    if contract is None:
        return await no_such(request, "contract")
    found = await market.db.read(contract_versions, contract.id, LISTED)
    wanted = _number(request.query.get("with", ""))
    other = next((each for each, _, _ in found if each.version == wanted), None)
    changes = {}
    for (newer, _, _), (older, _, _) in pairwise(found):
        changes[newer.version] = [each.label for each in told_differences(market, older, newer)]
    return await page(
        request,
        "console/buyers/versions.html",
        title=f"Versions of {contract.name}",
        here="buyers",
        contract=contract,
        buyer=market.deals.buyers[contract.buyer_id],
        versions=found,
        changes=changes,
        other=other,
        differences=told_differences(market, other, contract) if other is not None else (),
    )


async def bring_back(request: web.Request) -> web.StreamResponse:
    """The terms of an older version become a new one. Whether it is paused stays as it is."""
    contract, market = contract_in(request), request.app[MARKET]
    if contract is None:
        return await no_such(request, "contract")
    wanted = _number(request[FORM].get("version", ""))
    found = await market.db.read(contract_versions, contract.id, LISTED)
    other = next((each for each, _, _ in found if each.version == wanted), None)
    if other is None:
        return await no_such(request, "version")
    try:
        await save_terms(market, _terms_of(other, contract), contract.version, actor_of(request), ip_of(request))
    except Moved:
        told = "Somebody changed the contract meanwhile. Compare again."
        return await notice(request, "Nothing was changed", told, http_status=409)
    return see_other(f"/console/contracts/{contract.id}/versions?with={wanted}")


def _terms_of(other: Contract, now: Contract) -> Contract:
    return replace(
        other, version=now.version, state=now.state, mode=now.mode, paused_reason=now.paused_reason, pause=now.pause
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
