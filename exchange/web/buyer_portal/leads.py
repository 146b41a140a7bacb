"""The leads a buyer bought, with all their values: what became of them is told here, one by one or many at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import orjson
from aiohttp import web

from exchange.flows.dispositions import record_reports, teller_of
from exchange.flows.market import Market
from exchange.model.feedback import Channel, Report
from exchange.stages.dispositions import Verdict
from exchange.storage.bought import NOTHING_TOLD, BoughtFilter, count_bought
from exchange.web.auth import FORM, actor_of
from exchange.web.bought_rows import COLUMNS, SHEET_ROWS_MOST, BoughtLine, every_bought, read_bought, sheet_of
from exchange.web.buyer_portal.store import buyer
from exchange.web.csv_rows import csv_rows
from exchange.web.keys import MARKET
from exchange.web.lead_query import PERIODS, period_of
from exchange.web.pages import Page, see_other
from exchange.web.render import address, mode_of, notice, page, times_of
from exchange.web.words import Times, plural

HOME = "/buyer/leads"
PAGE = 50
COUNTED = 10_000
_FILTERS = ("contract", "vertical", "disposition", "period")
_BEFORE = re.compile(r"(\d{1,15})_([A-Za-z]{2,6}_[0-9A-Za-z_-]{1,60})")
_MARK = "lead."
_WORDS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.RECORDED: "recorded",
        Verdict.UNCHANGED: "said so already",
        Verdict.INVALID: "of a vertical without that word",
        Verdict.NOT_FOUND: "not yours",
    }
)


@dataclass(frozen=True, slots=True)
class BoughtQuery:
    """The filters of the list as they stand in its address."""

    mode: str
    given: Mapping[str, str]
    before: tuple[int, str] | None = None

    def url(self, twin: str = "", **changes: str) -> str:
        query: dict[str, str | None] = {**self.given, "mode": self.mode if self.mode == "test" else None}
        return address(HOME + twin, **{**query, **changes})

    def filter(self, times: Times, limit: int = PAGE) -> BoughtFilter:
        given = self.given
        since, until = period_of(given.get("period"), times)
        return BoughtFilter(
            self.mode,
            given.get("contract", ""),
            given.get("disposition", ""),
            given.get("vertical", ""),
            since,
            until,
            self.before,
            limit,
        )


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_json_file),
        Page("GET", f"{HOME}.csv", as_csv),
        Page("GET", f"{HOME}.xlsx", as_sheet),
        Page("POST", f"{HOME}/dispositions", tell),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor, times = request.app[MARKET], actor_of(request), times_of(request)
    query = read_query(request.query, mode_of(request))
    lines = await read_bought(market, actor, query.filter(times, PAGE + 1))
    more = lines[PAGE - 1] if len(lines) > PAGE else None
    return await page(
        request,
        "buyer_portal/leads.html",
        title="Leads",
        here="leads",
        query=query,
        lines=lines[:PAGE],
        older=query.url(before=f"{more.accepted_at}_{more.sale_id}") if more else None,
        total=await market.db.read(count_bought, actor, query.filter(times), COUNTED),
        most=COUNTED,
        choices=_choices(market, buyer(request)),
        kinds=kinds_of(market, buyer(request)),
        words_of={name: vertical.dispositions for name, vertical in market.verticals.items()},
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
    query = read_query(dict(_pairs(form.get("back", ""))), "test" if form.get("mode") == "test" else "live")
    return see_other(query.url(told=said))


def read_query(query: Mapping[str, str], mode: str) -> BoughtQuery:
    """The filters of an address. Unknown names and periods are none."""
    given = {name: query.get(name, "").strip()[:80] for name in _FILTERS}
    if given["period"] not in PERIODS:
        given["period"] = ""
    mark = _BEFORE.fullmatch(query.get("before", ""))
    before = (int(mark[1]), mark[2]) if mark else None
    return BoughtQuery(mode, {name: value for name, value in given.items() if value}, before)


def _pairs(text: str) -> list[tuple[str, str]]:
    """`name=value` by commas, as the form keeps the filters it came from."""
    found = [part.partition("=") for part in text[:500].split("&") if "=" in part]
    return [(name, value) for name, _, value in found]


def kinds_of(market: Market, buyer_id: str) -> tuple[str, ...]:
    """Every word a buyer may use: those of the verticals it buys, in their order."""
    bought = {contract.vertical for contract in market.deals.contracts.values() if contract.buyer_id == buyer_id}
    words = (
        word for name in sorted(bought) if name in market.verticals for word in market.verticals[name].dispositions
    )
    return tuple(dict.fromkeys(words))


def _choices(market: Market, buyer_id: str) -> dict[str, list[tuple[str, str]]]:
    own = [contract for contract in market.deals.contracts.values() if contract.buyer_id == buyer_id]
    kinds = [(kind, kind.replace("_", " ")) for kind in kinds_of(market, buyer_id)]
    return {
        "contract": sorted(((each.id, each.name) for each in own), key=lambda pair: pair[1].lower()),
        "vertical": sorted({(each.vertical, each.vertical.replace("_", " ")) for each in own}),
        "disposition": [(NOTHING_TOLD, "nothing said yet"), *kinds],
        "period": list(PERIODS.items()),
    }


async def as_json_file(request: web.Request) -> web.StreamResponse:
    """Every lead of the list with its values, written as it is read."""
    response = await _begun(request, "application/json", "json")
    query = read_query(request.query, mode_of(request))
    await response.write(orjson.dumps({"mode": query.mode, "filters": dict(query.given)})[:-1] + b',"leads":[')
    count = 0
    async for lines in every_bought(request.app[MARKET], actor_of(request), query.filter(times_of(request))):
        told = b",".join(orjson.dumps({**line.fields(), "lead": line.values}) for line in lines)
        await response.write(b"," + told if count else told)
        count += len(lines)
    await response.write(b'],"count":%d}' % count)
    await response.write_eof()
    return response


async def as_csv(request: web.Request) -> web.StreamResponse:
    """The same as CSV. Its columns are the fields of every vertical the buyer buys, known before the first row."""
    market = request.app[MARKET]
    names = _field_names(market, buyer(request))
    response = await _begun(request, "text/csv", "csv")
    await response.write(b"\xef\xbb\xbf" + csv_rows([[*COLUMNS, *names]]))
    query = read_query(request.query, mode_of(request))
    async for lines in every_bought(market, actor_of(request), query.filter(times_of(request))):
        await response.write(csv_rows([_cells(line, names) for line in lines]))
    await response.write_eof()
    return response


async def as_sheet(request: web.Request) -> web.StreamResponse:
    """The same as a spreadsheet, up to as many rows as it is made of at once."""
    market, query = request.app[MARKET], read_query(request.query, mode_of(request))
    found: list[BoughtLine] = []
    async for lines in every_bought(market, actor_of(request), query.filter(times_of(request))):
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


def _cells(line: BoughtLine, names: list[str]) -> list[object]:
    fields, values = line.fields(), line.values or {}
    return [*(fields[name] for name in COLUMNS), *(values.get(name, "") for name in names)]


async def _begun(request: web.Request, content_type: str, twin: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": f"{content_type}; charset=utf-8"})
    response.headers["Cache-Control"] = "no-store"
    if twin == "csv":
        response.headers["Content-Disposition"] = 'attachment; filename="leads.csv"'
    await response.prepare(request)
    return response
