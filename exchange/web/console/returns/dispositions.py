"""What buyers reported, by every way, newest first; and a list of leads that somebody reports for a buyer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, NamedTuple

import orjson
from aiohttp import web

from exchange import limits
from exchange.flows.dispositions import Teller, record_reports
from exchange.flows.market import Market
from exchange.flows.reports_in import contracts_over, read_now
from exchange.model.feedback import Channel, Report
from exchange.model.money import Money
from exchange.stages.dispositions import Verdict
from exchange.storage.bought import ToldFilter, told_lately
from exchange.storage.database import Row
from exchange.storage.disposition_polls import ReadState, read_states
from exchange.web.auth import FORM, actor_of
from exchange.web.csv_rows import csv_rows
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import address, mode_of, notice, page
from exchange.web.report_files import Place
from exchange.web.report_files import pages as file_pages
from exchange.web.report_files import uploads as file_uploads
from exchange.web.story.dispositions import CHANNELS, buyer_name
from exchange.web.told_in import PATH as TOLD_PATH
from exchange.web.words import plural, utc

HOME = "/console/dispositions"
PAGE = 50
AT_ONCE = 500
COLUMNS = (
    "disposition_id",
    "lead_id",
    "buyer",
    "vertical",
    "disposition",
    "word",
    "value",
    "currency",
    "at",
    "told_at",
    "channel",
    "told_by",
    "overtaken",
)
_FILTERS = ("buyer", "channel", "disposition")
_FILES = Place(f"{HOME}/files", "dispositions", "Files of dispositions")
_BEFORE = re.compile(r"(\d{1,15})_(dsp_[0-9A-Z]{1,40})")
_SAID = (Verdict.RECORDED, Verdict.UNCHANGED, Verdict.NOT_FOUND, Verdict.INVALID)


class System(NamedTuple):
    """A buyer's system: how often it is asked (None: never), whether it calls by itself, and how that went."""

    name: str
    buyers: str
    every_ms: int | None
    calls: bool
    state: ReadState


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_json),
        Page("GET", f"{HOME}.csv", as_csv),
        Page("POST", f"{HOME}/many", tell),
        Page("POST", f"{HOME}/read", read),
        *file_pages(_FILES),
    )


def uploads() -> tuple[Page, ...]:
    return file_uploads(_FILES)


async def show(request: web.Request) -> web.StreamResponse:
    market, wanted = request.app[MARKET], _wanted(request, PAGE + 1)
    rows = await market.db.read(told_lately, actor_of(request), wanted)
    given = {name: request.query.get(name, "").strip()[:80] for name in _FILTERS}
    more = rows[PAGE - 1] if len(rows) > PAGE else None
    mode = "test" if wanted.mode == "test" else None
    return await page(
        request,
        "console/returns/dispositions.html",
        title="Dispositions",
        here="dispositions",
        lines=[(row, buyer_name(market, row["buyer_id"]), _value(row)) for row in rows[:PAGE]],
        channels=CHANNELS,
        given=given,
        twin=lambda end: address(HOME + end, mode=mode, **given),
        older=address(HOME, mode=mode, before=f"{more['told_at']}_{more['id']}", **given) if more else None,
        choices=_choices(market),
        most=limits.DISPOSITIONS_AT_ONCE,
        told=request.query.get("told", "")[:200],
        systems=await _systems(market),
        told_at=market.public_url + TOLD_PATH,
    )


async def read(request: web.Request) -> web.StreamResponse:
    """Have a buyer's system asked now."""
    name = request[FORM].get("connection", "")
    if not await read_now(request.app[MARKET], name, actor_of(request)):
        return await notice(request, "It cannot be asked", "No such system is ever asked.", http_status=404)
    told = f"{name} is asked within seconds"
    return see_other(address(HOME, told=told))


async def _systems(market: Market) -> list[System]:
    """The buyers' systems that tell by themselves or are asked."""
    states = await market.db.read(read_states)
    found: list[System] = []
    for name, connection in sorted(market.connections.items()):
        if connection.reports is not None:
            names = {buyer_name(market, contract.buyer_id) for contract in contracts_over(market, name)}
            every_ms, calls = connection.reports.every_ms, connection.reports.has_hook
            found.append(System(name, ", ".join(sorted(names)), every_ms, calls, states.get(name, ReadState(name))))
    return found


