"""How far caps, budgets and balances are used, against what is usual by this time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from exchange.flows.market import Market, available_in
from exchange.model.money import Money
from exchange.model.party import Cap, Contract, State, Window
from exchange.stages.caps import contract_caps
from exchange.stages.schedule import window_end, window_start
from exchange.storage.dashboard import count_taken, taken_between, usual_price
from exchange.storage.holds import all_cap_use
from exchange.web.story.contracts import SIMULATED
from exchange.web.words import Times, money, plural, roughly

GAUGES = 5
_WEEKS = 4  # that say what is usual by this time
_WEEK_MS = 7 * 86_400_000
_AHEAD, _BEHIND, _NEAR = 1.2, 0.8, 0.95
_LOW_LEADS = 20  # a balance good for fewer is told


@dataclass(frozen=True, slots=True)
class Gauge:
    """How far one cap or balance is used. `expected` is the part usual by now; None where nothing is usual."""

    buyer_id: str
    buyer: str
    contract: str
    kind: str
    used: str
    most: str
    part: float
    expected: float | None
    told: str

    @property
    def fields(self) -> dict[str, Any]:
        return {
            "buyer": self.buyer,
            "contract": self.contract,
            "kind": self.kind,
            "used": self.used,
            "most": self.most,
            "expected_by_now": None if self.expected is None else round(self.expected, 3),
            "told": self.told,
        }


class _Of(NamedTuple):
    """One cap of a contract as it stands."""

    contract: Contract
    name: str
    cap: Cap
    used: int
    start: int


async def gauges(market: Market, mode: str, times: Times, most: int = GAUGES) -> list[Gauge]:
    """The fullest caps of contracts that are on, then balances that are good for few leads. Test leads use up none."""
    if mode != "live":
        return []
    use = (await market.db.read(all_cap_use, times.now)).used
    found = [
        _Of(contract, name, cap, use.get((key, start), 0), start)
        for contract in market.deals.contracts.values()
        if contract.state is State.ACTIVE and not contract.id.startswith(SIMULATED)
        for key, name, cap in contract_caps(contract)
        for start in [window_start(cap.window, contract.zone, times.now)]
    ]
    found.sort(key=lambda each: (-_part(each), each.contract.id))
    return [*[await _gauge(market, each, times) for each in found[:most]], *await _balances(market, times)]


def _part(each: _Of) -> float:
    return each.used / each.cap.most if each.cap.most else 1.0


async def _gauge(market: Market, each: _Of, times: Times) -> Gauge:
    contract = each.contract
    expected = await _expected(market, each, times)
    buyer = market.deals.buyers.get(contract.buyer_id)
    return Gauge(
        contract.buyer_id,
        buyer.name if buyer is not None else contract.buyer_id,
        contract.name,
        "budget" if each.name == "budget" or each.cap.unit == "money" else "cap",
        _amount(each.used, each.cap, contract),
        _amount(each.cap.most, each.cap, contract),
        _part(each),
        expected,
        _pace(each, expected, times),
    )


async def _expected(market: Market, each: _Of, times: Times) -> float | None:
    """By this time of the same day in the last four weeks; by the share of time gone where these sold nothing, and of
    months. Money is told by how many sales there were, at the price of the newest.
    """
    if each.cap.window is Window.TOTAL:
        return None
    zone, sales = ZoneInfo(each.contract.zone), 0
    for week in range(1, _WEEKS + 1) if each.cap.window is not Window.MONTH else ():
        local = Times(zone, times.now).local(times.now) - timedelta(weeks=week)
        until = int(local.timestamp() * 1_000)
        begin = window_start(each.cap.window, each.contract.zone, until)
        sales += await market.db.read(count_taken, each.contract.id, begin, until)
    if sales and each.cap.most:
        price = await market.db.read(usual_price, each.contract.id) if each.cap.unit == "money" else 1
        return sales * price / _WEEKS / each.cap.most
    end = window_end(each.cap.window, each.contract.zone, times.now)
    return (times.now - each.start) / (end - each.start)


def _amount(units: int, cap: Cap, contract: Contract) -> str:
    return money(Money(units, contract.max_bid.currency)) if cap.unit == "money" else f"{units:,}"


def _pace(each: _Of, expected: float | None, times: Times) -> str:
    window, contract = each.cap.window, each.contract
    if window is Window.TOTAL or expected is None:
        return "budget" if each.name == "budget" else "in all"
    period = f"{'an' if window is Window.HOUR else 'a'} {window.value}"
    end = window_end(window, contract.zone, times.now)
    local = Times(ZoneInfo(contract.zone), times.now)
    resets = f"resets {local.local(end):%H:%M} {local.zone_name(end)}, in {roughly(end - times.now)}"
    part = _part(each)
    if part >= _NEAR:
        return f"{period}, {_amount(max(each.cap.most - each.used, 0), each.cap, contract)} left, {resets}"
    ahead, behind = part > expected * _AHEAD + 0.02, part < expected * _BEHIND
    return f"{period}, {'ahead of pace' if ahead else 'behind pace' if behind else 'on pace'}, {resets}"


async def _balances(market: Market, times: Times) -> list[Gauge]:
    """What prepaid accounts had when the day began, what of it is spent, and how many leads the rest is good for."""
    available = await available_in(market, "live")
    begin = times.today()[0]
    made: list[tuple[int, Gauge]] = []
    for buyer_id, left in available.items():
        buyer, price = market.deals.buyers[buyer_id], _price(market, buyer_id)
        if price is None or not price.units or left.currency != price.currency or buyer.state is not State.ACTIVE:
            continue
        leads = max(left.units, 0) // price.units
        if leads >= _LOW_LEADS:
            continue
        spent = 0
        for contract in market.deals.contracts.values():
            if contract.buyer_id == buyer_id:
                spent += (await market.db.read(taken_between, contract.id, begin, times.now + 1)).units
        had = max(left.units, 0) + spent
        told = f"balance {money(left)}, about {plural(leads, 'lead')}"
        used, most = money(Money(spent, left.currency)), money(Money(had, left.currency))
        part = spent / had if had else 1.0
        made.append((leads, Gauge(buyer_id, buyer.name, "balance", "balance", used, most, part, None, told)))
    return [gauge for _, gauge in sorted(made, key=lambda pair: (pair[0], pair[1].buyer_id))][:2]


def _price(market: Market, buyer_id: str) -> Money | None:
    prices = [
        each.max_bid
        for each in market.deals.contracts.values()
        if each.buyer_id == buyer_id and each.state is State.ACTIVE
    ]
    return max(prices, key=lambda price: price.units, default=None)


def full_buyers(market: Market, times: Times, use: Mapping[str, int]) -> set[str]:
    """Buyers all of whose contracts that are on have a full cap. `use` is by cap key, of the windows of now."""
    state: dict[str, bool] = {}
    for contract in market.deals.contracts.values():
        if contract.state is not State.ACTIVE or contract.id.startswith(SIMULATED):
            continue
        full = any(use.get(key, 0) >= cap.most for key, _, cap in contract_caps(contract))
        state[contract.buyer_id] = state.get(contract.buyer_id, True) and full
    return {buyer_id for buyer_id, full in state.items() if full}
