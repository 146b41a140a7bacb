"""The leads a buyer bought, with all their values: what became of them is told here, one by one or many at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from exchange.flows.dispositions import record_reports, teller_of
from exchange.flows.market import Market
from exchange.model.feedback import Channel, Report
from exchange.stages.dispositions import Verdict
from exchange.storage.bought import NOTHING_TOLD
from exchange.web.auth import FORM, actor_of
from exchange.web.buyer_portal.store import buyer
from exchange.web.keys import MARKET
from exchange.web.listed.bought import BOUGHT, PATH
from exchange.web.listed.bought_rows import COLUMNS, SHEET_ROWS_MOST, BoughtLine, sheet_of
from exchange.web.lists.query import read_query
from exchange.web.lists.shape import Choices
from exchange.web.lists.twins import every_line, pages_of, write_csv
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import mode_of, notice, page
from exchange.web.words import plural

HOME = PATH
_UTF8 = b"\xef\xbb\xbf"
"""Before the names of people: by it spreadsheet programs know how their letters are written."""
_QUERY_CHARACTERS = 500
_MARK = "lead."
_WORDS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.RECORDED: "recorded",
        Verdict.UNCHANGED: "said so already",
        Verdict.INVALID: "of a vertical without that word",
        Verdict.NOT_FOUND: "not yours",
    }
)


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(BOUGHT, show, csv=as_csv),
        Page("GET", f"{HOME}.xlsx", as_sheet),
        Page("POST", f"{HOME}/dispositions", tell),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, own = request.app[MARKET], buyer(request)
    return await page(
        request,
        "buyer_portal/leads.html",
        title="Leads",
        here="leads",
        view=await view_of(request, BOUGHT, theirs=_choices(market, own)),
        kinds=kinds_of(market, own),
        told=request.query.get("told", "")[:200],
    )


async def tell(request: web.Request) -> web.StreamResponse:
    """One word for every lead that was ticked."""
    form, market = request[FORM], request.app[MARKET]
    word = form.get("disposition", "").strip()
    leads = [name.removeprefix(_MARK) for name in form if name.startswith(_MARK)]
    if not word or not leads:
        return await notice(
            request, "Nothing was recorded", "Tick the leads and choose a word for them.", http_status=422
        )
    reports = [Report(lead, word) for lead in leads]
    told = await record_reports(market, teller_of(actor_of(request), Channel.PORTAL), reports)
    counts = {verdict: sum(1 for each in told if each.verdict is verdict) for verdict in _WORDS}
    said = ", ".join(f"{plural(count, 'lead')} {_WORDS[verdict]}" for verdict, count in counts.items() if count)
    given = dict(parse_qsl(form.get("back", "")[:_QUERY_CHARACTERS]))
    query = read_query(BOUGHT, given, "test" if form.get("mode") == "test" else "live")
    return see_other(query.url(told=said))


def kinds_of(market: Market, buyer_id: str) -> tuple[str, ...]:
    """Every word a buyer may use: those of the verticals it buys, in their order."""
    bought = {contract.vertical for contract in market.deals.contracts.values() if contract.buyer_id == buyer_id}
    words = (
        word for name in sorted(bought) if name in market.verticals for word in market.verticals[name].dispositions
    )
    return tuple(dict.fromkeys(words))


def _choices(market: Market, buyer_id: str) -> dict[str, Choices]:
    own = [contract for contract in market.deals.contracts.values() if contract.buyer_id == buyer_id]
    kinds = [(kind, kind.replace("_", " ")) for kind in kinds_of(market, buyer_id)]
    return {
        "contract": sorted(((each.id, each.name) for each in own), key=lambda pair: pair[1].lower()),
        "vertical": sorted({(each.vertical, each.vertical.replace("_", " ")) for each in own}),
        "disposition": [(NOTHING_TOLD, "nothing said yet"), *kinds],
    }


async def as_csv(request: web.Request) -> web.StreamResponse:
    """Every lead of the list. Its columns are the fields of every vertical the buyer buys, known before the first."""
    names = _field_names(request.app[MARKET], buyer(request))

    async def rows() -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        async for lines in every_line(request, BOUGHT, read_query(BOUGHT, request.query, mode_of(request))):
            yield [{**dict.fromkeys(names, ""), **(line.values or {}), **line.fields()} for line in lines]

    return await write_csv(request, "leads", [*COLUMNS, *names], rows(), _UTF8)


async def as_sheet(request: web.Request) -> web.StreamResponse:
    """The same as a spreadsheet, up to as many rows as it is made of at once."""
    found: list[BoughtLine] = []
    async for lines in every_line(request, BOUGHT, read_query(BOUGHT, request.query, mode_of(request))):
        found += lines
        if len(found) > SHEET_ROWS_MOST:
            told = f"It would have more than {SHEET_ROWS_MOST:,} rows. Choose a shorter time, or take the CSV."
            return await notice(request, "Too much for a spreadsheet", told, http_status=422)
    response = web.Response(body=await asyncio.to_thread(sheet_of, found))
    response.headers["Content-Type"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response.headers["Content-Disposition"] = 'attachment; filename="leads.xlsx"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _field_names(market: Market, buyer_id: str) -> list[str]:
    own = {contract.vertical for contract in market.deals.contracts.values() if contract.buyer_id == buyer_id}
    verticals = [market.verticals[name] for name in sorted(own) if name in market.verticals]
    return list(dict.fromkeys(spec.name for vertical in verticals for spec in vertical.fields))
