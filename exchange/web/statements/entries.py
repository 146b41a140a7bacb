"""The leads and adjustments behind a statement, or behind one line of it."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.seller_statements import Document, entry_fields
from exchange.storage.payout_sums import EntryLine, entries, read_cursor, write_cursor
from exchange.web.keys import MARKET
from exchange.web.render import address, page
from exchange.web.render import as_json as json_response
from exchange.web.statements.told import KINDS, campaign_name, told

_PAGE = 50
_LISTED = 1_000


async def show(base: str, here: str, request: web.Request, document: Document) -> web.StreamResponse:
    """The leads behind a statement or one line of it, page by page."""
    market = request.app[MARKET]
    found, after = await _page_of(market, request, document, _PAGE)
    kind, campaign = request.query.get("kind", ""), request.query.get("campaign", "")
    at = request.path.removesuffix("/entries")
    return await page(
        request,
        "statements/entries.html",
        title="Entries of a statement",
        here=here,
        bill=told(market, document),
        document=document,
        entries=found,
        kinds=KINDS,
        kind=kind if kind in KINDS else "",
        campaign=campaign_name(market, campaign) if campaign not in ("", "none") else "",
        campaign_names={each.campaign_id: campaign_name(market, each.campaign_id) for each in found},
        older=address(request.path, kind=kind, campaign=campaign, after=after) if after else "",
        twin=address(f"{request.path}.json", kind=kind, campaign=campaign),
        at=at,
        base=base,
    )


async def as_json(request: web.Request, document: Document) -> web.StreamResponse:
    found, after = await _page_of(request.app[MARKET], request, document, _LISTED)
    return json_response({"entries": [entry_fields(document, each) for each in found], "after": after or None})


async def _page_of(market: Market, request: web.Request, document: Document, limit: int) -> tuple[list[EntryLine], str]:
    """A page of entries, and where the next one goes on (empty: it is the last)."""
    kind, campaign = request.query.get("kind", ""), request.query.get("campaign", "")
    after = read_cursor(request.query.get("after", ""))
    chosen = None if not campaign else "" if campaign == "none" else campaign
    found = await market.db.read(entries, document.period, after, limit + 1, kind if kind in KINDS else "", chosen)
    if len(found) <= limit:
        return found, ""
    return found[:limit], write_cursor(found[limit - 1])
