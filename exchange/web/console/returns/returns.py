"""The queue of returns: what waits for a person, what was decided and by which rule, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.return_terms import allowance_at
from exchange.model.actor import Actor
from exchange.model.return_terms import RETURN_REASONS
from exchange.stages.returns.terms import Allowance, period_at
from exchange.stages.returns.words import reason_words
from exchange.storage.return_views import (
    by_reason_and_source,
    count_returns,
    list_returns,
    rates_by_contract,
)
from exchange.web.auth import actor_of
from exchange.web.charts.bars import share
from exchange.web.charts.pairs import Pair, pairs
from exchange.web.csv_rows import csv_rows
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import mode_of, page
from exchange.web.return_query import AGES, PAGE, PATH, TABS, ReturnQuery, read_query
from exchange.web.return_rows import COLUMNS, ReturnLine, csv_line, line_of
from exchange.web.words import percent, plural

LISTED = 1_000
_DAYS_MS = 30 * 86_400_000
_CHARTED = 8


@dataclass(frozen=True, slots=True)
class Rate:
    """How much of what a contract bought came back, and may."""

    buyer: str
    contract: str
    bought: int
    asked: int
    limit_bp: int

    @property
    def over(self) -> bool:
        return self.asked * 10_000 > self.bought * self.limit_bp


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", PATH, show),
        Page("GET", f"{PATH}.json", as_json),
        Page("GET", f"{PATH}.csv", as_csv),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    query, now = read_query(request.query, mode_of(request)), market.clock.now()
    rows = await market.db.read(list_returns, actor, query.filter(now, PAGE + 1))
    lines = [line_of(market, row) for row in rows[:PAGE]]
    more = lines[-1] if len(rows) > PAGE else None
    rates = await _rates(market, actor, query.mode)
    return await page(
        request,
        "console/returns/returns.html",
        title="Returns",
        here="returns",
        query=query,
        tabs=TABS,
        lines=lines,
        older=query.older(more.asked_at, more.id) if more is not None else None,
        total=await market.db.read(count_returns, actor, ReturnQuery(query.mode, query.given).filter(now, 1)),
        used=await _used(market, lines, query.mode),
        choices=_choices(market),
        counts=await _reasons(market, actor, query.mode),
        rates=rates,
        chart=_chart(rates),
        left_bar=lambda line: share(line.left(now), 1.0, "c-one" if line.left(now) > 0.2 else "c-warn"),
        reason_words=reason_words,
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    """The same list: `older` goes on where it ended."""
    market, actor = request.app[MARKET], actor_of(request)
    query, now = read_query(request.query, mode_of(request)), market.clock.now()
    rows = await market.db.read(list_returns, actor, query.filter(now, LISTED + 1))
    lines = [line_of(market, row) for row in rows[:LISTED]]
    more = lines[-1] if len(rows) > LISTED else None
    fields = {
        "mode": query.mode,
        "filters": dict(query.given),
        "returns": [
            {**line.fields(), "evidence": [{"fact": each.sentence, "mark": each.mark.value} for each in line.facts]}
            for line in lines
        ],
        "older": query.url(".json", before=f"{more.asked_at}_{more.id}") if more is not None else None,
    }
    return json_response(fields)


async def as_csv(request: web.Request) -> web.StreamResponse:
    """The whole list, written as it is read."""
    market, actor = request.app[MARKET], actor_of(request)
    query, now = read_query(request.query, mode_of(request)), market.clock.now()
    response = web.StreamResponse(headers={"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "no-store"})
    response.headers["Content-Disposition"] = 'attachment; filename="returns.csv"'
    await response.prepare(request)
    await response.write(csv_rows([list(COLUMNS)]))
    before = query.before
    while True:
        wanted = ReturnQuery(query.mode, query.given, before).filter(now, LISTED)
        rows = await market.db.read(list_returns, actor, wanted)
        await response.write(csv_rows([csv_line(line_of(market, row)) for row in rows]))
        if len(rows) < LISTED:
            break
        before = (rows[-1]["asked_at"], rows[-1]["id"])
    await response.write_eof()
    return response


async def _used(market: Market, lines: list[ReturnLine], mode: str) -> Mapping[str, Allowance]:
    """By request, what its contract has used of the allowance of that period, each period looked up once."""
    found: dict[str, Allowance] = {}
    known: dict[tuple[str, int], Allowance] = {}
    for line in lines:
        contract = market.deals.contracts.get(line.contract_id)
        if contract is None:
            continue
        begins, _ = period_at(contract, line.sold_at)
        if (contract.id, begins) not in known:
            known[contract.id, begins] = await allowance_at(market, contract, mode, line.sold_at)
        found[line.id] = known[contract.id, begins]
    return found


async def _reasons(market: Market, actor: Actor, mode: str) -> list[tuple[str, str, int, int]]:
    """Reason, seller, requests and grants of the last 30 days, the most first."""
    rows = await market.db.read(by_reason_and_source, actor, mode, market.clock.now() - _DAYS_MS)
    sellers = market.deals.sellers
    return [
        (
            reason_words(row["reason"]),
            sellers[row["seller_id"]].name if row["seller_id"] in sellers else row["seller_id"],
            row["asked"],
            row["granted"],
        )
        for row in rows
    ]


async def _rates(market: Market, actor: Actor, mode: str) -> list[Rate]:
    rows = await market.db.read(rates_by_contract, actor, mode, market.clock.now() - _DAYS_MS)
    found = []
    for row in rows:
        contract, buyer = market.deals.contracts.get(row["contract_id"]), market.deals.buyers.get(row["buyer_id"])
        name = buyer.name if buyer is not None else row["buyer_id"]
        limit = contract.returns.cap_bp if contract is not None else 0
        found.append(Rate(name, row["contract_id"], row["bought"], row["asked"], limit))
    return found


def _chart(rates: list[Rate]) -> object:
    shown = [each for each in rates if each.asked][:_CHARTED]
    if not shown:
        return None
    groups = [
        Pair(
            each.buyer[:14],
            each.limit_bp / 10_000,
            each.asked / each.bought if each.bought else 0.0,
            f"{each.asked} of {each.bought} leads, {percent(each.limit_bp, 10_000)} allowed",
        )
        for each in shown
    ]
    over = sum(each.over for each in shown)
    summary = f"Return rate of {plural(len(shown), 'contract')} against its limit; {over} over it."
    return pairs(groups, summary)


def _choices(market: Market) -> dict[str, list[tuple[str, str]]]:
    deals = market.deals
    return {
        "buyer": sorted(((each.id, each.name) for each in deals.buyers.values()), key=lambda pair: pair[1]),
        "seller": sorted(((each.id, each.name) for each in deals.sellers.values()), key=lambda pair: pair[1]),
        "reason": [(each, reason_words(each)) for each in RETURN_REASONS],
        "suggestion": [("approve", "Approve"), ("decline", "Decline"), ("look", "A person looks")],
        "age": list(AGES.items()),
    }
