"""The queue of returns: what waits for a person, what was decided and by which rule, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.return_terms import allowance_at
from exchange.model.actor import Actor
from exchange.stages.returns.terms import Allowance, period_at
from exchange.stages.returns.words import reason_words
from exchange.storage.return_views import by_reason_and_source, rates_by_contract
from exchange.web.auth import actor_of
from exchange.web.charts.bars import share
from exchange.web.charts.pairs import Pair, pairs
from exchange.web.keys import MARKET
from exchange.web.listed.return_rows import ReturnLine
from exchange.web.listed.returns import RETURNS, TABS, WAITING
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import page
from exchange.web.words import percent, plural

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
    return pages_of(RETURNS, show)


async def show(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    view, now = await view_of(request, RETURNS), market.clock.now()
    tab = view.query.given.get("tab", WAITING)
    if tab != WAITING:
        view = replace(view, actions=())
    rates = await _rates(market, actor, view.query.mode)
    return await page(
        request,
        "console/returns/returns.html",
        title="Returns",
        here="returns",
        view=view,
        tab=tab,
        tabs=[(name, told[0], view.query.url(tab=name, after=None)) for name, told in TABS.items()],
        used=await _used(market, list(view.lines), view.query.mode),
        counts=await _reasons(market, actor, view.query.mode),
        rates=rates,
        chart=_chart(rates),
        left_bar=lambda line: share(line.left(now), 1.0, "c-one" if line.left(now) > 0.2 else "c-warn"),
        reason_words=reason_words,
    )


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
