"""How much of what a buyer may give back it has used, by contract: of this period, and of the last one."""

from __future__ import annotations

from typing import NamedTuple

from exchange.flows.market import Market
from exchange.flows.return_terms import allowance_at
from exchange.model.party import Contract, State
from exchange.stages.returns.terms import Allowance, period_at


class ContractUse(NamedTuple):
    """`before` is the period before, while leads of it may still be given back."""

    contract: Contract
    now: Allowance
    before: Allowance | None


async def allowances(market: Market, buyer_id: str, mode: str) -> list[ContractUse]:
    """Of every contract of the buyer, by name."""
    now = market.clock.now()
    found = []
    contracts = [each for each in market.deals.contracts.values() if each.buyer_id == buyer_id]
    for contract in sorted(contracts, key=lambda each: (each.name, each.id)):
        if contract.state is State.DELETED:
            continue
        begins, _ = period_at(contract, now)
        use = await allowance_at(market, contract, mode, now)
        before = None
        if now - contract.return_days * 86_400_000 < begins:
            before = await allowance_at(market, contract, mode, begins - 1)
        found.append(ContractUse(contract, use, before if before is not None and before.bought else None))
    return found
