"""What a buyer bought today, how full its caps are, what is left, and the switch that stops everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aiohttp import web

from exchange.flows.account import account_view
from exchange.flows.missed import DAYS, missed_by
from exchange.model.follow import Duty
from exchange.model.party import State
from exchange.model.rights import Staff
from exchange.storage.bought import BoughtFilter
from exchange.storage.buyer_desk import changes_asked
from exchange.storage.buying import contacted_since
from exchange.storage.spans import Span
from exchange.web.auth import actor_of, duty_of
from exchange.web.bills.account import lasts
from exchange.web.buyer_portal._own import own_buyer
from exchange.web.buyer_portal.work import HOME as WORK
from exchange.web.charts.bars import gauge
from exchange.web.contracts.missed import check_words
from exchange.web.figures.buyers import Line, buyer_lines, contract_lines
from exchange.web.keys import MARKET
from exchange.web.listed.bought_rows import read_bought
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, mode_of, page, times_of
from exchange.web.words import money

DUTIES = tuple(Duty)
LATEST, REASONS = 5, 4
LOOKED_AT = 500
"""So many of the newest leads tell on the first page what was missed; the contract's own page looks at more."""
_HOMES: Mapping[Duty | Staff, str] = MappingProxyType({Duty.AGENT: WORK, Duty.FINANCE: "/buyer/billing"})
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Miss:
    """The check that cost a contract most leads lately."""

    contract_id: str
    contract: str
    word: str
    leads: int
    worth: str


def pages() -> tuple[Page, ...]:
    return (Page("GET", "/buyer", enter),)


async def enter(request: web.Request) -> web.StreamResponse:
    """Agents begin with their work, finance with the bills."""
    duty = duty_of(request[SESSION])
    return see_other(_HOMES[duty]) if duty in _HOMES else await show(request)


async def show(request: web.Request) -> web.StreamResponse:
    market, actor, mode, times = request.app[MARKET], actor_of(request), mode_of(request), times_of(request)
    buyer = own_buyer(request)
    [line] = await buyer_lines(market, actor, mode, times, [buyer])
    contracts = await contract_lines(market, actor, buyer, mode, times)
    account = await account_view(market, actor, buyer)
    return await page(
        request,
        "buyer_portal/home.html",
        title="Home",
        here="home",
        buyer=buyer,
        line=line,
        contracts=[(each, gauge(min(each.cap, 1.0), 1.0, None) if each.cap is not None else "") for each in contracts],
        account=account,
        lasts=lasts(account),
        contacted=await market.db.read(contacted_since, actor, times.now // _DAY_MS - 30),
        latest=await read_bought(market, actor, BoughtFilter(mode, span=Span(limit=LATEST))),
        looked_at=LOOKED_AT,
        missed=await _missed(request, contracts) if mode == "live" else [],
        asked=[row for row in await market.db.read(changes_asked, actor, buyer.id) if row["state"] != "open"][:3],
        names={each.id: each.name for each in contracts},
    )


async def _missed(request: web.Request, lines: list[Line]) -> list[Miss]:
    """The checks that cost its contracts most leads, the worst first."""
    market = request.app[MARKET]
    live = [line.contract for line in lines if line.contract is not None and line.contract.state is State.ACTIVE]
    told = await missed_by(market, actor_of(request), live, DAYS, LOOKED_AT)
    found = [(check.leads, contract, check) for contract in live for check in told[contract.id].checks]
    found.sort(key=lambda each: -each[0])
    made = []
    for leads, contract, check in found[:REASONS]:
        word, _ = check_words(check.name, market.verticals[contract.vertical])
        value = told[contract.id].value(leads)
        worth = f"about {money(value)}" if value is not None else ""
        made.append(Miss(contract.id, contract.name, word, leads, worth))
    return made