async def tell(request: web.Request) -> web.StreamResponse:
    """One word for a list of leads, told for their buyer by somebody of the exchange."""
    form, market, actor = request[FORM], request.app[MARKET], actor_of(request)
    names = form.get("leads", "").replace(",", " ").split()
    buyer_id, word = form.get("buyer", ""), form.get("disposition", "").strip()
    if buyer_id not in market.deals.buyers or not names or not word:
        told = "Choose the buyer and the word, and name the leads by id or reference."
        return await notice(request, "Nothing was recorded", told, http_status=422)
    if len(names) > limits.DISPOSITIONS_AT_ONCE:
        told = f"At most {limits.DISPOSITIONS_AT_ONCE} leads at once. Bring a file for more."
        return await notice(request, "Nothing was recorded", told, http_status=422)
    teller = Teller(Channel.CONSOLE, (buyer_id,), f"operator {actor.name}")
    outcomes = await record_reports(market, teller, [Report(name[:120], word) for name in dict.fromkeys(names)])
    counts = {verdict: sum(1 for each in outcomes if each.verdict is verdict) for verdict in _SAID}
    words = {
        Verdict.UNCHANGED: "said so already",
        Verdict.NOT_FOUND: "not matched",
        Verdict.INVALID: "without that word",
    }
    told = ", ".join(f"{plural(n, 'lead')} {words.get(verdict, 'recorded')}" for verdict, n in counts.items() if n)
    location = address(HOME, told=told, mode="test" if mode_of(request) == "test" else None)
    return see_other(location)


async def as_json(request: web.Request) -> web.StreamResponse:
    """Every report of the list, written as it is read."""
    response = await _begun(request, "application/json")
    await response.write(b'{"dispositions":[')
    count = 0
    async for rows in _every(request):
        told = b",".join(orjson.dumps(_fields(row)) for row in rows)
        await response.write(b"," + told if count else told)
        count += len(rows)
    await response.write(b'],"count":%d}' % count)
    await response.write_eof()
    return response


async def as_csv(request: web.Request) -> web.StreamResponse:
    response = await _begun(request, "text/csv")
    await response.write(csv_rows([list(COLUMNS)]))
    async for rows in _every(request):
        await response.write(csv_rows([list(_fields(row).values()) for row in rows]))
    await response.write_eof()
    return response


async def _begun(request: web.Request, content_type: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": f"{content_type}; charset=utf-8"})
    response.headers["Cache-Control"] = "no-store"
    if content_type == "text/csv":
        response.headers["Content-Disposition"] = 'attachment; filename="dispositions.csv"'
    await response.prepare(request)
    return response


async def _every(request: web.Request) -> AsyncIterator[list[Row]]:
    market, wanted = request.app[MARKET], replace(_wanted(request, AT_ONCE), before=None)
    while rows := await market.db.read(told_lately, actor_of(request), wanted):
        yield rows
        if len(rows) < AT_ONCE:
            return
        wanted = replace(wanted, before=(rows[-1]["told_at"], rows[-1]["id"]))


def _wanted(request: web.Request, limit: int) -> ToldFilter:
    buyer, channel, kind = (request.query.get(name, "").strip()[:80] for name in _FILTERS)
    mark = _BEFORE.fullmatch(request.query.get("before", ""))
    return ToldFilter(mode_of(request), buyer, channel, kind, (int(mark[1]), mark[2]) if mark else None, limit)


def _value(row: Row) -> Money | None:
    return Money(row["value_units"], row["currency"]) if row["value_units"] is not None else None


def _fields(row: Row) -> dict[str, Any]:
    """In the order of `COLUMNS`."""
    value = _value(row)
    return {
        "disposition_id": row["id"],
        "lead_id": row["lead_id"],
        "buyer": row["buyer_id"],
        "vertical": row["vertical"],
        "disposition": row["kind"],
        "word": row["word"],
        "value": value.text if value is not None else None,
        "currency": row["currency"],
        "at": utc(row["at"]),
        "told_at": utc(row["told_at"]),
        "channel": row["channel"],
        "told_by": row["told_by"],
        "overtaken": "yes" if row["overtaken"] else "no",
    }


def _choices(market: Market) -> dict[str, list[tuple[str, str]]]:
    kinds = dict.fromkeys(kind for vertical in market.verticals.values() for kind in vertical.dispositions)
    buyers = ((buyer.id, buyer.name) for buyer in market.deals.buyers.values())
    return {
        "buyer": sorted(buyers, key=lambda pair: pair[1].lower()),
        "channel": list(CHANNELS.items()),
        "disposition": [(kind, kind.replace("_", " ")) for kind in sorted(kinds)],
    }
