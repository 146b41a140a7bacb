"""Letters about money that needs somebody: an invoice is overdue, a balance is low. Each goes once."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.flows.account import forecast_of, spent_lately
from exchange.flows.letters import letter
from exchange.flows.market import Market
from exchange.flows.payments import account_standings
from exchange.model.actor import SYSTEM, Role
from exchange.model.money import Money
from exchange.model.party import Buyer, State
from exchange.stages.forecast import Forecast, in_words
from exchange.stages.reasons import show_money
from exchange.stages.standing import Standing
from exchange.stages.standing import State as BillState
from exchange.storage.alerts import open_alerts
from exchange.storage.ledger import last_payments
from exchange.storage.letters import post_once, sent_before
from exchange.storage.statement_lists import invoiced_accounts

LOW_HOURS = 24
_BUYERS = 1_000


async def remind_overdue(market: Market) -> int:
    """Tell buyers and operators of invoices that should have been paid. Returns of how many."""
    late: list[Standing] = []
    for account, currency in await market.db.read(invoiced_accounts, SYSTEM):
        found = await account_standings(market, SYSTEM, account, currency)
        late += [each for each in found.values() if each.state is BillState.OVERDUE]
    names = [f"overdue:{each.statement.number}" for each in late]
    before: frozenset[str] = frozenset()
    for start in range(0, len(names), 200):
        before |= await market.db.read(sent_before, names[start : start + 200])
    told = 0
    for name, each in zip(names, late, strict=True):
        if name not in before:
            told += await _remind(market, name, each)
    return told


async def _remind(market: Market, name: str, late: Standing) -> bool:
    number, buyer_id = late.statement.number, late.statement.period.account.split(":")[1]
    subject = f"invoice {number} is overdue"
    told = f"Of invoice {number} {show_money(late.open)} is open, and its day has passed."
    jobs = (
        letter(market, Role.BUYER, buyer_id, subject, (told,), f"/buyer/billing/{number}", name, "invoice"),
        letter(market, Role.OPERATOR, None, subject, (f"{late.statement.party.name}: {told}",),
               f"/console/invoices/{number}", name, "invoice"),
    )  # fmt: skip
    return await market.db.write(post_once, name, market.clock.now(), jobs)


async def lasts(market: Market, buyer: Buyer, available: Money) -> Forecast | None:
    """How many leads and hours what a buyer has left is good for."""
    return forecast_of(market, buyer, await spent_lately(market, SYSTEM, buyer), available)


async def warn_low(market: Market) -> int:
    """Tell buyers whose money lasts less than a day, or not for another lead, and the operators: once after each
    payment. Returns how many were told."""
    buyers = [each for each in market.deals.buyers.values() if each.state is State.ACTIVE and _buys(market, each)]
    paid = await market.db.read(last_payments, [each.account for each in buyers]) if buyers else {}
    names = {each.id: f"low:{each.id}:{paid.get(each.account, '')}" for each in buyers}
    before = await market.db.read(sent_before, sorted(names.values())[:_BUYERS])
    alerted = {each.cause for each in await market.db.read(open_alerts)}  # whose people were told so already
    told = 0
    for buyer in buyers[:_BUYERS]:
        available = market.live.available.get(buyer.id)
        if available is None or names[buyer.id] in before or f"balance:{buyer.id}" in alerted:
            continue
        found = await lasts(market, buyer, available)
        if found is not None and found.hours is not None and found.hours < LOW_HOURS:
            told += await _warn(market, buyer, available, found, names[buyer.id])
    return told


def _buys(market: Market, buyer: Buyer) -> bool:
    contracts = market.deals.contracts.values()
    return any(each.buyer_id == buyer.id and each.state is State.ACTIVE for each in contracts)


async def _warn(market: Market, buyer: Buyer, available: Money, found: Forecast, name: str) -> bool:
    leads = f"{found.leads} lead{'' if found.leads == 1 else 's'}"
    told = f"{buyer.name} has {show_money(available)} left: {leads}, {in_words(found.hours)}, at the pace of late."
    what = "When it is spent, its contracts are left out of auctions. Top up, or let the account fill itself up."
    paths: Sequence[tuple[Role, str | None, str]] = (
        (Role.BUYER, buyer.id, "/buyer/billing#top-up"),
        (Role.OPERATOR, None, f"/console/billing/{buyer.id}"),
    )
    jobs = [
        letter(market, role, party, "a balance is low", (told, what), path, name, "balance.low")
        for role, party, path in paths
    ]
    return await market.db.write(post_once, name, market.clock.now(), jobs)
