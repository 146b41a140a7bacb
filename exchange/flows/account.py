"""A buyer's account as its page shows it: balances, how long they last, what was spent, how it is filled up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from exchange.flows.charges import payments_of
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.model.party import Buyer, Contract, State
from exchange.stages.burn import Idle, Line, Spent
from exchange.stages.forecast import WEEKS, Forecast, forecast
from exchange.stages.pace import HOUR_MS
from exchange.stages.schedule import NEVER
from exchange.storage.auto_top_ups import AutoRow, read_auto
from exchange.storage.charges import ChargeRow, MethodRow, charges_of, read_method
from exchange.storage.ledger import Balance, balances_of
from exchange.storage.spend import HourSpent, spent_by_hour

DAY_MS = 86_400_000
DAYS_SHOWN = 14
CHARGES_SHOWN = 10


class DaySpent(NamedTuple):
    """What one contract bought on one local day (`2026-11-20`)."""

    day: str
    contract_id: str
    contract: str
    leads: int
    money: Money


class Account(NamedTuple):
    """`balances` are all of the buyer's accounts in all currencies; `available` and the rest are of the one it buys
    from. `provider` is the name of who takes cards, empty when nobody does."""

    buyer: Buyer
    balances: tuple[Balance, ...]
    available: Money
    forecast: Forecast | None
    days: tuple[DaySpent, ...]
    auto: AutoRow | None
    method: MethodRow | None
    charges: tuple[ChargeRow, ...]
    provider: str


async def account_view(market: Market, actor: Actor, buyer: Buyer) -> Account:
    db = market.db
    balances = await db.read(balances_of, actor, f"buyer:{buyer.id}")
    hours = await spent_lately(market, actor, buyer)
    available = spendable(balances, buyer)
    ready = payments_of(market)
    return Account(
        buyer,
        tuple(balances),
        available,
        forecast_of(market, buyer, hours, available),
        days_of(market, buyer, hours),
        await db.read(read_auto, buyer.id),
        await db.read(read_method, buyer.id),
        tuple(await db.read(charges_of, buyer.id, CHARGES_SHOWN)),
        ready.provider.title if ready is not None else "",
    )


async def spent_lately(market: Market, actor: Actor, buyer: Buyer) -> list[HourSpent]:
    now = market.clock.now()
    since, fine = now - WEEKS * 7 * DAY_MS, now - now % HOUR_MS - HOUR_MS
    return await market.db.read(spent_by_hour, actor, buyer.id, buyer.limit.currency, since, fine)


def forecast_of(market: Market, buyer: Buyer, hours: Sequence[HourSpent], available: Money) -> Forecast | None:
    now, zone = market.clock.now(), buyer.terms.zone or market.zone
    return forecast(_lines(market, buyer, hours), available.units, zone, now)


def _lines(market: Market, buyer: Buyer, hours: Sequence[HourSpent]) -> list[Line]:
    """What the buyer bought: by each contract that something limits, and by all others together."""
    now = market.clock.now()
    used, spent = market.live.cap_use(now), defaultdict[str, list[Spent]](list)
    for each in hours:
        contract = market.deals.contracts.get(each.contract_id)
        name = each.contract_id if contract is None or _is_limited(buyer, contract, now) else ""
        spent[name].append(Spent(each.hour, each.leads, each.units))
    lines = [Line(_by_hour(spent.pop("")))] if "" in spent else []
    for name, found in sorted(spent.items()):
        contract = market.deals.contracts.get(name)
        lines.append(Line(_by_hour(found), contract, used, _idle(buyer, contract, now)))
    return lines


def _by_hour(spent: Sequence[Spent]) -> list[Spent]:
    sums: dict[int, tuple[int, int]] = {}
    for each in spent:
        leads, units = sums.get(each.hour, (0, 0))
        sums[each.hour] = (leads + each.leads, units + each.units)
    return [Spent(hour, *found) for hour, found in sorted(sums.items())]


def _is_limited(buyer: Buyer, contract: Contract, now: int) -> bool:
    return bool(contract.caps or contract.budget or contract.hours) or _idle(buyer, contract, now) is not None


def _idle(buyer: Buyer, contract: Contract | None, now: int) -> Idle | None:
    """The pause that keeps a contract from buying now: its own or its buyer's, whichever is over last."""
    if contract is None:
        return Idle(now, NEVER)
    found = [Idle(now, buyer.away_until)] if buyer.away_until is not None and buyer.away_until > now else []
    for party in (buyer, contract):
        if party.state is State.ACTIVE or (party.pause is not None and party.pause.over(now)):
            continue
        pause = party.pause
        until = pause.until if pause is not None and pause.until is not None else NEVER
        found.append(Idle(pause.since if pause is not None else now, until))
    if not found:
        return None
    return Idle(min(each.since for each in found), max(each.until for each in found))


def days_of(market: Market, buyer: Buyer, hours: Sequence[HourSpent]) -> tuple[DaySpent, ...]:
    """The last days, the newest first, each contract by itself."""
    zone = ZoneInfo(buyer.terms.zone or market.zone)
    begin = market.clock.now() - DAYS_SHOWN * DAY_MS
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for each in hours:
        if each.hour >= begin:
            key = (f"{datetime.fromtimestamp(each.hour // 1000, zone):%Y-%m-%d}", each.contract_id)
            leads, units = sums.get(key, (0, 0))
            sums[key] = (leads + each.leads, units + each.units)
    currency, contracts = buyer.limit.currency, market.deals.contracts
    return tuple(
        DaySpent(day, name, contracts[name].name if name in contracts else name, leads, Money(units, currency))
        for (day, name), (leads, units) in sorted(sums.items(), key=lambda pair: (pair[0][0], pair[0][1]), reverse=True)
    )


def spendable(balances: Sequence[Balance], buyer: Buyer) -> Money:
    """What a buyer has for leads: of the account it buys from, in the currency it buys in."""
    own = [each for each in balances if each.account == buyer.account and each.posted.currency == buyer.limit.currency]
    return own[0].available if own else Money.zero(buyer.limit.currency)
