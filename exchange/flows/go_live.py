"""A contract goes live: only when its connection has shown that it reads a yes and a no, and with a cap at first."""

from __future__ import annotations

from dataclasses import replace

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market, refresh
from exchange.flows.samples import readiness
from exchange.model.actor import Actor
from exchange.model.lead import Mode
from exchange.model.ledger import deposit_account
from exchange.model.money import Money
from exchange.model.party import Buyer, Cap, Contract, State, Window
from exchange.stages.reasons import show_money
from exchange.storage.by_hand import change_contract
from exchange.storage.ledger import balance_in


class NotReady(Exception):
    """It stays as it is. `missing` says what has to happen first."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(" ".join(missing))
        self.missing = missing


async def go_live(market: Market, contract_id: str, per_day: int, actor: Actor) -> int:
    """Make a contract active, with at most `per_day` sales a day (0 leaves its caps as they are). Returns the version.

    Raises `NotReady`, and `LookupError` when there is no such contract.
    """
    contract = market.deals.contracts[contract_id]
    if missing := await missing_for(market, contract):
        raise NotReady(missing)
    caps = contract.caps
    if per_day:
        others = tuple(cap for cap in caps if (cap.window, cap.unit, cap.weekdays) != (Window.DAY, "count", ()))
        caps = (*others, Cap(Window.DAY, "count", per_day))
    now = market.clock.now()
    line = audit_line(
        market.ids,
        now,
        actor,
        "contract.live",
        f"contract:{contract_id}",
        before={"state": contract.state.value},
        after={"state": "active", "per_day": str(per_day)},
    )
    changed = replace(contract, state=State.ACTIVE, mode=Mode.LIVE, caps=caps, paused_reason="")
    version = await market.db.write(change_contract, changed, now, line)
    await refresh(market)
    return version


async def missing_for(market: Market, contract: Contract) -> tuple[str, ...]:
    """What has to happen before a contract may buy, one sentence each."""
    ready = await readiness(market, contract.connection)
    if not ready.ready:
        return ready.missing
    told = await _security_missing(market, market.deals.buyers[contract.buyer_id])
    return (told,) if told else ()


async def _security_missing(market: Market, buyer: Buyer) -> str:
    """What still has to be paid in as a security; empty when none is asked for, or it is there."""
    wanted = Money(buyer.terms.security_units, buyer.limit.currency)
    if not wanted.units:
        return ""
    there = (await market.db.read(balance_in, deposit_account(buyer.id), wanted.currency)).posted
    if wanted <= there:
        return ""
    return f"{buyer.name} has to pay in a security of {show_money(wanted)} first: {show_money(there)} is there."
