"""A seller's own files of leads: the list, each one's progress and what its leads became, and its result."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.import_desk import note_taken
from exchange.flows.import_files import FileGone
from exchange.model.importing import ImportRow
from exchange.storage.imports import find_import
from exchange.vault import VaultError
from exchange.web.auth import actor_of
from exchange.web.import_list import OWN_IMPORTS
from exchange.web.import_rows import result_response, shown
from exchange.web.keys import MARKET
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import notice, page

PATH = OWN_IMPORTS.path
_ONE = PATH + "/{import_id:imp_[A-Za-z0-9]{1,40}}"


def pages() -> tuple[Page, ...]:
    return (*pages_of(OWN_IMPORTS, show), Page("GET", _ONE, one), Page("GET", f"{_ONE}/result", result))


async def show(request: web.Request) -> web.StreamResponse:
    view = await view_of(request, OWN_IMPORTS)
    return await page(request, "seller_portal/imports.html", title="Imports", here="imports", view=view, row=None)


async def one(request: web.Request) -> web.StreamResponse:
    row = await _own(request)
    if row is None:
        return await _missing(request)
    each = shown(request.app[MARKET], row)
    return await page(
        request,
        "seller_portal/imports.html",
        title=f"Import {each.file}",
        here="imports",
        mode=row.mode,
        each=each,
        row=row,
        counts=sorted(row.counts.items(), key=lambda item: -item[1]),
    )


async def result(request: web.Request) -> web.StreamResponse:
    """Its rows with what became of each. The people in them are in it: whoever takes it is noted first."""
    market, row = request.app[MARKET], await _own(request)
    if row is None:
        return await _missing(request)
    try:
        response = result_response(market, row)
        await note_taken(market, row, actor_of(request))
        return response
    except (FileGone, VaultError, OSError) as error:
        told = str(error) if isinstance(error, FileGone) else "The result cannot be opened."
        return await notice(request, "There is no result to download", told, http_status=404)


async def _own(request: web.Request) -> ImportRow | None:
    """None for one of another seller's campaign, as for one that is not there."""
    market = request.app[MARKET]
    row = await market.db.read(find_import, request.match_info["import_id"])
    campaign = market.deals.campaigns.get(row.campaign_id) if row is not None else None
    return row if campaign is not None and campaign.seller_id == actor_of(request).party_id else None


async def _missing(request: web.Request) -> web.StreamResponse:
    links = [("Your imports", PATH)]
    return await notice(request, "There is no such import", "It is not yours.", http_status=404, links=links)
