"""Caps that are full and money that is nearly spent: looked for now and then, and told once each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from exchange.flows.deals import Deals
from exchange.flows.market import Market
from exchange.flows.reminders import lasts
from exchange.flows.tell import News, tell
from exchange.model.actor import Role
from exchange.model.money import Money
from exchange.model.party import Buyer, State
from exchange.stages.caps import best_price, cap_parts
from exchange.storage.jobs import add_jobs
from exchange.storage.ledger import last_payments

CAP_REACHED, BALANCE_LOW = "cap.reached", "balance.low"


class Short(NamedTuple):
    """A buyer whose money is short, and the most that one of its contracts may be asked for a lead."""

    buyer: Buyer
    left: Money
    highest: Money


def short_buyers(deals: Deals, available: Mapping[str, Money], leads: int = 1) -> Iterator[Short]:
    """Those of the buyers that are on who cannot pay so many leads at the most they may be asked for one.

    `available` is by buyer id; whoever is not in it has no account.
    """
    highest: dict[str, Money] = {}
    for contract in deals.contracts.values():
        price, known = best_price(contract), highest.get(contract.buyer_id)
        if contract.state is State.ACTIVE and (known is None or known < price):
            highest[contract.buyer_id] = price
    for buyer_id, most in highest.items():
        buyer, left = deals.buyers.get(buyer_id), available.get(buyer_id)
        if buyer is None or left is None or buyer.state is not State.ACTIVE:
            continue
        if left.currency == most.currency and left.units < leads * most.units:
            yield Short(buyer, left, most)


async def tell_spent(market: Market) -> None:
    """A cap once in each of its windows, a balance once after each payment: to the buyer, and to the operators.

    What this process has told it does not tell again while it stays so; what another told goes by the event's name.
    """
    wanted = market.deals.hearers.wanted
    if not wanted & {CAP_REACHED, BALANCE_LOW}:
        return
    found = {f"{each.event}\0{each.about}\0{each.once}": each for each in [*_full(market), *await _low(market)]}
    live = market.live
    live.told_spent &= found.keys()
    new = {name: each for name, each in found.items() if name not in live.told_spent}
    jobs = {name: tell(market, each) for name, each in new.items()}
    if heard := [job for some in jobs.values() for job in some]:
        await market.db.write(add_jobs, heard)
    live.told_spent |= {name for name, some in jobs.items() if some}


def _full(market: Market) -> Iterator[News]:
    """Caps that have no room for another sale at the highest price."""
    now = market.clock.now()
    use = market.live.cap_use(now)
    for contract in market.deals.contracts.values():
        if contract.state is not State.ACTIVE or not (contract.caps or contract.budget):
            continue
        price = best_price(contract)
        for cap in cap_parts(contract, price, now, market.live.windows(contract.zone)):
            used = use.get(cap.key, 0)
            if used + cap.amount <= cap.most:
                continue
            facts: dict[str, object] = {
                "contract_id": contract.id,
                "cap": cap.name,
                "unit": "money" if cap.money else "count",
                "most": _said(cap.most, price.currency, money=cap.money),
                "used": _said(used, price.currency, money=cap.money),
                "currency": price.currency if cap.money else None,
            }
            once = f"{cap.key}:{cap.window_start}"
            yield News(CAP_REACHED, Role.BUYER, contract.buyer_id, contract.id, now, facts, once=once)


async def _low(market: Market) -> list[News]:
    short = list(short_buyers(market.deals, market.live.available))
    if not short:
        return []
    paid = await market.db.read(last_payments, [each.buyer.account for each in short])
    return [await _low_news(market, each, paid.get(each.buyer.account, "")) for each in short]


async def _low_news(market: Market, short: Short, payment: str) -> News:
    now, found = market.clock.now(), await lasts(market, short.buyer, short.left)
    facts: dict[str, object] = {
        "buyer_id": short.buyer.id,
        "leads_left": found.leads if found is not None else None,
        "hours_left": int(found.hours) if found is not None and found.hours is not None else None,
        "available": short.left.text,
        "highest_price": short.highest.text,
        "currency": short.left.currency,
    }
    return News(BALANCE_LOW, Role.BUYER, short.buyer.id, short.buyer.id, now, facts, once=f"after:{payment}")


def _said(units: int, currency: str, *, money: bool) -> object:
    return Money(units, currency).text if money else units
